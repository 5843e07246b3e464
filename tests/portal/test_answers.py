"""What every answer carries, whoever gives it, and what the portal does not listen to (ASVS 5.0, level 2)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from dossiers.models import Dossier
from invoices.catalogue.models import CatalogueEntry
from portal.environment import networks
from portal.urls import handler400, urlpatterns  # noqa: F401 - this module is an address book too
from roles.enums import Role
from roles.models import User
from tests.answers import sent
from tests.factories import DossierFactory, UserFactory, make_deposit, person_with
from tests.portal.test_trouble import answer as answer_of_the_server
from tests.roles.test_login import ADDRESSES, EXAMPLES
from tests.wizard import Wizard, pdf

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

CONTENT_SECURITY_POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Some of those that would do harm in a portal of documents; none is granted to anyone.
DENIED = {"camera", "microphone", "geolocation", "display-capture", "payment", "usb", "clipboard-read"}
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains; preload"


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """A page with a fault: the address « /casse/ » of these tests."""
    raise RuntimeError(f"secret of {request.path}")


urlpatterns = [*urlpatterns, path("casse/", broken)]


def assert_walled(response: HttpResponse, *, tls: bool = False) -> None:
    """Fail unless the answer has every header, each with its one value."""
    told = {name: response.headers.get(name) for name in ALWAYS}
    assert told == ALWAYS
    assert set(response.headers["Content-Security-Policy"].split("; ")) == CONTENT_SECURITY_POLICY
    policy = dict(part.split("=") for part in response.headers["Permissions-Policy"].split(", "))
    assert policy.keys() > DENIED
    assert set(policy.values()) == {"()"}
    assert response.headers.get("Strict-Transport-Security") == (TRANSPORT_SECURITY if tls else None)


@pytest.fixture
def behind_tls(settings) -> None:
    """What BEHIND_TLS=1 sets."""
    settings.BEHIND_TLS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.ALLOWED_HOSTS = ["portail.example"]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def dossier() -> Dossier:
    return DossierFactory()


@pytest.fixture
def provider(dossier) -> User:
    return person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)


# --- On every answer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_every_address_answers_anyone_within_the_walls(name, staff):
    for client in (Client(), staff):
        for answer in (client.get(ADDRESSES[name]), client.post(ADDRESSES[name]), client.put(ADDRESSES[name])):
            assert_walled(answer)


def test_what_a_person_reads_and_downloads_too(log_in, provider, dossier):
    deposit = make_deposit(dossier, provider)
    document = deposit.documents.first()
    values = EXAMPLES | {"numero": dossier.number, "depot": deposit.pk, "document": document.pk}
    values["reference"] = deposit.reference
    client = log_in(provider)
    for name, address in ADDRESSES.items():
        for key, value in values.items():
            address = address.replace(str(EXAMPLES[key]), str(value)) if key not in ("number", "etape") else address
        answer = client.get(address)
        assert_walled(sent(answer))
        if "document" in name or "receipt" in name or "zip" in name:
            assert answer.status_code in (200, 302), name


def test_the_back_office_too(staff, client):
    for address in ("/admin/", "/admin/login/", "/admin/roles/user/", "/admin/jsi18n/", "/admin/nulle-part/"):
        for answer in (staff.get(address), client.get(address)):
            assert_walled(answer)


REFUSED: dict[str, tuple[int, Callable[[Client], HttpResponse]]] = {
    "another host": (400, lambda client: client.get("/connexion/", headers={"Host": "evil.example"})),
    "another charset": (400, lambda client: answer_of_the_server("/connexion/", b"", "text/plain; charset=utf-16")),
    "management data of nothing": (400, lambda client: client.post(step_of_a_draft(client))),
    "a form without its token": (403, lambda client: Client(enforce_csrf_checks=True).post("/connexion/")),
    "nothing there": (404, lambda client: client.get("/nulle-part/")),
    "a method": (405, lambda client: client.delete("/dossiers/")),
    "too much": (413, lambda client: client.post("/connexion/", {"username": "a" * 3_000_000})),
    "a fault": (500, lambda client: client.get("/casse/")),
    "no such static file": (404, lambda client: client.get("/static/nulle-part.css")),
}


def step_of_a_draft(client: Client) -> str:
    """The address of a step, by a person who is logged in from then on."""
    dossier = DossierFactory()
    client.force_login(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider))
    return Wizard.start(client, dossier).url("facture")


@pytest.fixture
def whatever_happens(settings) -> Client:
    """A browser that gets the page for a fault, and an address that has one."""
    settings.ROOT_URLCONF = "tests.portal.test_answers"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", REFUSED)
def test_every_refusal_too(whatever_happens, kind):
    status, ask = REFUSED[kind]
    answer = ask(whatever_happens)
    assert answer.status_code == status
    assert_walled(answer)


@pytest.mark.parametrize("kind", REFUSED)
def test_no_refusal_tells_what_the_portal_is_made_of(whatever_happens, kind):
    answer = REFUSED[kind][1](whatever_happens)
    said = answer.content.decode() + str(dict(answer.headers))
    for inside in ("secret", "Traceback", "django", "Django", "/portal/", "site-packages", "ALLOWED_HOSTS", "SECRET"):
        assert inside not in said, inside
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


def test_maintenance_and_static_files_too(settings):
    (Path(settings.STATIC_ROOT) / "essai.css").write_text("p {}")
    static = sent(Client().get("/static/essai.css"))
    assert static.status_code == 200
    assert_walled(static)
    settings.MAINTENANCE = True
    closed = Client().get("/")
    assert closed.status_code == 503
    assert_walled(closed)


def test_metrics_too(settings, client):
    settings.METRICS_TOKEN = "0123456789abcdef"
    assert client.get("/metriques/").status_code == 401
    assert_walled(client.get("/metriques/"))
    assert_walled(client.get("/metriques/", headers={"Authorization": "Bearer 0123456789abcdef"}))


@pytest.mark.parametrize("address", ["/", "/connexion/", "/nulle-part/", "/admin/", "/sante/", "/static/absent.css"])
def test_over_tls_browsers_are_told_to_keep_to_it(behind_tls, address):
    assert_walled(Client().get(address, secure=True, SERVER_NAME="portail.example"), tls=True)


@pytest.mark.parametrize("host", ["portail.example", "evil.example"])
def test_the_way_to_https_has_its_walls(behind_tls, host):
    answer = Client().get("/connexion/", headers={"Host": host})
    assert (answer.status_code, answer.get("Location")) == (
        (301, "https://portail.example/connexion/") if host == "portail.example" else (400, None)
    )
    assert_walled(answer)


# --- Methods, hosts, charsets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"])
def test_no_address_knows_another_method(method, staff):
    for address in (*ADDRESSES.values(), "/admin/", "/admin/roles/user/"):
        for client in (Client(), staff):
            answer = client.generic(method, address)
            assert answer.status_code == 405, address
            assert answer["Allow"] == "GET, HEAD, POST"
    assert staff.generic(method, "/nulle-part/").status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "portail.example@evil.example", "portail.example:99999x", "[::1", "a b", "é.example", "*"]
)
def test_a_host_that_is_not_ours_is_refused_and_never_said(behind_tls, host):
    for address in ("/connexion/", "/dossiers/", "/static/absent.css", "/admin/"):
        answer = Client().get(address, secure=True, headers={"Host": host})
        assert answer.status_code == 400
        assert host not in answer.content.decode().replace("a b", "") or host in ("*", "a b")


def test_hosts_in_other_headers_are_not_believed(client):
    asked = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil.example"}
    for address in ("/connexion/", "/dossiers/", "/verifier/", "/admin", "/dossiers"):
        answer = client.get(address, headers=asked)
        assert "evil.example" not in answer.content.decode() + str(dict(answer.headers))


LONG = b"a" * 100_000
UNREADABLE = {
    "no boundary": ("multipart/form-data", b"--b\r\n"),
    "boundary of 300 characters": (f"multipart/form-data; boundary={'b' * 300}", b"--b\r\n"),
    "headers of 100 kB": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="' + LONG + b'"\r\n\r\na\r\n--b--\r\n',
    ),
    "a hundred headers": (
        "multipart/form-data; boundary=b",
        b"--b\r\n" + b"".join(b"X-%d: aaaaaaaaaaaaaaaa\r\n" % rank for rank in range(100)) + b"\r\na\r\n--b--\r\n",
    ),
    "1,001 fields": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1_001 + b"--b--\r\n",
    ),
    "101 files": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n' * 101 + b"--b--\r\n",
    ),
    "not base64": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--b--\r\n',
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_form_that_cannot_be_read_is_refused_before_anything_is_done(kind, documents_folder):
    content_type, body = UNREADABLE[kind]
    answer = Client().generic("POST", "/connexion/", body, content_type)
    assert answer.status_code in (200, 400, 413)  # 200: what could be read is no log-in
    assert not [found for found in documents_folder.rglob("*") if found.is_file()]


def test_a_file_that_is_no_form_of_ours_leaves_nothing(log_in, provider, documents_folder):
    """Files sent where none is expected are read, and gone with their request."""
    client = log_in(provider)
    client.post("/connexion/", {"f": pdf()})
    client.post("/deconnexion/", {"f": pdf()})
    assert not [found for found in documents_folder.rglob("*") if found.is_file()]


# --- Forms of other sites, and where a log-in leads -----------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_no_form_is_taken_without_its_token(name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    answer = client.post(ADDRESSES[name], {"garder": "1"})
    assert answer.status_code == 403
    assert "Formulaire périmé" in answer.content.decode()


@pytest.mark.parametrize("address", ["/admin/login/", "/admin/logout/", "/admin/roles/user/add/", "/admin/roles/user/"])
def test_nor_in_the_back_office(address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    assert client.post(address, {"action": "delete_selected"}).status_code == 403


ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example/dossiers/",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "%2f%2fevil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    " //evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "ftp://testserver/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_log_in_leads_elsewhere(client, target):
    """A path is followed here, whatever it spells; what leaves the portal leads to the dossiers."""
    person = UserFactory()
    answers = [
        client.post("/connexion/", {"username": person.email, "password": "demo", "next": target}),
        client.get("/connexion/", {"next": target}),  # by who is logged in already
        client.post("/deconnexion/", {"next": target}),
        client.get("/admin/login/", {"next": target}),
    ]
    for answer in answers:
        leads_to = answer.get("Location", "/")
        assert re.match(r"/(?![/\\\t])|%2f%2fevil.example$", leads_to), leads_to


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_rows_of_the_back_office_are_chosen_by_ids(staff, model):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    # Of a type of document the id is a code: any text may be one, and is none.
    refused = (200, 400) if model is CatalogueEntry else (400,)
    for nonsense in ("x", "", "\x00", "1e3", "9" * 5_000, "\u202e"):
        chosen = {"action": "delete_selected", "_selected_action": [nonsense]}
        assert staff.post(address, chosen).status_code in refused, nonsense
        assert Client().post(address, chosen).status_code == 302
    # A hand-over's is its deposit's.
    of_uuid = model._meta.pk.get_internal_type() in ("UUIDField", "OneToOneField")
    absent = "00000000-0000-4000-8000-000000000001" if of_uuid else "0"
    assert staff.post(address, {"action": "x", "_selected_action": [absent]}).status_code in (200, 302)


# --- Cookies, caches, what browsers may fill in ---------------------------------------------------------------------


def test_cookies_over_tls_are_for_the_portal_alone(behind_tls):
    person = UserFactory()
    client = Client(SERVER_NAME="portail.example")
    client.get("/connexion/", secure=True)
    client.post("/connexion/", {"username": person.email, "password": "demo"}, secure=True)
    assert len(client.cookies) == 2
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["domain"], cookie["path"]) == ("", "/")


def test_every_field_of_a_secret_says_what_it_is(client):
    page = client.get("/connexion/").content.decode()
    (name,) = re.findall(r"<input[^>]*name=\"username\"[^>]*>", page)
    (password,) = re.findall(r"<input[^>]*name=\"password\"[^>]*>", page)
    assert re.search(r'autocomplete="(username|email)"', name)
    assert 'autocomplete="current-password"' in password


def test_nothing_that_a_person_sees_stays_in_a_cache(log_in, provider, dossier):
    deposit = make_deposit(dossier, provider)
    client = log_in(provider)
    for address in (
        *("/", "/dossiers/", "/depots/", "/depots/statuts/", "/depots/export.csv", "/nulle-part/"),
        *(f"/dossiers/{dossier.number}/", f"/dossiers/{dossier.number}/documents/"),
        *(f"/depots/{deposit.pk}/recepisse/", f"/depots/{deposit.pk}/recepisse.pdf"),
        *(f"/depots/{deposit.pk}/documents.zip", deposit.documents.first().get_absolute_url()),
    ):
        answer = sent(client.get(address))
        assert "no-store" in answer["Cache-Control"], address
        assert "private" in answer["Cache-Control"], address


# --- ADMIN_NETWORKS -------------------------------------------------------------------------------------------------


@pytest.fixture
def bound(settings) -> None:
    settings.ADMIN_NETWORKS = networks(["192.0.2.0/24", "2001:db8::/32"])


INSIDE = ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"]
OUTSIDE = ["127.0.0.1", "198.51.100.1", "2001:db9::1", "::ffff:198.51.100.1", "", "unix:", "192.0.2.7, 198.51.100.1"]


def within(address: str, *, proxy: bool, **more: object) -> Client:
    """A browser of the staff at this address, as the connection or the proxy tells it."""
    told = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": address} if proxy else {"REMOTE_ADDR": address}
    client = Client(**told, **more)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("address", [*INSIDE, *OUTSIDE])
def test_the_back_office_is_reached_from_its_networks_alone(settings, bound, proxy, address):
    settings.BEHIND_TLS = proxy
    client, inside = within(address, proxy=proxy), address in INSIDE
    assert client.get("/admin/").status_code == (200 if inside else 404)
    page = client.get("/dossiers/")
    assert page.status_code == 200
    assert ("Administration" in page.content.decode()) is inside


def test_what_a_browser_says_of_its_address_does_not_count(settings, bound):
    settings.BEHIND_TLS = True
    assert within("192.0.2.7, 198.51.100.1", proxy=True).get("/admin/").status_code == 404
    settings.BEHIND_TLS = False
    assert within("192.0.2.7", proxy=True).get("/admin/").status_code == 404


@pytest.mark.parametrize("address", ["/admin", "/admin/", "/admin/login/", "/admin/roles/user/1/change/", "/admin/x"])
@pytest.mark.parametrize("logged_in", [False, True])
def test_from_elsewhere_it_is_as_if_there_were_none(bound, address, logged_in):
    client = Client(REMOTE_ADDR="198.51.100.1", enforce_csrf_checks=True)
    if logged_in:
        client.force_login(UserFactory(is_staff=True, is_superuser=True))
    for method in ("GET", "HEAD", "POST", "PUT"):
        there, nowhere = (client.generic(method, path) for path in (address, address.replace("admin", "nulle")))
        assert plain(there) == plain(nowhere)
        assert there.status_code in (403, 404)


def plain(answer: HttpResponse) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what no two answers have in common."""
    content = re.sub(rb'(name="csrfmiddlewaretoken" value=)"[^"]*"', rb"\1", answer.content)
    return answer.status_code, content, {k: v for k, v in answer.headers.items() if k != "X-Request-ID"}


def test_without_networks_it_is_reached_from_everywhere():
    assert within("198.51.100.1", proxy=False).get("/admin/").status_code == 200


@pytest.mark.parametrize("address", ["/recepisses/%00/", "/recepisses/a%00b/", "/admin/roles/user/%00/change/"])
def test_an_address_with_a_nul_is_not_found(staff, address):
    """PostgreSQL refuses it wherever it is asked for, or recorded."""
    assert staff.get(address).status_code in (302, 404)
