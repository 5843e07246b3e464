"""A session that cannot be kept takes no answer back (RULES.md §5.4); and none lasts for ever."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers.enums import DossierStatus, Product
from invoices.models import Deposit
from roles.enums import Role
from tests.factories import DossierFactory, UserFactory, person_with
from tests.portal.test_settings import start


@pytest.fixture
def ready(db, wizard):
    """An invoice that only « Transmettre » is missing to."""
    dossier = DossierFactory(product=Product.CPRO, status=DossierStatus.EN_COURS_DE_REGLEMENT)
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    return wizard(person, dossier).to_last_step("non")


@pytest.fixture
def logged_out_meanwhile():
    """As soon as a deposit is written, its person's session ends: in another tab, or with the database."""

    def end_sessions(**told):
        Session.objects.all().delete()

    post_save.connect(end_sessions, Deposit)
    yield
    post_save.disconnect(end_sessions, Deposit)


def test_an_accepted_deposit_is_told_as_accepted(ready, logged_out_meanwhile):
    answer = ready.send()
    assert (answer.status_code, ready.deposit.is_pending) == (302, True)


def test_a_session_that_ended_does_not_come_back(ready, logged_out_meanwhile):
    ready.send()
    assert not Session.objects.exists()
    assert ready.client.get("/dossiers/").url == "/connexion/?next=/dossiers/"


@pytest.fixture
def logged_in(db, client):
    """Somebody at a browser."""
    person = UserFactory()
    client.force_login(person)
    return client


# --- A new SECRET_KEY ------------------------------------------------------------------------------------------


@pytest.fixture
def old_key(logged_in, settings):
    """Logged in before the key was changed."""
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a new one"
    return old


def test_a_new_key_logs_nobody_out_while_the_old_one_is_named(logged_in, old_key, settings):
    settings.SECRET_KEY_FALLBACKS = [old_key]
    assert logged_in.get("/dossiers/").status_code == 200
    # That visit wrote the session anew: the old key is not needed for it any more.
    settings.SECRET_KEY_FALLBACKS = []
    assert logged_in.get("/dossiers/").status_code == 200


def test_without_it_everybody_logs_in_again(logged_in, old_key):
    assert logged_in.get("/dossiers/").status_code == 302


# --- Limits -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def visitor(db, clock, log_in) -> Client:
    """Somebody who has just logged in."""
    return log_in(UserFactory())


def is_logged_in(visitor: Client) -> bool:
    return visitor.get("/compte/").status_code == 200


def test_a_session_in_which_nothing_is_done_ends(visitor, clock, settings):
    idle = timedelta(minutes=settings.SESSION_IDLE_MINUTES)
    for _ in range(3):
        clock.shift(idle - timedelta(seconds=1))
        assert is_logged_in(visitor)
    clock.shift(idle)
    assert not is_logged_in(visitor)
    assert not Session.objects.exists()


def test_a_session_in_which_much_is_done_ends_too(visitor, clock, settings):
    hours = timedelta(hours=settings.SESSION_HOURS)
    step = timedelta(minutes=settings.SESSION_IDLE_MINUTES) / 2
    for _ in range(int(hours / step) - 1):
        clock.shift(step)
        assert is_logged_in(visitor)
    clock.shift(step - timedelta(seconds=1))
    assert is_logged_in(visitor)
    clock.shift(timedelta(seconds=1))
    assert not is_logged_in(visitor)


def test_a_page_that_stays_open_keeps_no_session(visitor, clock, settings):
    step = timedelta(minutes=settings.SESSION_IDLE_MINUTES) / 8
    for _ in range(7):
        clock.shift(step)
        assert visitor.get("/depots/statuts/").status_code == 200
    clock.shift(step)
    assert visitor.get("/depots/statuts/").status_code == 302


@pytest.mark.parametrize("address", ["/nulle-part/", "/sante/"])
def test_what_is_no_page_of_the_portal_shows_nobody(visitor, clock, settings, address):
    clock.shift(timedelta(minutes=settings.SESSION_IDLE_MINUTES))
    assert "Se déconnecter" not in visitor.get(address).content.decode()


def test_a_page_is_not_worth_a_write_each_time(visitor, clock):
    def writes() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert is_logged_in(visitor)
        return sum("UPDATE" in query["sql"] for query in captured)

    clock.shift(timedelta(seconds=61))
    assert writes() == 1
    assert writes() == 0
    clock.shift(timedelta(seconds=59))
    assert writes() == 0
    clock.shift(timedelta(seconds=1))
    assert writes() == 1


def test_a_log_in_of_a_version_without_limits_begins_now(visitor, clock, settings):
    session = visitor.session
    del session["began"], session["seen"]
    session.save()
    assert is_logged_in(visitor)
    clock.shift(timedelta(hours=settings.SESSION_HOURS))
    assert not is_logged_in(visitor)


def test_a_new_log_in_has_a_new_key_and_time_of_its_own(visitor, clock, settings):
    person = UserFactory()
    typed = {"username": person.email, "password": "demo"}
    client = Client()
    client.get("/connexion/")
    client.session.save()
    session = client.session
    session["kept"] = "yes"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert client.post("/connexion/", typed).status_code == 302
    assert client.session.session_key != session.session_key
    assert client.session["kept"] == "yes"
    assert not Session.objects.filter(pk=session.session_key).exists()


def test_what_was_typed_at_a_step_survives_the_limit(db, wizard, clock, settings):
    dossier = DossierFactory(product=Product.CPRO, status=DossierStatus.EN_COURS_DE_REGLEMENT)
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    started = wizard(person, dossier)
    started.facture("non")
    clock.shift(timedelta(minutes=settings.SESSION_IDLE_MINUTES))
    refused = started.post("details", {"number": "F-77"})
    assert refused.url == f"/connexion/?next={started.url('details')}"
    login = {"username": person.email, "password": "demo", "next": started.url("details")}
    assert started.client.post("/connexion/", login).url == started.url("details")
    assert 'value="F-77"' in started.get("details").content.decode()


# --- Cookies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tls", "prefix"), [("1", "__Host-"), ("0", "")])
def test_over_tls_no_other_host_can_plant_a_cookie(tls, prefix):
    """The prefix asks of a cookie that it be secure, of no domain and of every path, or the visitor drops it."""
    parts = [f"{name}_COOKIE_{part}" for name in ("SESSION", "CSRF") for part in ("NAME", "SECURE", "DOMAIN", "PATH")]
    told = start(", settings.".join(parts), SECRET_KEY="settings-test", BEHIND_TLS=tls).stdout.split()
    secure = str(tls == "1")
    assert told == [f"{prefix}sessionid", secure, "None", "/", f"{prefix}csrftoken", secure, "None", "/"]
