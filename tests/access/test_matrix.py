"""Who gets what at which address: everyone × own, foreign and forged ids × every method (RULES.md §3, §7).

The table is ROWS. An address that has none fails: whoever adds an address says who may have it.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dossiers.models import Dossier
from invoices.models import Deposit, Handover
from invoices.transmission import transmit_due
from outbox.models import Mail
from roles.accounts.tokens import INVITATION, PASSWORD_LINK, uid_of
from roles.enums import Role
from roles.models import User
from tests.access.world import (
    ASSOCIATED,
    COMPANY_DEPOSITS,
    DEPOSITS,
    EVERYONE,
    LOGGED_IN,
    LOOKS,
    NOBODY,
    PROVIDER_DEPOSITS,
    SEES,
    STAFF,
    WAIT,
    Things,
    World,
    make_deposit_and_draft,
)
from tests.answers import sent
from tests.factories import DossierFactory, ImportFactory, UserFactory, person_with
from tests.roles.test_login import ADDRESSES

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

READ = {"GET", "HEAD"}


@dataclass(frozen=True)
class Row:
    """Of one address: what it names, and who gets which answer to GET and HEAD, and to POST.

    Whoever is not named gets `missing` where the address names a thing, 200 otherwise. NOBODY is asked to log in unless
    the row is `public`. Without `post` a POST is answered 405, whoever sends it. `shown_in_associated`: the thing shows
    in associated dossiers once its deposit is transmitted.
    """

    names: str = ""
    get: dict[int | str, set[str]] = field(default_factory=dict)
    post: dict[int | str, set[str]] | None = None
    public: bool = False
    missing: int = 404
    shown_in_associated: bool = False


DOSSIER = {200: SEES}
LINK = {302: EVERYONE}  # on to the page without the secret in its address
BEGUN = {200: {"enrolling"}, 302: LOGGED_IN}
PROTECTED = {200: {"with a second factor"}, 302: LOGGED_IN}
CODE = {200: {"with a second factor", *WAIT}, 302: EVERYONE}
READY = 200 if os.environ.get("REDIS_URL") else 503
OTHERS = LOGGED_IN - SEES

ROWS = {
    # For anyone
    "login": Row(get={200: NOBODY, 302: LOGGED_IN}, post={200: NOBODY, 302: LOGGED_IN}, public=True),
    "logout": Row(get={405: EVERYONE}, post={302: EVERYONE}, public=True),
    "second_factor:code": Row(get=CODE, post=CODE, public=True),
    "second_factor:recovery-code": Row(get=CODE, post=CODE, public=True),
    "proconnect:start": Row(get={302: EVERYONE}, public=True),
    "proconnect:return": Row(get={302: EVERYONE}, public=True),
    "admin-login": Row(get={"log in": NOBODY, 302: STAFF, 403: LOGGED_IN}, public=True),
    "roles:ask-password-link": Row(post={}, public=True),
    "roles:password-link-sent": Row(public=True),
    "personal-data": Row(public=True),
    "accessibility": Row(public=True),
    "verify": Row(public=True),
    "favicon": Row(get={302: EVERYONE}, post={302: EVERYONE}, public=True),
    "health-live": Row(public=True),
    "health-ready": Row(get={READY: EVERYONE}, public=True),
    "metrics": Row(get={404: EVERYONE}, public=True),
    # For whoever is logged in: what they see of the dossiers
    "home": Row(),
    "dossiers:list": Row(),
    "invoices:deposits": Row(),
    "invoices:deposits-csv": Row(),
    "invoices:deposits-xlsx": Row(),
    "invoices:statuses": Row(),
    # For whoever is logged in: of themselves
    "my-data": Row(),
    "roles:account": Row(),
    "roles:change-password": Row(post={}),
    "roles:end-sessions": Row(get={405: LOGGED_IN}, post={302: LOGGED_IN}),
    "view-as:leave": Row(get={405: LOGGED_IN}, post={302: LOGGED_IN}),
    "proconnect:unlink": Row(get={405: LOGGED_IN}, post={302: LOGGED_IN}),
    "second_factor:overview": Row(post={}),
    "second_factor:enrol": Row(get=BEGUN, post=BEGUN),
    "second_factor:qr-code": Row(get={200: {"enrolling"}, 404: LOGGED_IN}),
    "second_factor:renew-codes": Row(get=PROTECTED, post=PROTECTED),
    "second_factor:download-codes": Row(get={405: LOGGED_IN}, post={404: LOGGED_IN}),  # of no codes
    "second_factor:remove": Row(get=PROTECTED, post=PROTECTED),
    # A link in a mail: whoever has it, until it is void
    "roles:choose-password": Row("password_link", LINK, LINK, public=True, missing=410),
    "roles:accept-invitation": Row("invitation", LINK, LINK, public=True, missing=410),
    # A dossier
    "dossiers:detail": Row("numero", DOSSIER),
    "invoices:documents": Row("numero", DOSSIER),
    "invoices:start": Row("numero", {302: DEPOSITS, 403: LOOKS}),
    "invoices:add-document": Row("numero", {302: SEES}, {200: DEPOSITS, 403: LOOKS}),
    # A deposit
    "invoices:receipt": Row("depot", DOSSIER, shown_in_associated=True),
    "invoices:receipt-pdf": Row("depot", DOSSIER, shown_in_associated=True),
    "invoices:receipt-by-reference": Row("reference", {302: SEES}, shown_in_associated=True),
    "invoices:deposit-zip": Row("depot", DOSSIER, shown_in_associated=True),
    "invoices:cancel": Row("depot", {302: SEES}, {302: PROVIDER_DEPOSITS, 403: LOOKS | COMPANY_DEPOSITS}),
    # A document of a deposit
    "invoices:document": Row("document", DOSSIER, shown_in_associated=True),
    "invoices:preview": Row("document", DOSSIER, shown_in_associated=True),
    "invoices:thumbnail": Row("document", DOSSIER, shown_in_associated=True),
    "invoices:page-picture": Row("document", DOSSIER, shown_in_associated=True),
    # A draft: its owner alone. 400: a form of nothing.
    "invoices:step": Row("draft", {200: {"depositor"}}, {400: {"depositor"}}),
    "invoices:associable": Row("draft", {404: EVERYONE}),  # see test_what_is_found_is_for_the_drafts_owner
    "invoices:delete-draft": Row("draft", {302: {"depositor"}}, {302: {"depositor"}}),
}
OF_A_THING = sorted(name for name, row in ROWS.items() if row.names)
OF_A_LINK = sorted(name for name, row in ROWS.items() if row.missing == 410)
OF_A_DOCUMENT = sorted(name for name, row in ROWS.items() if row.names == "document")


def test_every_address_has_its_row():
    assert set(ROWS) == set(ADDRESSES)


# --- Asking ---------------------------------------------------------------------------------------------------------


def own(world: World) -> Things:
    """What the dossier has."""
    deposit, person = world.deposit, world.people["without a role"]
    return Things(
        *(world.dossier.number, deposit.pk, deposit.reference, world.document.pk, world.draft.pk),
        *(uid_of(person), INVITATION.make_token(person), PASSWORD_LINK.make_token(person)),
    )


def foreign() -> Things:
    """The same, of a dossier of others."""
    dossier = DossierFactory(product="CPRO")
    deposit, draft = make_deposit_and_draft(dossier, person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider))
    ids = (dossier.number, deposit.pk, deposit.reference, deposit.documents.first().pk, draft.pk)
    return Things(*ids, uidb64=uid_of(deposit.depositor), **OTHER_SECRETS)


STRANGER = User(pk=999_999_999, email="inconnu@essai.example")
# Signed by the portal, and none of the person's whom the address names.
OTHER_SECRETS = {"invitation": INVITATION.make_token(STRANGER), "password_link": PASSWORD_LINK.make_token(STRANGER)}
FORGED = Things(
    *("CPRO-2026-999999", UUID(int=1), "DEP-0000-0000-0000-0000", UUID(int=2), UUID(int=3)),
    uidb64=uid_of(STRANGER),
    **OTHER_SECRETS,
)


def path_of(name: str, things: Things, document: UUID | None = None) -> str:
    """The address of a row for these things."""
    row, values = ROWS[name], {}
    if row.names == "draft":
        values["depot"] = things.draft
    elif row.missing == 410:
        values |= {"uidb64": things.uidb64, "token": getattr(things, row.names)}
    elif row.names:
        values[row.names] = getattr(things, row.names)
    if document:
        values["document"] = document
    values |= {"invoices:step": {"etape": "facture"}, "invoices:page-picture": {"number": 1}}.get(name, {})
    return reverse(name, kwargs=values)


def ask(browser: Client, method: str, path: str) -> HttpResponse:
    """One request, after which everything is as it was."""
    with transaction.atomic():
        answer = sent(browser.generic(method, path))
        transaction.set_rollback(True)
    return answer


def expected(name: str, person: str, method: str, more: set[str] = frozenset()) -> int | str:
    """What the row says; « log in » for the way to the log-in page. `more`: people who see the thing by now."""
    row = ROWS[name]
    if person in NOBODY and not row.public:
        return "log in"
    if method == "POST" and row.post is None:
        return 405
    answers = row.get if method in READ else row.post
    if person in more:
        person = "CONSULTATION_ENTREPRISE"
    return next((status for status, people in answers.items() if person in people), row.missing if row.names else 200)


def told(answer: HttpResponse) -> int | str:
    """The status; « log in » for a redirection there."""
    to_log_in = answer.status_code == 302 and answer["Location"].startswith("/connexion/?next=")
    return "log in" if to_log_in else answer.status_code


def gives_a_reason(answer: HttpResponse) -> bool:
    return 'class="notice notice--warning"' in answer.content.decode()


# --- The matrix -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ROWS))
def test_everyone_gets_what_the_row_says(world, name):
    path = path_of(name, own(world))
    for person, browser in world.browsers.items():
        for method in ("GET", "HEAD", "POST"):
            answer = ask(browser, method, path)
            assert told(answer) == expected(name, person, method), (person, method)
            if answer.status_code == 403 and method != "HEAD":
                assert gives_a_reason(answer), (person, method)


@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if row.shown_in_associated))
def test_an_associated_dossier_shows_a_deposit_once_it_is_transmitted_and_not_before(world, name):
    path = path_of(name, own(world))
    for person in ASSOCIATED:
        for method in ("GET", "HEAD"):
            assert told(ask(world.browsers[person], method, path)) == 404, (person, method)
    Deposit.objects.update(transmit_at=world.deposit.submitted_at)
    assert transmit_due() == 1
    for person, browser in world.browsers.items():
        for method in ("GET", "HEAD"):
            answer = ask(browser, method, path)
            assert told(answer) == expected(name, person, method, ASSOCIATED), (person, method)


@pytest.mark.parametrize("name", OF_A_DOCUMENT)
def test_a_document_of_a_draft_is_its_owners_alone(world, name):
    path = path_of(name, own(world), document=world.page.pk)
    for person, browser in world.browsers.items():
        answer = told(ask(browser, "GET", path))
        assert answer == ("log in" if person in NOBODY else 200 if person == "depositor" else 404), person


def test_what_is_found_is_for_the_drafts_owner(world):
    """Of a start of which nothing was saved there is nothing to find, for its owner either."""
    path = path_of("invoices:associable", own(world))
    world.browsers["depositor"].post(
        f"/depots/{world.draft.pk}/facture/",
        {f"depot-{world.draft.pk}-current_step": "facture", "facture-covers_tuition": "non"},
    )
    for person, browser in world.browsers.items():
        answer = told(ask(browser, "GET", path))
        assert answer == ("log in" if person in NOBODY else 200 if person == "depositor" else 404), person


# --- Not yours, and not there ---------------------------------------------------------------------------------------

SOME = ("depositor", "ADMIN_ETABLISSEMENT", "CONSULTATION_PRESTATAIRE", "superuser", "anonymous")
OF_ONE_ANSWER = {"X-Request-ID", "Expires"}  # `Expires` of what no cache keeps is the second of the request


def plain(answer: HttpResponse, path: str) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what no two answers have in common, and without the address itself."""
    content = re.sub(rb'(name="csrfmiddlewaretoken" value=)"[^"]*"', rb"\1", answer.content).replace(path.encode(), b"")
    headers = {name: value.replace(path, "") for name, value in answer.headers.items() if name not in OF_ONE_ANSWER}
    return answer.status_code, content, headers


@pytest.mark.parametrize("name", OF_A_THING)
def test_not_yours_and_not_there_are_one_answer_of_one_cost(world, name):
    there, nowhere = path_of(name, foreign()), path_of(name, FORGED)
    for person in SOME:
        browser = world.browsers[person]
        ask(browser, "GET", nowhere)
        for method in ("GET", "HEAD", "POST"):
            answers, queries = [], []
            for path in (there, nowhere):
                with CaptureQueriesContext(connection) as captured:
                    answers.append(plain(ask(browser, method, path), path))
                queries.append(len(captured))
            assert answers[0] == answers[1], (person, method)
            assert queries[0] == queries[1], (person, method)
            if person != "anonymous" or ROWS[name].public:
                assert answers[0][0] in (ROWS[name].missing, 405), (person, method)


TRIES = 9


@pytest.mark.parametrize("name", OF_A_THING)
def test_and_of_one_duration(world, name):
    """In turn, so that both meet the same machine. Twice as long would tell of work that only one of them makes."""
    browser, paths = world.browsers["depositor"], (path_of(name, foreign()), path_of(name, FORGED))
    seconds: dict[str, list[float]] = {path: [] for path in paths}
    for _ in range(TRIES):
        for path in paths:
            began = time.perf_counter()
            ask(browser, "GET", path)
            seconds[path].append(time.perf_counter() - began)
    there, nowhere = (median(seconds[path]) for path in paths)
    assert 0.5 < there / nowhere < 2


MALFORMED = ["1", "0", "-1", "None", "%00", "..", "%2e%2e", "'", "a" * 300, "00000000-0000-0000-0000-00000000000g"]


@pytest.mark.parametrize("name", OF_A_THING)
def test_what_cannot_be_an_id_is_not_found(world, name):
    things = own(world)
    path = path_of(name, things)
    value = str(getattr(things, ROWS[name].names))
    for malformed in MALFORMED:
        for person in ("depositor", "superuser"):
            answer = ask(world.browsers[person], "GET", path.replace(value, malformed))
            assert answer.status_code in (ROWS[name].missing, 404), (person, malformed)


@pytest.mark.parametrize("name", OF_A_LINK)
def test_the_page_that_a_link_leads_to_is_for_the_browser_that_opened_it(world, name):
    path = path_of(name, own(world))
    page = Client().get(path).url
    for person, browser in world.browsers.items():
        for method in ("GET", "POST"):
            assert ask(browser, method, page).status_code == 410, (person, method)
        assert browser.get(path).url == page, person
        assert ask(browser, "GET", page).status_code == 200, person
        of_another = page.replace(own(world).uidb64, uid_of(world.people["depositor"]))
        assert ask(browser, "GET", of_another).status_code == 410, person


NO_PERSON = ["-", "%00", "..", "é", "a" * 300, "____", "MQ%3D%3D", uid_of(User(pk="9" * 400)), uid_of(User(pk="1\x00"))]


@pytest.mark.parametrize("name", OF_A_LINK)
def test_a_link_of_what_cannot_be_a_person_is_void(world, name):
    things = own(world)
    for nobody in NO_PERSON:
        path = path_of(name, things).replace(things.uidb64, nobody)
        assert ask(world.browsers["anonymous"], "GET", path).status_code == 410, nobody


# --- The back office ------------------------------------------------------------------------------------------------

# What a member of the staff without any permission may open.
FOR_ALL_STAFF = {"index", "password_change", "password_change_done", "jsi18n"}
# Not pages of a model: tested below, by name.
APART = {"login", "logout", "autocomplete", "view_on_site", "app_list", None} | {
    # tests/exchange/test_admin.py
    *("exchange_import_confirm", "exchange_import_abandon", "exchange_import_report", "exchange_export"),
}
# tests/roles/view_as/ says who may.
OF_ACCOUNTS = {"roles_user_view_as"}
VIEWS = ("changelist", "add", "history", "delete", "change")
# What is done with one thing, and a document's reading: tested in test_back_office.py.
OF_A_DEPOSIT = {"invoices_deposit_relancer", "invoices_deposit_annuler", "invoices_deposit_telecharger"}
OF_A_FILE = {f"invoices_document_{view}" for view in ("preview", "thumbnail", "page", "download")}
# What each permission opens of a model's pages.
OPENED_BY = {"view": {"changelist", "history", "change"}, "add": {"add"}, "delete": {"delete"}}


def admin_addresses() -> Iterator[URLPattern]:
    """Every address of the back office."""
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and resolver.namespace == "admin":
            for pattern in resolver.url_patterns:
                yield from pattern.url_patterns if isinstance(pattern, URLResolver) else [pattern]


MODELS = {f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry}


def test_every_address_of_the_back_office_is_known():
    of_models = {f"{model}_{view}" for model in MODELS for view in VIEWS}
    assert {
        pattern.name for pattern in admin_addresses()
    } == of_models | FOR_ALL_STAFF | APART | OF_A_DEPOSIT | OF_A_FILE | OF_ACCOUNTS


def member(**permissions: str) -> Client:
    """A member of the staff who has these permissions on a model: « view », « add »… = « app.model »."""
    person, client = UserFactory(is_staff=True), Client()
    for action, model in permissions.items():
        app, name = model.split(".")
        person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=f"{action}_{name}"))
    client.force_login(person)
    return client


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_models_pages_are_for_the_staff_who_have_its_permission(world, model):
    Group.objects.create(name="Groupe")
    assert Mail.objects.exists()
    label = MODELS[model]._meta.label_lower
    other = "auth.group" if label != "auth.group" else "roles.company"
    row = MODELS[model]._default_manager.first()
    if model == "exchange_import":
        row = ImportFactory()
    if model == "invoices_handover":
        row = Handover.objects.create(deposit=world.deposit)
    if row is None:  # the trail, and the failed log-ins: something that they tell of
        sent(world.browsers["depositor"].get(f"/documents/{world.document.pk}/"))
        Client().post("/connexion/", {"username": "camille@essai.example", "password": "faux"})
        row = MODELS[model]._default_manager.first()
    staff = {"none": member(), "another model": member(view=other, add=other, change=other, delete=other)}
    there = [action for action in OPENED_BY if action in MODELS[model]._meta.default_permissions]
    staff |= {action: member(**{action: label}) for action in there}
    for view in VIEWS:
        path = reverse(f"admin:{model}_{view}", args=() if view in ("changelist", "add") else (row.pk,))
        for person, browser in world.browsers.items():
            if person not in ("staff", "superuser"):
                for method in ("GET", "POST"):
                    answer = ask(browser, method, path)
                    assert answer.status_code == 302, (person, view)
                    assert "next=/admin/" in answer["Location"], (person, view)
        for permission, browser in staff.items():
            opened = view in OPENED_BY.get(permission, ())
            status = ask(browser, "GET", path).status_code
            assert status in ((200, 403) if opened and permission != "view" else (200,) if opened else (403,)), (
                permission,
                view,
            )
            if not opened:
                assert ask(browser, "POST", path).status_code == 403, (permission, view)
        superuser = ask(world.browsers["superuser"], "GET", path).status_code
        assert superuser in ((200,) if view in OPENED_BY["view"] else (200, 403)), view


@pytest.mark.parametrize("model", sorted(MODELS))
def test_who_may_only_look_at_a_models_rows_does_nothing_to_them(rf, model):
    request = rf.get("/")
    request.user = UserFactory(is_staff=True)
    label, name = MODELS[model]._meta.app_label, MODELS[model]._meta.model_name
    request.user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=f"view_{name}"))
    assert admin.site.get_model_admin(MODELS[model]).get_actions(request) == {}


@pytest.mark.parametrize("path", ["", "password_change/", "password_change/done/", "jsi18n/"])
def test_the_rest_of_the_back_office_is_for_the_staff(world, path):
    for person, browser in world.browsers.items():
        answer = ask(browser, "GET", f"/admin/{path}")
        if person in ("staff", "superuser"):
            elsewhere = "/compte/mot-de-passe/" if path == "password_change/" else None
            assert answer.status_code == (302 if elsewhere else 200), person
            assert answer.get("Location") == elsewhere, person
        else:
            assert answer.status_code == 302, person
            assert "next=/admin/" in answer["Location"], person


def test_and_so_are_its_further_addresses(world):
    user = world.people["depositor"].pk
    asked = {
        "autocomplete/?app_label=roles&model_name=roleassignment&field_name=user&term=a": (302, 403, 200),
        f"roles/user/{user}/password/": (302, 302, 302),  # an account of that id: Django's own page is not there
        f"roles/user/{user}/password/change/": (302, 403, 302),
        f"r/{ContentType.objects.get_for_model(Dossier).pk}/{world.dossier.pk}/": (302, 404, 302),
        "r/999999/1/": (302, 404, 404),
        "roles/": (302, 404, 200),
        f"roles/user/{user}/": (302, 302, 302),
        "nulle/part/": (302, 404, 404),
    }
    for path, statuses in asked.items():
        for person, status in zip(("depositor", "staff", "superuser"), statuses, strict=True):
            assert ask(world.browsers[person], "GET", f"/admin/{path}").status_code == status, (path, person)


def test_a_deposit_that_is_transmitted_is_cancelled_by_nobody(world):
    Deposit.objects.update(transmit_at=world.deposit.submitted_at - timedelta(0))
    assert transmit_due() == 1
    for browser in world.browsers.values():
        browser.post(path_of("invoices:cancel", own(world)))
    world.deposit.refresh_from_db()
    assert world.deposit.state == "TRANSMITTED"
