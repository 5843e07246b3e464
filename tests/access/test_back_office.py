"""Who gets what in the back office: every address and every action × each group, staff of none, and others.

Each group may what the one before it may, so a row names the first that may. An address without a row fails.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import reverse

from invoices.models import Deposit, Handover
from outbox.models import Mail
from portal.groups import ADMINISTRATOR, CLERK, SUPERVISOR
from roles.models import FailedLogIn, User
from tests.access.test_matrix import (
    APART,
    FOR_ALL_STAFF,
    OF_A_DEPOSIT,
    OF_A_FILE,
    OF_ACCOUNTS,
    VIEWS,
    admin_addresses,
    ask,
)
from tests.access.world import World
from tests.factories import ImportFactory, UserFactory
from tests.groups import staff
from trail.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

SUPERUSER, NOBODY = "superuser", "nobody"
# From the least to the most.
STAFF = ["staff of no group", CLERK, SUPERVISOR, ADMINISTRATOR, SUPERUSER]
OTHERS = ["anonymous", "depositor"]

LOOKED_AT = {"changelist": CLERK, "change": CLERK, "history": CLERK, "add": NOBODY, "delete": NOBODY}
KEPT = {**LOOKED_AT, "add": SUPERVISOR, "delete": SUPERUSER}
# Of each model, who is the first to open each of its pages.
PAGES = {
    "invoices.deposit": LOOKED_AT,
    "invoices.invoice": LOOKED_AT,
    "invoices.document": LOOKED_AT,
    "invoices.draft": LOOKED_AT,
    "invoices.handover": LOOKED_AT,
    # Of the type of the invoice; which others can be deleted, tests/invoices/test_catalogue.py says.
    "invoices.catalogueentry": {**LOOKED_AT, "add": SUPERVISOR},
    "invoices.limits": LOOKED_AT,
    "exchange.import": {**LOOKED_AT, "add": SUPERVISOR},
    "outbox.mail": LOOKED_AT,
    "trail.event": LOOKED_AT,
    "roles.failedlogin": LOOKED_AT,
    "dossiers.dossier": KEPT,
    "roles.company": KEPT,
    "roles.establishment": KEPT,
    "roles.user": {**KEPT, "add": ADMINISTRATOR},
    "roles.roleassignment": {**KEPT, "add": ADMINISTRATOR, "delete": ADMINISTRATOR},
    "auth.group": dict.fromkeys(VIEWS, SUPERUSER),
}
# Who is the first to be offered each action on a list.
ACTIONS = {
    "invoices.deposit": {"relaunch": CLERK, "download": CLERK, "cancel": SUPERVISOR},
    "outbox.mail": {"put_back": CLERK},
    "invoices.handover": {"repeat": CLERK, "abandon": SUPERVISOR},
    "roles.failedlogin": {"unlock": CLERK},
    "dossiers.dossier": {"delete_selected": SUPERUSER},
    "roles.company": {"delete_selected": SUPERUSER},
    "roles.establishment": {"delete_selected": SUPERUSER},
    "roles.roleassignment": {"delete_selected": ADMINISTRATOR},
    "roles.user": {
        "delete_selected": SUPERUSER,
        **dict.fromkeys(("invite", "send_password_link", "end_sessions", "unlock"), CLERK),
        **dict.fromkeys(("remove_second_factor", "unlink_proconnect", "close", "reopen"), ADMINISTRATOR),
    },
    "auth.group": {"delete_selected": SUPERUSER},
}
# Of one deposit, of a document of it: GET by who is the first to.
OF_ONE = {
    "invoices_deposit_relancer": CLERK,
    "invoices_deposit_telecharger": CLERK,
    "invoices_deposit_annuler": SUPERVISOR,
    **dict.fromkeys(OF_A_FILE, CLERK),
}


@pytest.fixture(scope="module")
def furnish() -> Callable[[World], None]:
    """A row of each model, and a browser for each of the staff."""

    def furnished(world: World) -> None:
        Group.objects.get_or_create(name="Groupe")
        FailedLogIn.objects.create(username="camille@essai.example", failures_since_start=1)
        Handover.objects.create(deposit=Deposit.objects.first())
        ImportFactory()
        assert Mail.objects.exists()
        assert Event.objects.exists()
        for name, person in people().items():
            world.people[name], world.browsers[name] = person, Client()
            world.browsers[name].force_login(person)

    return furnished


def people() -> dict[str, User]:
    groups = {name: staff(name) for name in (CLERK, SUPERVISOR, ADMINISTRATOR)}
    return {STAFF[0]: staff(), **groups, SUPERUSER: UserFactory(is_staff=True, is_superuser=True)}


def browsers(world: World) -> dict[str, Client]:
    return {name: world.browsers[name] for name in (*OTHERS, *STAFF)}


def may(who: str, first: str) -> bool:
    return first != NOBODY and who in STAFF and STAFF.index(who) >= STAFF.index(first)


def models() -> dict[str, type]:
    return {model._meta.label_lower: model for model in admin.site._registry}


def test_every_address_has_its_row():
    of_models = {f"{label.replace('.', '_')}_{view}" for label, pages in PAGES.items() for view in pages}
    assert {pattern.name for pattern in admin_addresses()} == of_models | FOR_ALL_STAFF | APART | OF_ACCOUNTS | set(
        OF_ONE
    )
    assert set(OF_ONE) == OF_A_DEPOSIT | OF_A_FILE


@pytest.mark.parametrize("label", sorted(PAGES))
def test_the_pages_of_a_model(world, label):
    row = models()[label]._default_manager.first()
    for who, browser in browsers(world).items():
        for view, first in PAGES[label].items():
            args = () if view in ("changelist", "add") else (row.pk,)
            answer = ask(browser, "GET", reverse(f"admin:{label.replace('.', '_')}_{view}", args=args))
            expected = 302 if who in OTHERS else 200 if may(who, first) else 403
            assert answer.status_code == expected, (who, view)


@pytest.mark.parametrize("label", sorted(PAGES))
def test_the_actions_on_a_list(label):
    for who, person in people().items():
        request = RequestFactory().get("/")
        request.user = person
        offered = set(admin.site.get_model_admin(models()[label]).get_actions(request))
        assert offered == {name for name, first in ACTIONS.get(label, {}).items() if may(who, first)}, who


def address(name: str, deposit: UUID, document: UUID) -> str:
    values = {"document": document} if name in OF_A_FILE else {"deposit": deposit}
    return reverse(f"admin:{name}", kwargs=values | ({"number": 1} if name.endswith("_page") else {}))


@pytest.mark.parametrize("name", sorted(OF_ONE))
def test_what_is_done_with_one_thing(world, name):
    """Who may not is told so; a POST of theirs changes nothing."""
    path = address(name, world.deposit.pk, world.document.pk)
    for who, browser in browsers(world).items():
        for method in ("GET", "POST"):
            answer = ask(browser, method, path)
            if who in OTHERS:
                assert answer.status_code == 302, who
                assert "next=/admin/" in answer["Location"], who
            elif not may(who, OF_ONE[name]):
                assert answer.status_code == (405 if name in OF_A_FILE and method == "POST" else 403), (who, method)
            elif name in OF_A_FILE or method == "GET":
                assert answer.status_code == (200 if method == "GET" else 405), (who, method)
            else:
                assert answer.status_code in (200, 302), (who, method)
    assert Deposit.objects.get(pk=world.deposit.pk).is_pending


@pytest.mark.parametrize("name", sorted(OF_ONE))
def test_what_is_not_there(world, name):
    path = address(name, UUID(int=1), UUID(int=2))
    for who, browser in browsers(world).items():
        status = ask(browser, "GET", path).status_code
        assert status == (302 if who in OTHERS else 404 if may(who, OF_ONE[name]) else 403), who


@pytest.mark.parametrize("name", sorted(OF_A_FILE))
def test_a_document_of_a_draft_is_read_by_nobody_of_the_staff(world, name):
    for who, browser in browsers(world).items():
        status = ask(browser, "GET", address(name, UUID(int=1), world.page.pk)).status_code
        assert status == (302 if who in OTHERS else 404 if may(who, CLERK) else 403), who


def test_who_reads_documents_in_the_back_office_reads_none_in_the_portal(world):
    for who, browser in browsers(world).items():
        if who in STAFF:
            assert ask(browser, "GET", f"/documents/{world.document.pk}/").status_code == 404, who
