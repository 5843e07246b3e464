"""Logging in and out; nothing is shown to someone who is not logged in."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from roles.enums import Role
from tests.factories import EstablishmentFactory, UserFactory, give_role

pytestmark = pytest.mark.django_db

REFUSED = "Cette adresse et ce mot de passe ne vont pas ensemble."


@pytest.fixture
def person():
    return UserFactory(email="camille@essai.example")


def log_in(client, username: str = "camille@essai.example", password: str = "demo", **more: str):
    return client.post("/connexion/", {"username": username, "password": password} | more)


def is_logged_in(client) -> bool:
    return client.get("/dossiers/").status_code == 200


@pytest.mark.parametrize(
    "typed", ["camille@essai.example", "Camille@Essai.Example", "CAMILLE@ESSAI.EXAMPLE", " camille@essai.example "]
)
def test_by_address_whatever_its_case(client, person, typed):
    response = log_in(client, typed)
    assert (response.status_code, response.url) == (302, "/dossiers/")
    assert is_logged_in(client)


def test_leads_to_the_page_that_was_asked_for(client, person):
    assert log_in(client, next="/dossiers/CPRO-2026-004217/").url == "/dossiers/CPRO-2026-004217/"


def test_does_not_lead_to_another_site(client, person):
    assert log_in(client, next="https://ailleurs.example/").url == "/dossiers/"


@pytest.mark.parametrize(("has_a_role", "first"), [(False, "/admin/"), (True, "/dossiers/")])
def test_staff_without_a_role_begins_in_the_back_office(client, person, has_a_role, first):
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    if has_a_role:
        give_role(person, Role.SAISIE_PRESTATAIRE, EstablishmentFactory())
    assert log_in(client).url == first
    assert log_in(Client(), next="/depots/").url == "/depots/"


def test_what_is_no_address_names_no_view_either(client, person):
    assert log_in(client, next="home").url == "home"
    assert is_logged_in(client)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"password": "Demo"}, REFUSED),
        ({"username": "inconnu@essai.example"}, REFUSED),
        ({"username": "camille@essai.example\x00"}, "caractère nul"),
        ({"username": ""}, "Indiquez votre adresse e-mail."),
        ({"password": ""}, "Indiquez votre mot de passe."),
    ],
)
def test_what_is_wrong_gets_a_sentence(client, person, typed, sentence):
    response = log_in(client, **typed)
    assert sentence in response.content.decode().replace("&#x27;", "’")
    assert not is_logged_in(client)


def test_the_page_does_not_tell_whether_an_account_exists_or_is_closed(client, person):
    UserFactory(email="parti@essai.example", is_active=False)
    for username in ("parti@essai.example", "inconnu@essai.example"):
        assert REFUSED in log_in(client, username).content.decode()
        assert not is_logged_in(client)


def test_an_account_closed_while_logged_in_is_logged_out(client, person):
    log_in(client)
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert not is_logged_in(client)


def test_log_out_is_a_post(client, person):
    log_in(client)
    assert client.get("/deconnexion/").status_code == 405
    assert is_logged_in(client)
    assert client.post("/deconnexion/").url == "/connexion/"
    assert not is_logged_in(client)


def test_log_in_and_out_are_protected_against_forgery(person):
    client = Client(enforce_csrf_checks=True)
    assert log_in(client).status_code == 403
    client.force_login(person)
    assert client.post("/deconnexion/").status_code == 403


OPEN_TO_ALL = {
    *("accessibility", "admin-login", "login", "logout", "favicon", "health-live", "health-ready", "metrics"),
    *("personal-data", "verify"),
    *("roles:ask-password-link", "roles:password-link-sent", "roles:choose-password", "roles:accept-invitation"),
    *("second_factor:code", "second_factor:recovery-code", "proconnect:start", "proconnect:return"),
}
EXAMPLES = {
    "uidb64": "MQ",
    "token": "IkVzc2FpIg:1tkAAA:signature",
    "numero": "CPRO-2026-004217",
    "depot": UUID(int=1),
    "document": UUID(int=2),
    "etape": "facture",
    "number": 1,
    "reference": "DEP-7K3M-Q9TW-05XB-ZC2H",
}


def addresses(resolver: URLResolver, namespace: str = "") -> dict[str, str]:
    """Every address of the portal by its name, with example values; the admin's pages, which are Django's, apart."""
    found = {}
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}"
            values = {key: EXAMPLES[key] for key in pattern.pattern.converters}
            found[name] = reverse(name, kwargs=values)
        elif pattern.namespace != "admin":
            found |= addresses(pattern, f"{pattern.namespace}:")
    return found


ADDRESSES = addresses(get_resolver())


def test_the_addresses_are_known():
    assert set(ADDRESSES) > OPEN_TO_ALL
    assert {"dossiers:list", "invoices:step", "invoices:document", "invoices:cancel"} < set(ADDRESSES)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", sorted(set(ADDRESSES) - OPEN_TO_ALL))
def test_every_page_asks_an_anonymous_person_to_log_in(client, name, method):
    response = getattr(client, method)(ADDRESSES[name])
    assert (response.status_code, response.url) == (302, f"/connexion/?next={ADDRESSES[name]}")


def test_the_admin_asks_too(client):
    assert client.get("/admin/").status_code == 302
