"""What is answered when a request cannot be read, and while the portal is closed."""

from io import StringIO

import pytest
from django.http import HttpResponse
from django.test import Client
from django.test.client import FakePayload

from portal.wsgi import application
from tests.factories import UserFactory

FORM = "application/x-www-form-urlencoded"


def answer(path: str, body: bytes, content_type: str, method: str = "POST", query: str = "") -> HttpResponse:
    """What the server gets of the application, whatever is raised on the way."""
    environ = {
        **{"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query},
        **{"SERVER_NAME": "localhost", "SERVER_PORT": "80"},
        **{"wsgi.url_scheme": "http", "wsgi.errors": StringIO(), "wsgi.input": FakePayload(body)},
        **{"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type, "HTTP_COOKIE": f"csrftoken={'a' * 32}"},
    }
    return application(environ, lambda status, headers: None)


@pytest.mark.parametrize("path", ["/connexion/", "/nulle-part/", "/dossiers/"])
@pytest.mark.parametrize(
    ("body", "content_type", "status", "says"),
    [
        pytest.param(b"a=1", f"{FORM}; charset=utf-16", 400, "Demande incompréhensible", id="another charset"),
        pytest.param(b"a" * 3_000_000, FORM, 413, "Envoi trop volumineux", id="too long"),
        pytest.param(b"a=1&" * 1_001, FORM, 413, "Envoi trop volumineux", id="too many fields"),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_page_that_says_so(db, path, body, content_type, status, says):
    response = answer(path, body, content_type)
    assert response.status_code == status
    assert says in response.content.decode()


KINDS = [FORM, "multipart/form-data; boundary=b", "text/plain"]


@pytest.mark.parametrize(
    "charset",
    [
        *("utf-16", "utf-7", "rot13", "zip", "idna", "punycode", "cp037", "nonsense", "", "latin-1", '"utf-16"'),
        *("utf-8; charset=utf-16", "utf-16; x=1"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_charset_is_not_read(db, charset, method):
    body = b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\na\r\n--b--\r\n'
    for kind in KINDS:
        for path in ("/connexion/", "/verifier/", "/nulle-part/", "/admin/"):
            response = answer(path, body, f"{kind}; charset={charset}", method, "next=%2F&reference=1&a=%ff")
            assert response.status_code == 400
            assert "Demande incompréhensible" in response.content.decode()


@pytest.mark.parametrize("written", ["charset=utf-8", "CHARSET=UTF-8", ' charset = "utf-8" '])
def test_utf_8_is(db, written):
    body = b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\na\r\n--b--\r\n'
    for kind in KINDS:
        assert answer("/connexion/", body, f"{kind};{written}", "GET", "next=/").status_code == 200
        assert answer("/connexion/", body, f"{kind};{written}").status_code == 403  # read: it has no token


def test_a_query_of_too_many_parameters_is_refused_whatever_the_charset(db):
    for content_type in ("", "text/plain; charset=utf-8"):
        assert answer("/connexion/", b"", content_type, "GET", "a&" * 1_001).status_code == 413


@pytest.fixture
def closed(settings):
    settings.MAINTENANCE = True
    return Client()


@pytest.mark.parametrize("address", ["/", "/connexion/", "/dossiers/", "/admin/", "/nulle-part/"])
def test_during_maintenance_every_page_says_so_without_a_database(closed, address):
    for response in (closed.get(address), closed.post(address)):
        assert response.status_code == 503
        assert response["Retry-After"] == "300"
        assert response["Content-Security-Policy"]
        assert "momentanément indisponible" in response.content.decode()


def test_during_maintenance_health_and_static_files_answer(closed, db):
    assert closed.get("/sante/").status_code == 200
    assert "broker" in closed.get("/sante/pret/").json()


def test_without_maintenance_nothing_is_closed(db):
    client = Client()
    client.force_login(UserFactory())
    assert client.get("/dossiers/").status_code == 200
