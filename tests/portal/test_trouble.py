"""What is answered when a request cannot be read, and while the portal is closed."""

from io import StringIO

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import Client
from django.test.client import FakePayload

from tests.factories import UserFactory

FORM = "application/x-www-form-urlencoded"


def answer(path: str, body: bytes, content_type: str) -> HttpResponse:
    """What the server gets of the application, whatever is raised on the way."""
    environ = {
        **{"REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80"},
        **{"wsgi.url_scheme": "http", "wsgi.errors": StringIO(), "wsgi.input": FakePayload(body)},
        **{"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type, "HTTP_COOKIE": f"csrftoken={'a' * 32}"},
    }
    return WSGIHandler()(environ, lambda status, headers: None)


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
