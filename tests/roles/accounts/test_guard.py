"""Wrong passwords are counted, whoever's they are, and what is said of it tells nothing of accounts."""

import re
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client
from django.utils import timezone

from roles.accounts.forms import locked_sentence
from roles.accounts.guard import network_of
from tests.factories import UserFactory
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db

REFUSED = "ne vont pas ensemble"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def attempt(username: str, password: str = "faux", address: str = HERE, client: Client | None = None, **headers: str):
    return (client or Client()).post(
        "/connexion/", {"username": username, "password": password}, REMOTE_ADDR=address, headers=headers
    )


def fail(username: str, times: int, address: str = HERE) -> None:
    for _ in range(times):
        assert attempt(username, address=address).status_code in (200, 429)


def is_let_in(username: str, address: str = HERE) -> bool:
    return attempt(username, "demo", address).status_code == 302


def test_the_fifth_wrong_password_locks_and_the_right_one_does_not_open(person, settings):
    for _ in range(settings.LOGIN_FAILURES - 1):
        response = attempt(person.email)
        assert response.status_code == 200
        assert REFUSED in response.content.decode()
    for password in ("faux", "demo", "demo"):
        response = attempt(person.email, password)
        assert response.status_code == 429
        assert locked_sentence() in response.content.decode()


@pytest.mark.parametrize("username", ["a" * 5000, "a" * 300 + "@exemple.fr", "İ" * 254])
def test_an_address_longer_than_any_is_refused_and_counted_as_any(username, settings):
    assert REFUSED in attempt(username).content.decode()
    assert len(AccessAttempt.objects.get().username) == 255
    fail(username, settings.LOGIN_FAILURES - 1)
    assert attempt(username).status_code == 429


def test_one_less_locks_nothing(person, settings):
    fail(person.email, settings.LOGIN_FAILURES - 1)
    assert is_let_in(person.email)
    # And what came before the right one counts no more.
    fail(person.email, settings.LOGIN_FAILURES - 1)
    assert is_let_in(person.email)


def test_the_pause_ends_however_often_one_tries_meanwhile(person, settings):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(person.email, settings.LOGIN_FAILURES)
        clock.shift(settings.LOGIN_PAUSE - timedelta(seconds=1))
        assert not is_let_in(person.email)
        clock.shift(timedelta(seconds=2))
        assert is_let_in(person.email)


@pytest.mark.parametrize("typed", ["Camille@Essai.Example", " camille@essai.example ", "ｃamille@essai.example"])
def test_no_way_of_writing_it_counts_apart(person, settings, typed):
    fail(typed, 1)
    fail(person.email, settings.LOGIN_FAILURES - 1)
    assert not is_let_in(person.email)
    assert AccessAttempt.objects.values_list("username", flat=True).distinct().get() == person.email


def test_no_browser_counts_apart(person, settings):
    for rank in range(settings.LOGIN_FAILURES):
        attempt(person.email, **{"user-agent": f"essai/{rank}"})
    assert not is_let_in(person.email)


def test_a_colleague_and_another_place_are_not_locked(person, settings):
    colleague = UserFactory()
    fail(person.email, settings.LOGIN_FAILURES)
    assert is_let_in(colleague.email)
    assert is_let_in(person.email, ELSEWHERE)
    assert not is_let_in(person.email)


def test_who_fails_with_many_accounts_is_locked_for_all(person, settings):
    settings.LOGIN_FAILURES_OF_AN_ADDRESS = 12
    for rank in range(3):
        fail(f"inconnu{rank}@essai.example", settings.LOGIN_FAILURES - 1)
    assert attempt(person.email, "demo").status_code == 429
    assert is_let_in(person.email, ELSEWHERE)


def without_token(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)


@pytest.mark.parametrize("other", ["unknown", "inactive", "without a password"])
def test_nothing_tells_accounts_apart(person, settings, other):
    """Each answer, to the letter, and the statements that it takes, from the first wrong password to the lock."""
    username = "autrui1@essai.example"
    if other != "unknown":
        user = UserFactory(email=username, is_active=other != "inactive")
        if other == "without a password":
            user.set_unusable_password()
            user.save()
    for _ in range(settings.LOGIN_FAILURES + 1):
        known, unknown = attempt(person.email), attempt(username)
        assert known.status_code == unknown.status_code
        assert without_token(known.content.decode()).replace(person.email, "") == without_token(
            unknown.content.decode()
        ).replace(username, "")


@pytest.mark.parametrize("other", ["unknown", "inactive", "without a password", "wrong password"])
def test_a_password_is_hashed_whoever_it_is_for(monkeypatch, settings, other):
    """The hasher takes nearly all the time of an answer: it runs once for each."""
    runs = []
    from django.contrib.auth.hashers import MD5PasswordHasher

    encode = MD5PasswordHasher.encode
    if other != "unknown":
        user = UserFactory(email="autrui@essai.example", is_active=other != "inactive")
        if other == "without a password":
            user.set_unusable_password()
            user.save()
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: runs.append(1) or encode(*given))
    attempt("autrui@essai.example")
    assert len(runs) == 1


def test_nothing_of_what_was_typed_is_kept_but_the_address(person):
    attempt(person.email, "un-secret", client=Client(query_params={"next": "/dossiers/?q=Lefevre"}))
    row = AccessAttempt.objects.get()
    assert "secret" not in row.post_data
    assert "Lefevre" not in row.get_data + row.post_data
    assert row.failures_since_start == 1


def test_the_trail_tells_of_the_lock_once(person, settings):
    fail(person.email, settings.LOGIN_FAILURES + 3)
    locked = Event.objects.get(action=Action.LOCK_OUT)
    assert (locked.person_id, locked.reason) == (person.pk, "account")


def test_the_log_in_page_leads_to_a_new_password(client):
    assert 'href="/mot-de-passe/"' in client.get("/connexion/").content.decode()


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("", None),
        ("unix:", None),
    ],
)
def test_what_counts_as_one_address(rf, told, counted):
    assert network_of(rf.get("/", REMOTE_ADDR=told)) == counted


def test_a_forged_header_makes_no_other_address(person, settings):
    for rank in range(settings.LOGIN_FAILURES):
        attempt(person.email, **{"x-forwarded-for": f"198.51.100.{rank}"})
    assert not is_let_in(person.email)


def test_behind_the_proxy_the_last_address_counts(person, settings):
    """The proxy writes it; what stands before it the browser may have written."""
    settings.BEHIND_TLS = True
    for rank in range(settings.LOGIN_FAILURES):
        attempt(person.email, address="10.0.0.1", **{"x-forwarded-for": f"198.51.100.{rank}, {HERE}"})
    locked = attempt(person.email, "demo", "10.0.0.1", **{"x-forwarded-for": HERE})
    other = attempt(person.email, "demo", "10.0.0.1", **{"x-forwarded-for": ELSEWHERE})
    assert (locked.status_code, other.status_code) == (429, 302)


def test_the_back_office_logs_in_by_the_same_door(client):
    staff = UserFactory(is_staff=True)
    sent = client.get("/admin/login/?next=/admin/roles/user/")
    assert sent.url == "/connexion/?next=/admin/roles/user/"
    assert client.post("/admin/login/", {"username": staff.email, "password": "demo"}).status_code == 405
    client.post(sent.url, {"username": staff.email, "password": "demo", "next": "/admin/"})
    assert client.get("/admin/login/").url == "/admin/"


def test_who_is_no_staff_is_told_so(client, person):
    client.force_login(person)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert "réservée à l’OPCO" in response.content.decode()
