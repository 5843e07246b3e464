"""Nothing typed is lost, and no tab that was left open erases it (RULES.md §5)."""

import re

import pytest
from django.utils import timezone

from invoices.models import Draft
from invoices.wizard import lapsed, stamps
from invoices.wizard.views import CHOICES
from roles.enums import Role
from tests.factories import DossierFactory, person_with
from tests.invoices.test_lapsed import end_session, log_in_at
from tests.wizard import Wizard, pdf

pytestmark = pytest.mark.django_db

EMPTY = dict.fromkeys(("number", "issue_date", "amount_ht", "amount_ttc", "recherche"), "")
ELSEWHERE = "modifié dans un autre onglet"


def typed(**others: str) -> dict[str, str]:
    today = f"{timezone.localdate():%d/%m/%Y}"
    return {"number": "F-1", "issue_date": today, "amount_ht": "10", "amount_ttc": "12", "recherche": ""} | others


def held(started: Wizard, step: str = "details") -> dict[str, str]:
    values = started.draft.data["step_data"].get(step, {})
    return {name.removeprefix(f"{step}-"): value for name, (value,) in values.items()}


@pytest.fixture
def started(wizard, provider, dossier) -> Wizard:
    started = wizard(provider, dossier)
    started.facture("non")
    return started


# --- A tab left open -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("press", "value"),
    [
        ("wizard_goto_step", "facture"),
        ("wizard_goto_step", "transmettre"),
        ("associer", "CPRO-1"),
        ("rechercher", "1"),
        (None, "1"),
    ],
)
def test_an_untouched_tab_erases_nothing(started, press, value):
    started.post("details", EMPTY | {"number": "F-0"}, press="rechercher")
    stamp = started.stamp("details")
    started.post("details", typed())
    started.post("details", EMPTY | {"number": "F-0"}, press=press, value=value, stamp=stamp)
    assert held(started) == typed()


@pytest.mark.parametrize("mark", [":", "!"], ids=["without the script", "with it"])
@pytest.mark.parametrize("press", [None, "wizard_goto_step", "associer"])
def test_what_is_typed_in_a_stale_tab_wins_once_the_person_was_told(started, press, mark):
    stamp = started.stamp("details").replace("number:", f"number{mark}")
    started.post("details", typed())
    stale = EMPTY | {"number": "F-2"}
    response = started.post("details", stale, press=press, value="facture", stamp=stamp)
    assert response.status_code == 200
    page = response.content.decode()
    assert f"{ELSEWHERE}, qui a enregistré\u00a0: Numéro de la facture, «\u00a0F-1\u00a0»." in page
    assert 'value="F-2"' in page
    assert 'value="12"' in page
    assert held(started) == typed()
    told = re.search(r'name="vu"\s+value="([^"]*)"', page)[1]
    started.post("details", typed(number="F-2"), press="wizard_goto_step", value="facture", stamp=told)
    assert held(started) == typed(number="F-2")


def test_what_was_changed_back_to_what_the_page_showed_is_no_overwriting(started):
    """Without a script it looks untouched; with one it is typed, and the person is told."""
    started.post("details", typed())
    stamp = started.stamp("details")
    started.post("details", typed(number="F-9"))
    asked = {"press": "wizard_goto_step", "value": "facture"}
    assert started.post("details", typed(), stamp=stamp, **asked).status_code == 302
    told = started.post("details", typed(), stamp=stamp.replace("number:", "number!"), **asked)
    assert "Numéro de la facture, «\u00a0F-9\u00a0»." in told.content.decode()
    assert held(started) == typed(number="F-9")


def test_a_choice_of_another_tab_is_told_in_its_words(wizard, provider, dossier):
    started = wizard(provider, dossier)
    stamp = started.stamp("facture")
    started.post("facture", {"covers_tuition": "non"})
    page = started.post("facture", {"covers_tuition": "oui"}, stamp=stamp, facture=pdf()).content.decode()
    assert ", «\u00a0Non\u00a0»." in page
    assert started.draft.documents.get().name == "facture.pdf"
    assert held(started, "facture") == {"covers_tuition": "non"}


def test_what_another_tab_emptied_is_told_as_nothing(started):
    started.post("details", typed())
    stamp = started.stamp("details")
    started.post("details", typed(number=""), press="wizard_goto_step", value="facture")
    page = started.post("details", typed(number="F-2"), stamp=stamp).content.decode()
    assert "Numéro de la facture, rien." in page


def test_what_is_emptied_on_purpose_is_empty(started):
    started.post("details", typed())
    stamp = started.stamp("details")
    started.post("details", typed(number=""), press="wizard_goto_step", value="facture", stamp=stamp)
    assert held(started) == typed(number="")


@pytest.mark.parametrize("press", [None, "wizard_goto_step"])
def test_leaving_a_stale_step_forwards_shows_it_again(started, press):
    stamp = started.stamp("details")
    started.post("details", typed())
    response = started.post("details", EMPTY, press=press, value="transmettre", stamp=stamp)
    assert response.url == started.url("details")
    page = started.get("details").content.decode()
    assert ELSEWHERE in page
    assert 'value="F-1"' in page
    response = started.post("details", typed(), stamp=started.stamp("details"))
    assert response.url == started.url("justificatifs")


def test_a_stale_step_goes_on_when_both_tabs_say_the_same(started):
    stamp = started.stamp("details")
    started.post("details", typed())
    assert started.post("details", typed(), stamp=stamp).url == started.url("justificatifs")


@pytest.mark.parametrize("posted", [{}, {"covers_tuition": "oui"}])
def test_the_answer_to_the_first_step_is_not_erased_either(wizard, provider, dossier, posted):
    started = wizard(provider, dossier)
    started.post("facture", posted)
    stamp = started.stamp("facture")
    started.facture("non")
    assert started.post("facture", posted, stamp=stamp).url == started.url("facture")
    assert held(started, "facture") == {"covers_tuition": "non"}
    assert ELSEWHERE in started.get("facture").content.decode()


def test_files_kept_in_a_stale_step_are_kept(wizard, provider, dossier):
    started = wizard(provider, dossier)
    stamp = started.stamp("facture")
    started.post("facture", {"covers_tuition": "non"})
    started.post("facture", press="recevoir", value="facture", stamp=stamp, facture=pdf())
    assert started.draft.documents.get().name == "facture.pdf"
    assert held(started, "facture") == {"covers_tuition": "non"}


@pytest.mark.parametrize("stamp", ["vu", "details-number:zz \x00:1 é:2\n", "x" * 5000])
def test_a_stamp_that_is_none_changes_nothing(started, stamp):
    started.post("details", typed())
    started.post("details", EMPTY, press="wizard_goto_step", value="facture", stamp=stamp)
    assert held(started) == EMPTY
    assert keep(started, "details", typed(), stamp).status_code == 204
    assert held(started) == EMPTY


def keep(started: Wizard, step: str, data: dict, stamp: str):
    return started.post(step, data, press=stamps.KEEP, stamp=stamp)


def test_what_is_typed_is_kept_and_nothing_else_happens(started):
    before = started.draft
    posted = EMPTY | {"number": "F-1", "amount_ht": "dix", "recherche": "dub"}
    response = keep(started, "details", posted, started.stamp("details"))
    assert (response.status_code, response.content) == (204, b"")
    after = started.draft
    assert held(started) == {"number": "F-1", "issue_date": "", "amount_ht": "dix", "amount_ttc": ""}
    assert after.saved_at > before.saved_at
    assert after.data["step"] == before.data["step"] == "details"
    assert after.data["extra_data"] == before.data["extra_data"]
    assert "À corriger" not in started.get("details").content.decode()
    assert response[stamps.HEADER] == started.stamp("details")


def test_the_page_goes_on_with_the_stamp_of_the_answer(started):
    stamp = keep(started, "details", EMPTY | {"number": "F-1"}, started.stamp("details"))[stamps.HEADER]
    stamp = keep(started, "details", EMPTY, stamp)[stamps.HEADER]
    assert held(started)["number"] == ""
    started.post("details", typed(number="F-2"), press="wizard_goto_step", value="facture", stamp=stamp)
    assert held(started) == typed(number="F-2")


def test_the_current_step_stays(started):
    started.post("details", typed())
    keep(started, "facture", {"covers_tuition": "oui"}, started.stamp("facture"))
    assert held(started, "facture") == {"covers_tuition": "oui"}
    assert started.draft.data["step"] == "justificatifs"


def test_a_start_of_which_something_was_kept_is_a_draft(wizard, provider, dossier):
    started = wizard(provider, dossier)
    keep(started, "facture", {"covers_tuition": "oui"}, started.stamp("facture"))
    for address in (f"/dossiers/{dossier.number}/documents/", "/"):
        assert started.url("facture") in started.client.get(address).content.decode()


def test_nothing_is_saved_where_nothing_changed(started):
    started.post("details", typed())
    before = started.draft.saved_at
    keep(started, "details", typed(), started.stamp("details"))
    assert started.draft.saved_at == before


def test_one_that_comes_late_undoes_nothing(started):
    stamp = started.stamp("details")
    started.post("details", typed(number="F-2"))
    answer = keep(started, "details", EMPTY | {"number": "F"}, stamp)
    assert answer.status_code == 204
    assert held(started) == typed(number="F-2")
    # The page that sent it is as stale as before: its empty fields still erase nothing.
    started.post("details", EMPTY, press="wizard_goto_step", value="facture", stamp=answer[stamps.HEADER])
    assert held(started) == typed(number="F-2")


def test_a_draft_that_has_gone_is_no_error_and_says_nothing(started):
    stamp = started.stamp("details")
    started.details()
    started.justificatifs()
    started.send()
    response = keep(started, "details", EMPTY | {"number": "F-9"}, stamp)
    assert (response.status_code, stamps.HEADER in response) == (204, False)
    assert "déjà parti" not in started.client.get("/").content.decode()


def test_the_rights_are_those_of_the_wizard(started, provider, dossier, log_in):
    stamp = started.stamp("details")
    colleague = Wizard(log_in(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)), started.depot, dossier)
    assert keep(colleague, "details", EMPTY | {"number": "INTRUS"}, stamp).status_code == 204
    assert held(started) == {}
    type(dossier).objects.filter(pk=dossier.pk).update(subrogated=False)
    assert keep(started, "details", EMPTY | {"number": "F-1"}, stamp).status_code == 403
    provider.role_assignments.all().delete()
    keep(started, "details", EMPTY | {"number": "F-1"}, stamp)
    assert held(started) == {}


# --- A session that ended --------------------------------------------------------------------------------------


def back(started: Wizard, provider, step: str, data: dict | None = None, **pressed) -> str:
    """The step's page after its button was pressed in a session that had ended, and a log-in."""
    end_session(started)
    refused = started.post(step, data, **pressed)
    log_in_at(started.client, refused.url, provider)
    return started.get(step).content.decode().replace("\u00a0", " ")


def test_transmettre_was_not_done_and_the_step_says_so(started, provider):
    started.details()
    started.justificatifs()
    said = "rien n’a été envoyé. Relisez, puis pressez de nouveau « Transmettre »."
    assert said in back(started, provider, "transmettre", {"shown": ""})
    assert Draft.objects.filter(pk=started.depot).exists()
    assert started.send().url.startswith("/depots/")
    assert not Draft.objects.filter(pk=started.depot).exists()


def test_the_log_in_promises_nothing_where_nothing_was_typed(started):
    started.details()
    started.justificatifs()
    end_session(started)
    refused = started.send()
    assert "vous retrouverez" not in started.client.get(refused.url).content.decode()


@pytest.mark.parametrize(
    ("step", "data", "press"),
    [
        ("details", {"recherche": "dub"}, "associer"),
        ("details", {}, "dissocier"),
        ("justificatifs", {"type": "RIB"}, "ajouter-piece"),
        ("justificatifs", {}, "retirer-piece"),
    ],
)
def test_a_choice_was_not_made_and_the_step_says_so(started, provider, step, data, press):
    started.details()
    page = back(started, provider, step, data, press=press, value="x")
    assert "ce que vous aviez saisi est là, mais votre dernière action n’a pas été faite." in page


@pytest.mark.parametrize("press", [None, "wizard_goto_step", "rechercher"])
def test_other_buttons_say_what_they_said(started, provider, press):
    page = back(started, provider, "details", {"number": "F-1"}, press=press, value="facture")
    assert "ce que vous aviez saisi est là." in page


def test_every_choice_that_changes_the_draft_is_told(started):
    buttons = {button for choices in CHOICES.values() for button in choices}
    assert buttons - {"recevoir", "rechercher"} == lapsed.CHOICES


def test_a_stale_tab_of_an_ended_session_erases_nothing(started, provider):
    stamp = started.stamp("details")
    started.post("details", typed())
    page = back(started, provider, "details", EMPTY | {"amount_ttc": "15"}, stamp=stamp)
    assert 'value="F-1"' in page
    assert 'value="15"' in page


def test_what_waited_is_saved_by_the_page_that_shows_it(started, provider):
    started.post("details", typed())
    stamp = started.stamp("details")
    back(started, provider, "details", typed(number="F-2"), stamp=stamp)
    started.post("details", typed(number="F-2"), stamp=started.stamp("details"))
    assert held(started)["number"] == "F-2"


def test_a_page_that_keeps_by_itself_leaves_nothing_in_an_ended_session(started):
    stamp = started.stamp("details")
    end_session(started)
    assert keep(started, "details", EMPTY | {"number": "F-1"}, stamp).status_code == 302
    assert lapsed.SESSION_KEY not in started.client.session


def test_an_association_of_a_stale_tab_is_made(started, dossier):
    other = DossierFactory(training_provider=dossier.training_provider, status=dossier.status)
    stamp = started.stamp("details")
    started.post("details", typed())
    started.post("details", EMPTY, press="associer", value=other.number, stamp=stamp)
    assert held(started) == typed()
    assert started.draft.data["extra_data"]["dossiers"] == [other.pk]
