"""« Voir comme »: who may, what is shown, that nothing is ever written, and that the trail tells of both."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from dossiers.models import Dossier
from invoices.models import Allowance, Deposit, Document, Draft
from outbox.models import Mail
from portal import retention
from portal.environment import networks
from roles.enums import Role
from roles.models import User
from tests.answers import sent
from tests.factories import DossierFactory, UserFactory, make_deposit, person_with
from tests.roles.test_login import ADDRESSES
from tests.wizard import Wizard
from trail.enums import Action, Result
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

BANNER = "Vous voyez le portail comme"
LEAVE = "/voir-comme/fin/"


def helper(*codenames: str) -> User:
    """A member of the staff with these permissions on accounts."""
    staff = UserFactory(is_staff=True, email=f"staff{User.objects.count()}@opco.example")
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="roles", codename__in=codenames))
    return staff


@pytest.fixture
def dossier() -> Dossier:
    return DossierFactory()


@pytest.fixture
def person(dossier) -> User:
    return person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)


@pytest.fixture
def staff() -> User:
    return helper("view_user", "view_as_user")


def begin(client: Client, person: User):
    return client.post(reverse("admin:roles_user_view_as", args=[person.pk]))


@pytest.fixture
def looking(log_in, staff, person) -> Client:
    """The browser of who sees the portal as the person."""
    client = log_in(staff)
    assert begin(client, person).url == "/dossiers/"
    return client


def test_the_persons_dossiers_and_none_else_are_shown_with_a_banner_and_the_way_back(looking, dossier, person):
    other = DossierFactory()
    page = looking.get("/dossiers/").content.decode()
    assert BANNER in page
    assert person.email in page
    assert dossier.number in page
    assert "Se déconnecter" not in page
    assert looking.get(f"/dossiers/{dossier.number}/").status_code == 200
    assert looking.get(f"/dossiers/{other.number}/").status_code == 404
    for public in ("/accessibilite/", "/verifier/", "/nulle-part/", f"/dossiers/{other.number}/"):
        assert BANNER in looking.get(public).content.decode(), public


def test_then_one_is_oneself_again(looking, staff, person):
    back = looking.post(LEAVE)
    assert back.url == reverse("admin:roles_user_change", args=[person.pk])
    page = looking.get(back.url)
    assert page.status_code == 200
    assert BANNER not in page.content.decode()
    assert looking.session["_auth_user_id"] == str(staff.pk)
    assert looking.post(LEAVE).url == "/"


def test_the_trail_knows_both_of_all_that_is_done(looking, staff, person, dossier):
    deposit = make_deposit(dossier, person)
    document = deposit.documents.first()
    for address in (
        document.get_absolute_url(),
        f"{document.get_absolute_url()}pages/1.webp",
        f"/depots/{deposit.pk}/documents.zip",
        f"/depots/{deposit.pk}/recepisse.pdf",
        "/depots/export.csv",
    ):
        assert sent(looking.get(address)).status_code == 200
    assert looking.get("/dossiers/NULLE-PART/").status_code == 404
    assert looking.post("/compte/deconnexion/").status_code == 403
    looking.post(LEAVE)
    first, *done, last = Event.objects.filter(person_id=staff.pk).order_by("pk").exclude(action=Action.LOG_IN)
    for edge, action in ((first, Action.VIEW_AS), (last, Action.VIEW_AS_END)):
        assert (edge.action, edge.email, edge.subject_label) == (action, staff.email, person.email)
    assert [event.action for event in done] == [
        *(Action.DOWNLOAD, Action.VIEW, Action.DOWNLOAD_ALL, Action.RECEIPT, Action.EXPORT, Action.ACCESS),
        Action.ACCESS,
    ]
    for event in done:
        assert event.email == staff.email
        assert event.details["viewed_as"] == person.email
        assert event.details["viewed_as_id"] == str(person.pk)
    assert (done[-1].result, done[-1].reason) == (Result.REFUSED, "view_as")
    assert not Event.objects.filter(person_id=person.pk, action__in=[event.action for event in done]).exists()


def test_logging_out_ends_it_and_is_done_by_who_looks(looking, staff, person):
    assert looking.post("/deconnexion/").url == "/connexion/"
    assert Event.objects.get(action=Action.VIEW_AS_END).person_id == staff.pk
    assert Event.objects.get(action=Action.LOG_OUT).person_id == staff.pk
    looking.force_login(staff)
    assert BANNER not in looking.get("/dossiers/").content.decode()


# --- Nothing is written ---------------------------------------------------------------------------------------------

REFUSED_GETS = {
    "invoices:start",  # makes a draft
    "my-data",  # all that is kept of a person is theirs to read
    *("roles:change-password", "roles:end-sessions", "roles:choose-password", "roles:accept-invitation"),
    *("roles:ask-password-link", "roles:password-link-sent"),
    # Secrets, and what the session keeps of a log-in
    *("second_factor:code", "second_factor:recovery-code", "second_factor:enrol", "second_factor:qr-code"),
    *("second_factor:renew-codes", "second_factor:download-codes", "second_factor:remove"),
    *("proconnect:start", "proconnect:return", "proconnect:unlink"),
    "admin-login",
}
ALWAYS = {"logout", "view-as:leave"}


def test_every_address_is_decided():
    decided = settings.VIEW_AS_PAGES | settings.VIEW_AS_UNASKED | REFUSED_GETS | ALWAYS
    assert set(ADDRESSES) - decided == set()
    # Pages of parts that are not switched on here are named all the same.
    assert settings.VIEW_AS_PAGES - set(ADDRESSES) == set()
    assert not settings.VIEW_AS_PAGES & REFUSED_GETS


def of_all() -> tuple:
    """All the rows that a person's request might write, as they are."""
    models = (User, Dossier, Draft, Deposit, Document, Allowance, Mail)
    return tuple(list(model._default_manager.order_by("pk").values()) for model in models)


@pytest.mark.parametrize("name", sorted(set(ADDRESSES) - ALWAYS))
def test_no_address_writes_whatever_the_method(looking, person, dossier, name):
    deposit = make_deposit(dossier, person)
    own = {
        "numero": dossier.number,
        "depot": deposit.pk,
        "document": deposit.documents.first().pk,
        "reference": deposit.reference,
        "etape": "facture",
        "number": 1,
    }
    match = resolve(ADDRESSES[name])
    path = reverse(name, kwargs={key: own.get(key, value) for key, value in match.kwargs.items()})
    before, sessions = of_all(), Session.objects.count()
    for method in ("get", "head", "post"):
        answer = sent(getattr(looking, method)(path))
        if name in settings.VIEW_AS_UNASKED:
            continue
        if method == "post":
            assert answer.status_code == 403, name
            assert "rien n’a été changé" in answer.content.decode()
        elif name in REFUSED_GETS:
            assert answer.status_code == 403, (name, method)
        else:
            assert answer.status_code in (200, 302, 404, 405), (name, method)
    assert of_all() == before
    assert Session.objects.count() == sessions


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_and_no_other_method_either(looking, method):
    assert getattr(looking, method)("/dossiers/").status_code in (403, 405)


def test_a_draft_is_read_at_its_steps_and_stays_as_it_is(log_in, wizard, staff, person, dossier):
    started: Wizard = wizard(person, dossier)
    started.facture("non")
    client = log_in(staff)
    begin(client, person)
    before = of_all()
    page = client.get(f"/depots/{started.depot}/details/").content.decode()
    assert BANNER in page
    assert client.post(f"/depots/{started.depot}/details/", {"garder": "1"}).status_code == 403
    assert client.post(f"/depots/{started.depot}/supprimer/").status_code == 403
    assert of_all() == before


def test_the_back_office_is_closed_meanwhile(looking):
    closed = ("/admin/", "/admin/roles/user/", "/admin/roles/user/1/change/")
    for path in (*closed, "/admin/login/"):
        page = looking.get(path)
        assert page.status_code == 403
        assert ("le back-office est fermé" in page.content.decode()) is (path in closed)
        assert BANNER in page.content.decode()


def test_the_persons_own_sessions_log_ins_and_failures_know_nothing_of_it(client, log_in, staff, person):
    theirs = log_in(person)
    client.post("/connexion/", {"username": person.email, "password": "faux"})
    person.refresh_from_db()
    before = (User.objects.filter(pk=person.pk).values().get(), dict(theirs.session))
    looking = log_in(staff)
    begin(looking, person)
    looking.get("/")
    looking.post(LEAVE)
    assert (User.objects.filter(pk=person.pk).values().get(), dict(theirs.session)) == before
    assert theirs.get("/dossiers/").status_code == 200


# --- Who may, and for how long --------------------------------------------------------------------------------------


def test_the_permission_is_asked_for(log_in, person):
    client = log_in(helper("view_user", "change_user", "help_user"))
    page = client.get(reverse("admin:roles_user_change", args=[person.pk])).content.decode()
    assert "Voir comme" not in page
    assert begin(client, person).status_code == 403
    assert BANNER not in client.get("/dossiers/").content.decode()


def test_it_is_a_post(log_in, staff, person):
    client = log_in(staff)
    assert "Voir comme" in client.get(reverse("admin:roles_user_change", args=[person.pk])).content.decode()
    assert client.get(reverse("admin:roles_user_view_as", args=[person.pk])).status_code == 405


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"is_staff": True}, "personne ne voit le portail à sa place"),
        ({"is_superuser": True}, "personne ne voit le portail à sa place"),
        ({"is_active": False}, "Ce compte est désactivé."),
    ],
)
def test_not_as_staff_nor_as_an_account_that_is_closed(log_in, staff, fields, sentence):
    client, other = log_in(staff), UserFactory(**fields)
    refused = client.post(reverse("admin:roles_user_view_as", args=[other.pk]), follow=True)
    assert sentence in refused.content.decode()
    assert "view_as" not in client.session
    assert not Event.objects.filter(action=Action.VIEW_AS).exists()


def test_nor_as_oneself_nor_as_nobody(log_in, staff):
    client = log_in(staff)
    own = client.post(reverse("admin:roles_user_view_as", args=[staff.pk]), follow=True)
    assert "C’est votre propre compte." in own.content.decode()
    for nobody in ("999999", "x"):
        assert client.post(f"/admin/roles/user/{nobody}/voir-comme/").status_code == 404


def test_a_depositor_and_nobody_are_led_to_the_log_in(client, log_in, person):
    for browser in (client, log_in(UserFactory())):
        assert begin(browser, person).url.startswith(("/admin/login/", "/connexion/"))


def test_a_second_factor_is_asked_of_who_looks_as_ever(settings, log_in, staff, person):
    settings.STAFF_SECOND_FACTOR = True
    client = log_in(staff)
    assert begin(client, person).url.startswith("/compte/double-authentification/")
    assert "view_as" not in client.session


def over(looking: Client, sentence: str) -> None:
    """Nothing is shown any more, and the one way on leads back."""
    for method in ("get", "post"):
        page = getattr(looking, method)("/dossiers/")
        assert page.status_code == 403
        assert sentence in page.content.decode()
        assert LEAVE in page.content.decode()
    assert looking.post(LEAVE).status_code == 302
    assert Event.objects.filter(action=Action.VIEW_AS_END).count() == 1


def test_it_ends_by_itself(looking):
    with time_machine.travel(timezone.now() + settings.VIEW_AS_LIFETIME - timedelta(seconds=5)):
        assert looking.get("/dossiers/").status_code == 200
    with time_machine.travel(timezone.now() + settings.VIEW_AS_LIFETIME):
        over(looking, "pendant 30\u00a0minutes au plus.")


def ended(staff: User, person: User) -> bool:
    """Whether the trail has one end, of who looked and of who was seen."""
    ends = Event.objects.filter(action=Action.VIEW_AS_END).values_list("email", "subject_label")
    return list(ends) == [(staff.email, person.email)]


def test_it_ends_with_a_session_that_was_left(looking, staff, person):
    with time_machine.travel(timezone.now() + timedelta(minutes=settings.SESSION_IDLE_MINUTES)):
        assert looking.get("/dossiers/").status_code == 302
    assert ended(staff, person)


def test_it_ends_when_the_session_of_a_closed_browser_is_removed(looking, staff, person):
    Session.objects.update(expire_date=timezone.now())
    assert retention.end_sessions().number == 1
    assert ended(staff, person)


def test_it_ends_with_the_permission(looking, staff):
    staff.user_permissions.clear()
    over(looking, "Vos droits ne permettent pas")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"is_active": False}, "Ce compte est désactivé."), ({"is_staff": True}, "ouvre le back-office")],
)
def test_it_ends_with_what_the_person_becomes(looking, person, fields, sentence):
    User.objects.filter(pk=person.pk).update(**fields)
    over(looking, sentence)


def test_it_ends_with_the_account(looking, person):
    User.objects.filter(pk=person.pk).delete()
    over(looking, "Ce compte n’existe plus.")


def test_it_ends_where_there_is_no_back_office(looking, settings):
    settings.ADMIN_NETWORKS = networks(["192.0.2.0/24"])
    looking.handler.load_middleware()
    over(looking, "réseau d’où le back-office s’ouvre")


def test_a_role_withdrawn_meanwhile_shows_nothing_more(looking, person, dossier):
    person.role_assignments.all().delete()
    assert looking.get(f"/dossiers/{dossier.number}/").status_code == 404


def test_another_log_in_in_the_same_browser_sees_nothing_of_it(looking):
    looking.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert BANNER not in looking.get("/dossiers/").content.decode()


def test_who_sees_as_nobody_pays_no_query_for_it(log_in, person):
    client = log_in(person)
    client.get("/dossiers/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/accessibilite/")
    assert len(captured) <= 4  # the session and its person, and the role that the header says
