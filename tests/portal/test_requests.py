"""A request has an id and one line, which says the route and never what was typed."""

import logging
import re

import pytest
from django.test import Client

from roles.enums import Role
from tests.factories import DossierFactory, person_with

MADE = re.compile(r"[0-9a-f]{32}")
GIVEN = "0f8b9c1d2e3f4a5b"  # pragma: allowlist secret


@pytest.fixture
def line(caplog):
    """The line of the one request made so far."""
    caplog.set_level(logging.DEBUG, "portal.requests")

    def only() -> dict[str, object]:
        (record,) = (record for record in caplog.records if record.name == "portal.requests")
        caplog.clear()
        return vars(record)

    return only


def test_every_answer_says_its_own_id(db, client: Client) -> None:
    ids = {client.get(address)["X-Request-ID"] for address in ("/connexion/", "/connexion/", "/nulle-part/")}
    assert len(ids) == 3
    assert all(MADE.fullmatch(request_id) for request_id in ids)


def test_the_id_of_the_proxy_is_kept(db, client: Client, settings) -> None:
    settings.BEHIND_TLS = True
    assert client.get("/sante/", headers={"X-Request-ID": GIVEN})["X-Request-ID"] == GIVEN


@pytest.mark.parametrize("given", ["short", "a b c d e f g h", "x" * 65, "jean@horizon.example", "0f8b9c1d2e3f4a5b\n"])
def test_an_ill_formed_id_is_not_believed(client: Client, settings, given: str) -> None:
    settings.BEHIND_TLS = True
    assert MADE.fullmatch(client.get("/sante/", headers={"X-Request-ID": given})["X-Request-ID"])


def test_without_a_proxy_no_id_is_believed(client: Client) -> None:
    assert client.get("/sante/", headers={"X-Request-ID": GIVEN})["X-Request-ID"] != GIVEN


def test_the_line_says_route_and_person_by_number(db, log_in, line) -> None:
    dossier = DossierFactory()
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    response = log_in(person).get(f"/dossiers/{dossier.number}/?q={dossier.beneficiary}")
    told = line()
    expected = {"method": "GET", "route": "/dossiers/<numero:numero>/", "status": 200, "user": person.pk}
    assert told.items() >= expected.items()
    assert told["duration_ms"] > 0
    assert response["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "address", "route", "status", "level"),
    [
        ("GET", "/sante/", "/sante/", 200, "DEBUG"),
        ("GET", "/nulle-part/", "none", 404, "INFO"),
        ("GET", "/static/nulle-part.css", "/static/", 404, "DEBUG"),
        ("BREW", "/sante/", "/sante/", 405, "DEBUG"),
    ],
)
def test_lines_of_nobody(db, client: Client, line, method, address, route, status, level) -> None:
    client.generic(method, address)
    told = line()
    expected = {"route": route, "status": status, "levelname": level, "user": None}
    assert told.items() >= expected.items()
    assert told["method"] in {"GET", "OTHER"}
