"""A session that ends in the middle of a step loses nothing of what was typed (RULES.md §5)."""

import json

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from invoices.wizard import lapsed
from portal.demo import PASSWORD
from roles.enums import Role
from tests.factories import DossierFactory, person_with
from tests.wizard import Wizard, pdf

pytestmark = pytest.mark.django_db

THERE = "Votre session avait expiré"
TYPED = {"number": "F-77", "issue_date": "hier", "amount_ht": "12,5", "amount_ttc": "15", "recherche": "dubois"}


@pytest.fixture
def started(wizard, provider, dossier) -> Wizard:
    started = wizard(provider, dossier)
    started.facture()
    return started


def end_session(started: Wizard) -> None:
    """What the server does with a session that has ended; the browser keeps its cookies."""
    Session.objects.filter(pk=started.client.session.session_key).delete()


def log_in_at(client: Client, address: str, person) -> str:
    """Fill in the log-in page at this address; where it leads."""
    page = client.get(address)
    assert page.status_code == 200
    response = client.post(address, {"username": person.email, "password": PASSWORD, "next": page.context["next"]})
    assert response.status_code == 302
    return response.url


def test_the_same_step_after_the_log_in_with_what_was_typed(started, provider):
    saved = started.draft
    end_session(started)
    key = started.client.cookies["sessionid"].value
    refused = started.post("details", TYPED)
    assert refused.url == f"/connexion/?next={started.url('details')}"
    assert "vous retrouverez ce que vous avez saisi" in started.client.get(refused.url).content.decode()
    assert log_in_at(started.client, refused.url, provider) == started.url("details")
    assert started.client.cookies["sessionid"].value != key
    for _ in range(2):  # reloading loses nothing either
        page = started.get("details").content.decode()
        assert THERE in page
        for typed in TYPED.values():
            assert f'value="{typed}"' in page
    assert started.draft.data == saved.data  # « Étape suivante » was not pressed again
    response = started.post("details", TYPED | {"issue_date": f"{timezone.localdate():%d/%m/%Y}"})
    assert response.url == started.url("justificatifs")
    assert THERE not in started.get("details").content.decode()
    assert lapsed.SESSION_KEY in started.client.session
    assert started.client.session[lapsed.SESSION_KEY] == {}


def test_a_file_is_not_kept_and_asked_for_again(started, provider):
    end_session(started)
    refused = started.post("facture", {"covers_tuition": "non"}, facture=pdf())
    log_in_at(started.client, refused.url, provider)
    page = started.get("facture").content.decode()
    assert "Choisissez de nouveau le fichier" in page
    assert 'value="non"' in page
    assert "checked" in page.split('value="non"')[1].split(">")[0]


def test_another_person_gets_nothing_of_it(started, dossier):
    end_session(started)
    refused = started.post("details", TYPED)
    colleague = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    log_in_at(started.client, refused.url, colleague)
    response = started.get("details")
    assert response.status_code == 404
    assert "F-77" not in response.content.decode()
    assert started.client.session[lapsed.SESSION_KEY] == {}


def test_what_was_saved_since_is_newer(started, provider, log_in):
    end_session(started)
    refused = started.post("details", TYPED)
    Wizard(log_in(provider), started.depot, started.dossier).post("details", {"number": "F-78"})
    log_in_at(started.client, refused.url, provider)
    page = started.get("details").content.decode()
    assert "F-78" in page
    assert "F-77" not in page
    assert THERE not in page


def test_tabs_do_not_mix(started, wizard, provider, dossier):
    other = wizard(provider, dossier, client=started.client)
    other.facture()
    end_session(started)
    started.post("details", {"number": "F-1"})
    refused = other.post("details", {"number": "F-2"})
    log_in_at(started.client, refused.url, provider)
    assert 'value="F-1"' in started.get("details").content.decode()
    assert 'value="F-2"' in other.get("details").content.decode()


def test_what_waits_is_bounded(wizard, provider):
    client, drafts = Client(), []
    client.force_login(provider)
    for dossier in DossierFactory.create_batch(12, training_provider=provider.role_assignments.get().establishment):
        drafts.append(wizard(provider, dossier, client=client))
        drafts[-1].facture("non")
    end_session(drafts[0])
    for started in drafts:
        started.post("details", dict.fromkeys(TYPED, "x" * 9_000) | {"password": "secret", "csrfmiddlewaretoken": "t"})
    kept = client.session[lapsed.SESSION_KEY]
    assert len(json.dumps(kept)) <= lapsed.MAX_BYTES
    assert drafts[-1].url("details") in kept
    assert drafts[0].url("details") not in kept
    assert "secret" not in json.dumps(kept)
    assert set(kept[drafts[-1].url("details")]["typed"]) == {f"details-{name}" for name in TYPED}


@pytest.mark.parametrize("step", ["details", "transmettre"])
def test_a_forged_request_keeps_nothing(started, step):
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post(started.url(step), {f"{step}-number": "F-66"}).status_code == 403
    assert not stranger.session.get(lapsed.SESSION_KEY)


def test_who_knows_no_draft_makes_no_session(started):
    stranger = Client()
    sessions = Session.objects.count()
    unknown = started.url("details").replace(str(started.depot), "0" * 8 + str(started.depot)[8:])
    assert stranger.post(unknown, {"details-number": "F-66"}).status_code == 302
    assert Session.objects.count() == sessions


@pytest.mark.parametrize("address", ["/depots/{}/annuler/", "/depots/{}/supprimer/"])
def test_other_buttons_lead_back_and_do_nothing(started, provider, address):
    end_session(started)
    refused = started.client.post(address.format(started.depot))
    assert refused.status_code == 302
    back = log_in_at(started.client, refused.url, provider)
    assert started.client.get(back).status_code in (302, 404)
    assert started.draft.deleted_at is None


def test_a_form_of_another_log_in_shows_what_was_typed_and_keeps_nothing(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(provider)
    before = started.draft.data
    response = Wizard(strict, started.depot, dossier).post("details", {"number": "<b>F-7</b>", "amount_ht": "12"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "Formulaire périmé" in page
    assert "&lt;b&gt;F-7&lt;/b&gt;" in page
    assert f'href="{started.url("details")}"' in page
    assert started.draft.data == before
    assert "Revenez à la page précédente" in strict.post("/connexion/", {"username": "x"}).content.decode()
