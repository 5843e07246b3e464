"""Log-in by ProConnect, against a provider that is one, and against one that lies (tests/openid.py)."""

import re
import subprocess
import sys
import time
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client

from roles.models import User
from roles.proconnect import identities
from roles.proconnect import provider as asked
from roles.proconnect.views import REFUSALS, STATE_SECONDS
from tests import openid
from tests.factories import UserFactory
from tests.roles.test_second_factor import code_of, with_second_factor
from trail.enums import Action, Result
from trail.models import Event

pytestmark = pytest.mark.django_db

SUB = "6f2b9d0e-camille"
EMAIL = "camille@essai.example"


@pytest.fixture(scope="module")
def process():
    with openid.running() as provider:
        yield provider


@pytest.fixture
def provider(process, settings):
    settings.PROCONNECT_ISSUER = process.url
    process.knows(SUB, email=EMAIL)
    process.lies()
    return process


@pytest.fixture
def person():
    return UserFactory(email=EMAIL)


def depart(client: Client, next_page: str = "") -> str:
    """Press « S’identifier avec ProConnect »; where it leads."""
    response = client.get("/proconnect/", {"next": next_page} if next_page else {})
    assert response.status_code == 302
    return response.url


def come_back(client: Client, provider: openid.Provider, departure: str, sub: str = SUB):
    back = provider.answer(departure, sub).headers["Location"]
    assert back.startswith("http://testserver/proconnect/retour/?")
    return client.get(back.removeprefix("http://testserver"))


def log_in(client: Client, provider: openid.Provider, sub: str = SUB, next_page: str = ""):
    return come_back(client, provider, depart(client, next_page), sub)


def is_logged_in(client: Client) -> bool:
    return client.get("/compte/double-authentification/").status_code == 200


def assert_turned_away(client: Client, response, reason: str) -> None:
    """The log-in page, with its sentence; nobody is in."""
    assert (response.status_code, response.url) == (302, "/connexion/")
    page = client.get("/connexion/").content.decode()
    assert REFUSALS[reason] in page
    assert not is_logged_in(client)


def assert_refused(client: Client, response, reason: str) -> None:
    """The same, and a line in the trail."""
    assert_turned_away(client, response, reason)
    event = Event.objects.filter(action=Action.PROCONNECT).latest("pk")
    assert (event.result, event.reason) == (Result.REFUSED, reason)


# --- The way in -------------------------------------------------------------------------------------------------------


def test_the_account_of_the_e_mail_is_found_and_linked(client, provider, person):
    assert log_in(client, provider).url == "/dossiers/"
    assert is_logged_in(client)
    person.refresh_from_db()
    assert person.proconnect_sub == SUB
    told = list(Event.objects.filter(person_id=person.pk).order_by("pk").values_list("action", flat=True))
    assert told == [Action.PROCONNECT, Action.PROCONNECT_LINK, Action.LOG_IN]


def test_what_is_asked_of_the_provider(client, provider):
    departure = urlsplit(depart(client))
    asked_for = {name: value for name, (value,) in parse_qs(departure.query).items()}
    assert f"{departure.scheme}://{departure.netloc}" == provider.url
    assert asked_for["response_type"] == "code"
    assert asked_for["scope"] == "openid email"
    assert asked_for["redirect_uri"] == "http://testserver/proconnect/retour/"
    assert asked_for["acr_values"] == "eidas1"
    assert asked_for["code_challenge_method"] == "S256"
    assert len(asked_for["code_challenge"]) == 43
    assert len(asked_for["state"]) >= 32
    assert len(asked_for["nonce"]) >= 32
    assert "client_secret" not in asked_for


def test_the_log_in_page_offers_it_and_keeps_where_one_goes(client, settings):
    page = client.get("/connexion/?compte=autre&next=/dossiers/CPRO-2026-004217/").content.decode()
    link = re.search(r'href="(/proconnect/[^"]*)">S’identifier avec ProConnect<', page)
    assert link
    assert unquote(link[1]) == "/proconnect/?next=/dossiers/CPRO-2026-004217/"
    settings.PROCONNECT_ISSUER = ""
    assert "ProConnect" not in client.get("/connexion/").content.decode()


def test_leads_to_the_page_that_was_asked_for(client, provider, person):
    assert log_in(client, provider, next_page="/dossiers/CPRO-2026-004217/").url == "/dossiers/CPRO-2026-004217/"


@pytest.mark.parametrize("next_page", ["https://ailleurs.example/", "//ailleurs.example/", "javascript:alert(1)"])
def test_does_not_lead_to_another_site(client, provider, person, next_page):
    assert log_in(client, provider, next_page=next_page).url == "/dossiers/"


def test_the_key_of_the_session_changes(client, provider, person):
    departure = depart(client)
    before = client.session.session_key
    come_back(client, provider, departure)
    assert client.session.session_key != before


def test_two_tabs_each_find_their_way_back(client, provider, person):
    first, second = depart(client), depart(client)
    assert come_back(client, provider, first).url == "/dossiers/"
    assert come_back(client, provider, second).url == "/dossiers/"


# --- Whose account ----------------------------------------------------------------------------------------------------


def test_no_account_is_made(client, provider):
    assert_refused(client, log_in(client, provider), "unknown")
    assert not User.objects.exists()


def test_once_linked_the_e_mail_does_not_matter(client, provider, person):
    log_in(client, provider)
    client.logout()
    other = UserFactory(email="autre@essai.example")
    provider.knows(SUB, email=other.email)
    log_in(client, provider)
    assert client.session["_auth_user_id"] == str(person.pk)
    other.refresh_from_db()
    assert other.proconnect_sub is None


def test_an_account_is_not_taken_over_by_an_identity_that_bears_its_e_mail(client, provider, person):
    log_in(client, provider)
    client.logout()
    provider.knows("another-sub", email=EMAIL)
    assert_refused(client, log_in(client, provider, "another-sub"), "other_identity")


@pytest.mark.parametrize("linked", [False, True])
def test_a_closed_account_stays_closed_and_is_not_told_of(client, provider, person, linked):
    User.objects.update(is_active=False, proconnect_sub=SUB if linked else None)
    assert_refused(client, log_in(client, provider), "unknown")


def test_an_account_closed_while_logged_in_is_logged_out(client, provider, person):
    log_in(client, provider)
    User.objects.update(is_active=False)
    assert not is_logged_in(client)


def test_an_e_mail_that_was_not_verified_links_nothing(client, provider, person):
    provider.knows(SUB, email=EMAIL, email_verified=False)
    assert_refused(client, log_in(client, provider), "unknown")


def test_of_two_at_once_one_is_linked(person):
    other = UserFactory()
    identities.link(person, SUB)
    for taken in (lambda: identities.link(other, SUB), lambda: identities.link(User.objects.get(pk=person.pk), "b")):
        with pytest.raises(identities.LinkRefusedError) as refusal:
            taken()
        assert refusal.value.reason == "other_identity"
    assert list(User.objects.exclude(proconnect_sub=None).values_list("pk", "proconnect_sub")) == [(person.pk, SUB)]


# --- With a second factor ---------------------------------------------------------------------------------------------


def test_who_has_a_second_factor_shows_it_before_anything_is_linked(client, provider, person):
    with_second_factor(person)
    assert log_in(client, provider, next_page="/depots/").url == "/connexion/code/"
    assert not is_logged_in(client)
    person.refresh_from_db()
    assert person.proconnect_sub is None
    assert client.post("/connexion/code/", {"code": code_of(person)}).url == "/depots/"
    person.refresh_from_db()
    assert person.proconnect_sub == SUB


@pytest.mark.parametrize("acr", sorted(asked.STRONG))
def test_a_second_factor_of_the_provider_is_one(client, provider, person, settings, acr):
    settings.STAFF_SECOND_FACTOR = True
    User.objects.update(is_staff=True, is_superuser=True)
    with_second_factor(person)
    provider.knows(SUB, email=EMAIL, acr=acr)
    assert log_in(client, provider, next_page="/admin/").url == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("acr", ["eidas1", "", "eidas22", ["eidas2"]])
def test_what_is_none(client, provider, person, acr):
    with_second_factor(person)
    provider.knows(SUB, email=EMAIL, acr=acr)
    assert log_in(client, provider).url in ("/connexion/code/", "/connexion/")
    assert not is_logged_in(client)


def test_staff_are_not_linked_by_an_e_mail_alone(client, provider, person):
    User.objects.update(is_staff=True)
    assert_refused(client, log_in(client, provider), "staff")
    person.refresh_from_db()
    assert person.proconnect_sub is None


# --- Attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", [f"id-{name}" for name in openid.ID_TOKEN_LIES])
def test_an_id_token_that_is_not_the_providers_for_this_log_in_opens_nothing(client, provider, person, lie):
    provider.lies(lie)
    assert_refused(client, log_in(client, provider), "untrusted")


@pytest.mark.parametrize("lie", [f"userinfo-{name}" for name in openid.USERINFO_LIES])
def test_userinfo_that_is_not_the_providers_about_this_person_opens_nothing(client, provider, person, lie):
    provider.lies(lie)
    assert_refused(client, log_in(client, provider), "untrusted")


def test_a_state_of_nobody_opens_nothing(client, provider, person):
    back = provider.answer(depart(Client()), SUB).headers["Location"].removeprefix("http://testserver")
    assert_turned_away(client, client.get(back), "state")


def test_a_way_back_is_taken_once(client, provider, person):
    back = provider.answer(depart(client), SUB).headers["Location"].removeprefix("http://testserver")
    client.get(back)
    client.post("/deconnexion/")
    assert_turned_away(client, client.get(back), "state")


def test_a_code_is_taken_once(client, provider, person):
    """As one who has read the code of another's address would: with a state of their own."""
    code = parse_qs(urlsplit(provider.answer(depart(client), SUB).headers["Location"]).query)["code"][0]
    other = Client()
    state = parse_qs(urlsplit(depart(other)).query)["state"][0]
    assert_refused(other, other.get("/proconnect/retour/", {"code": code, "state": state}), "untrusted")


def test_a_way_back_does_not_stay_open(client, provider, person, monkeypatch):
    back = provider.answer(depart(client), SUB).headers["Location"].removeprefix("http://testserver")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + STATE_SECONDS)
    assert_refused(client, client.get(back), "state")


def test_who_denies_is_told(client, provider, person):
    state = parse_qs(urlsplit(depart(client)).query)["state"][0]
    assert_refused(client, client.get("/proconnect/retour/", {"error": "access_denied", "state": state}), "denied")


@pytest.mark.parametrize("query", [{}, {"state": "x"}, {"error": "access_denied"}, {"code": "x"}, {"state": "\x00"}])
def test_an_address_made_up_is_a_sentence_and_logs_nobody_out(client, provider, query):
    person = UserFactory()
    client.force_login(person)
    assert client.get("/proconnect/retour/", query).status_code == 302
    assert is_logged_in(client)


@pytest.mark.parametrize("query", [{}, {"state": "x"}, {"error": "access_denied"}, {"code": "x"}, {"state": "\x00"}])
def test_an_address_made_up_does_not_fill_the_trail(client, provider, query):
    assert_turned_away(client, client.get("/proconnect/retour/", query), "state")
    assert not Event.objects.exists()


# --- The provider is away ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", sorted(openid.FAILURES))
def test_a_provider_that_fails_is_a_sentence(client, provider, person, failure):
    provider.lies(failure)
    assert_refused(client, log_in(client, provider), "away")


def test_a_provider_that_is_away_is_a_sentence(client, settings):
    settings.PROCONNECT_ISSUER = "http://127.0.0.1:1"
    assert_refused(client, client.get("/proconnect/"), "away")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "https://elsewhere.example/token"},
        {"jwks_uri": "http://provider.example/jwks"},
        {"userinfo_endpoint": None},
    ],
)
def test_a_document_that_leads_elsewhere_is_not_followed(changes):
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint")
    document = {"issuer": "https://provider.example"} | {name: f"https://provider.example/{name}" for name in names}
    assert asked._endpoints_of(document, "https://provider.example").token.endswith("token_endpoint")
    with pytest.raises((ValueError, TypeError, AttributeError)):
        asked._endpoints_of(document | changes, "https://provider.example")


# --- The way out ------------------------------------------------------------------------------------------------------


def test_log_out_ends_the_session_there_too(client, provider, person):
    log_in(client, provider)
    id_token = client.session[identities.SESSION_KEY]["id_token"]
    page = client.post("/deconnexion/")
    assert not is_logged_in(client)
    address = unescape(re.search(r'href="([^"]*end_session[^"]*)"', page.content.decode())[1])
    asked_for = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(provider.url)
    assert asked_for.pop("state")
    assert asked_for == {"id_token_hint": id_token, "post_logout_redirect_uri": "http://testserver/connexion/"}
    assert f'http-equiv="refresh" content="0; url={provider.url}' in page.content.decode()


def test_log_out_is_a_post(client, provider, person):
    log_in(client, provider)
    assert client.get("/deconnexion/").status_code == 405
    assert is_logged_in(client)


def test_log_out_does_not_wait_for_a_provider_that_is_away(client, provider, person, settings):
    log_in(client, provider)
    settings.PROCONNECT_ISSUER = "http://127.0.0.1:1"
    assert client.post("/deconnexion/").url == "/connexion/"
    assert not is_logged_in(client)


def test_who_came_by_password_leaves_by_the_same_door(client, person):
    client.post("/connexion/", {"username": EMAIL, "password": "demo"})
    assert client.post("/deconnexion/").url == "/connexion/"


# --- Off --------------------------------------------------------------------------------------------------------------


def test_without_its_variables_it_has_no_address():
    code = "import django; django.setup(); from django.urls import NoReverseMatch, reverse\n"
    code += "try: print(reverse('proconnect:start'))\nexcept NoReverseMatch: print('none')"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"DJANGO_SETTINGS_MODULE": "portal.settings", "SECRET_KEY": "x", "PATH": "/usr/bin:/bin"},
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.stdout.strip() == "none", told.stderr


# --- Taken back -------------------------------------------------------------------------------------------------------


def test_a_person_takes_their_account_back_from_proconnect_and_gives_it_again(client, provider, person):
    log_in(client, provider)
    assert "Dissocier de ProConnect" in client.get("/compte/").content.decode()
    page = client.post("/proconnect/dissocier/", follow=True).content.decode()
    assert "Votre compte est dissocié de ProConnect" in page
    assert "Dissocier de ProConnect" not in page
    person.refresh_from_db()
    assert person.proconnect_sub is None
    assert Event.objects.get(action=Action.PROCONNECT_UNLINK).person_id == person.pk
    log_in(Client(), provider)
    person.refresh_from_db()
    assert person.proconnect_sub == SUB


def test_not_who_has_no_other_way_in(client, provider, person):
    person.set_unusable_password()
    person.save(update_fields=["password"])
    log_in(client, provider)
    assert "Choisissez d’abord un mot de passe" in client.post("/proconnect/dissocier/", follow=True).content.decode()
    person.refresh_from_db()
    assert person.proconnect_sub == SUB


def test_who_is_not_linked_is_offered_nothing(client, person):
    client.force_login(person)
    assert "Dissocier" not in client.get("/compte/").content.decode()
    assert client.post("/proconnect/dissocier/").url == "/compte/"
    assert not Event.objects.filter(action=Action.PROCONNECT_UNLINK).exists()
