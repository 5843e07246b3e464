"""What the wizard does with what was read in a file: it proposes, the person decides (RULES.md §5.1 to §5.3)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invoices.models import Document
from roles.enums import Side
from tests import factur_x, pdfs
from tests.factories import DossierFactory, make_deposit
from tests.factur_x import YESTERDAY, invoice
from tests.invoices.extraction import electronic
from tests.wizard import Wizard, pdf
from trail.models import Event

pytestmark = pytest.mark.django_db

MARK = "lu dans votre facture Factur-X"
PROPOSED = {
    "number": "F2026-118",
    "issue_date": f"{YESTERDAY:%d/%m/%Y}",
    "amount_ht": "4 000,00",
    "amount_ttc": "4 800,00",
}


@pytest.fixture
def started(wizard, provider, dossier) -> Wizard:
    return wizard(provider, dossier)


def shown(response) -> str:
    """The words of a page, white space as it is read."""
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", response.content.decode().replace("\u202f", " ").replace("&#x27;", "'"))


def fields(started: Wizard) -> dict[str, str]:
    """What the fields of the second step hold."""
    page = started.get("details").content.decode()
    return {name: (re.search(rf'name="details-{name}" value="([^"]*)"', page) or ["", ""])[1] for name in PROPOSED}


def marked(started: Wizard) -> set[str]:
    """The fields with the words on where their value was read, which their controls name."""
    page = started.get("details").content.decode()
    found = set(re.findall(r'class="field__mark"\s+id="id_details-(\w+)_mark"', page))
    for name in found:
        control = re.search(rf'<input[^>]*name="details-{name}"[^>]*>', page)
        assert control, name
        assert f"id_details-{name}_mark" in control[0]
    return found


# --- Filled in -----------------------------------------------------------------------------------------------------


def test_the_details_come_filled_in_and_marked(started):
    assert started.facture(file=invoice()).url == started.url("details")
    assert fields(started) == PROPOSED
    assert marked(started) == set(PROPOSED)
    assert MARK in shown(started.get("details"))


def test_an_invoice_in_another_syntax_is_not_called_factur_x(started):
    xml = electronic.ubl_of(electronic.invoice(("4000.00", "20")))
    started.facture(file=factur_x.sent(pdfs.embedded(xml)))
    page = shown(started.get("details"))
    assert "lu dans votre facture UBL" in page
    assert "Factur-X" not in page


def test_a_value_that_is_changed_loses_its_mark_and_is_kept(started):
    started.facture("non", invoice())
    started.post("details", PROPOSED | {"number": "F2026-119"}, press="wizard_goto_step", value="facture")
    assert marked(started) == set(PROPOSED) - {"number"}
    # Another file: what was typed stays, the rest is of that file.
    started.facture("non", invoice(number="G-1", ht="10.00", vat="0.00", ttc="10.00"))
    assert fields(started) == PROPOSED | {"number": "F2026-119", "amount_ht": "10,00", "amount_ttc": "10,00"}


def test_what_a_file_proposed_goes_with_it(started):
    started.facture("non", invoice())
    started.post("facture", press="retirer-piece", value="facture")
    started.facture("non", pdf())
    assert fields(started) == dict.fromkeys(PROPOSED, "")
    assert marked(started) == set()


def test_another_tab_that_is_open_on_the_step_erases_no_proposal(started):
    started.facture("non", pdf())
    stamp = started.stamp("details")
    started.facture("non", invoice())
    kept = started.post("details", dict.fromkeys(PROPOSED, ""), press="garder", stamp=stamp)
    assert kept.status_code == 204
    assert fields(started) == PROPOSED
    left = started.post("details", dict.fromkeys(PROPOSED, "") | {"number": "À MOI"}, stamp=stamp)
    assert "modifié dans un autre onglet" in shown(left)


def test_what_is_proposed_is_looked_at_before_it_is_sent(started):
    started.facture("non", invoice())
    assert "À vérifier" in shown(started.get("facture"))
    assert started.get("transmettre").url == started.url("details")
    assert started.post("details", PROPOSED).url == started.url("justificatifs")
    started.justificatifs()
    assert started.get("transmettre").status_code == 200
    # Another file, another look.
    started.facture("non", invoice(number="G-1"))
    assert started.get("transmettre").url == started.url("details")


# --- Told at the upload --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"type_code": "381"}, "Ce PDF est un avoir, d’après ses données électroniques"),
        ({"currency": "USD"}, "Cette facture n’est pas en euros, d’après ses données électroniques"),
    ],
)
def test_what_is_no_invoice_of_the_portal_is_refused_beside_its_field(started, values, sentence):
    page = shown(started.facture(file=invoice(**values)))
    assert f"facture.pdf : {sentence}" in page
    assert not Document.objects.exists()
    assert fields(started) == dict.fromkeys(PROPOSED, "")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"ttc": "4900.00"},
            "Les montants lus ne s’additionnent pas : 4 000,00 € HT et 800,00 € de TVA ne font pas 4 900,00 € TTC.",
        ),
        ({"seller_siren": "732829320"}, "Cette facture est établie au SIREN 732 829 320, qui n’est pas celui de"),
        ({"issued": timezone.localdate() + timedelta(days=9)}, "La date d’émission est postérieure à aujourd’hui"),
        ({"issued": timezone.localdate() - timedelta(days=3000)}, "La date d’émission a plus de 5 ans"),
    ],
)
def test_what_is_odd_is_told_before_anything_is_typed(started, values, sentence):
    started.post("facture", press="recevoir", value="facture", facture=invoice(**values))
    assert sentence in shown(started.get("facture"))
    assert started.draft.documents.count() == 1


def test_a_number_that_is_used_is_told_to_whom_may_see_by_what(started, dossier, provider):
    make_deposit(dossier, provider, number="f 2026-118")
    started.facture("non", invoice())
    page = shown(started.get("facture"))
    assert "Ce numéro est déjà celui de la facture déposée le" in page
    assert f"dans le dossier {dossier.number}" in page
    assert "Ce numéro est déjà celui de la facture déposée le" in shown(started.post("details", PROPOSED))


def test_a_company_is_not_told_of_the_seller(wizard, employer, dossier):
    started = wizard(employer, dossier)
    started.facture("non", invoice(seller_siren="732829320"))
    assert "SIREN" not in shown(started.get("facture"))


def test_the_training_provider_s_own_invoice_is_told_nothing(started, dossier):
    started.facture("non", invoice(seller_siren=dossier.training_provider.company.siren))
    assert "notice" not in re.search(r'data-file-field="facture".*?</form>', shown(started.get("facture")))[0]


def test_several_invoices_in_one_pdf_propose_nothing_and_are_told_calmly(started):
    both = pdfs.embedded_twice(factur_x.xml(), factur_x.xml("F2026-119"))
    started.facture("non", factur_x.sent(both))
    assert "données électroniques de plusieurs factures" in shown(started.get("facture"))
    assert fields(started) == dict.fromkeys(PROPOSED, "")


# --- Typed otherwise -----------------------------------------------------------------------------------------------


def confirmation(page: str) -> str:
    """What the box « Je confirme les valeurs saisies » stands for."""
    return re.search(r'<input type="checkbox" name="details-confirmed"[^>]*value="(\w+)"', page)[1]


def test_what_differs_from_the_xml_is_shown_beside_it_and_confirmed(started):
    started.facture("non", invoice())
    other = PROPOSED | {"amount_ttc": "4 850,00", "number": "f 2026-118"}
    page = shown(started.post("details", other))
    assert "<strong>Montant TTC</strong>" in page
    assert "Dans la facture&nbsp;: 4 800,00 € · Saisi&nbsp;: 4 850,00 €" in page
    # The same number, written otherwise.
    assert "<strong>Numéro de la facture</strong>" not in page
    assert "corrigez-le, ou confirmez-le." in page
    confirmed = {"confirmed": confirmation(page)}
    assert started.post("details", other | confirmed).url == started.url("justificatifs")
    started.justificatifs()
    # Said again only once something changed.
    assert started.get("transmettre").status_code == 200
    started.post("details", other | {"amount_ttc": "4 900,00"}, press="wizard_goto_step", value="facture")
    assert started.get("transmettre").url == started.url("details")
    started.post("details", other | confirmed)
    started.send()
    assert started.deposit.invoice.differs_from_xml


def test_a_box_that_is_not_ticked_any_more_confirms_nothing(started):
    started.facture("non", invoice())
    other = PROPOSED | {"amount_ttc": "4 850,00"}
    confirmed = confirmation(shown(started.post("details", other)))
    started.post("details", other | {"confirmed": confirmed})
    assert "checked" in re.search(r'<input type="checkbox"[^>]*>', shown(started.get("details")))[0]
    assert "corrigez-le, ou confirmez-le." in shown(started.post("details", other | {"confirmed": ""}))


def test_a_deposit_as_the_xml_says_is_no_other(started):
    started.facture("non", invoice())
    started.post("details", PROPOSED)
    started.justificatifs()
    started.send()
    assert not started.deposit.invoice.differs_from_xml
    assert started.deposit.documents.get().reading["number"] == "F2026-118"
    assert "Jeanne" not in str(started.deposit.documents.get().reading)


# --- Dossiers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def other(dossier):
    return DossierFactory(
        training_provider=dossier.training_provider,
        beneficiary_first_name="Anne-Lise",
        beneficiary_last_name="D’Hérouville",
    )


def offered(page: str) -> list[str]:
    """The dossiers that a step offers to associate."""
    section = re.search(r'aria-labelledby="dossiers-reconnus".*?</section>', page)
    return re.findall(r'name="associer" value="([^"]+)"', section[0]) if section else []


def test_a_dossier_that_a_document_names_is_offered_and_not_added(started, dossier, other):
    started.facture("non", pdf(text=f"{dossier.number}\nBénéficiaire : D'HÉROUVILLE Anne-Lise, Autre Personne"))
    page = shown(started.get("details"))
    assert offered(page) == [other.number]
    assert "Dossier reconnu dans vos documents" in page
    assert started.draft.data["extra_data"]["dossiers"] == []
    # The name is kept nowhere.
    kept = [started.draft.data, *Document.objects.values("reading"), *Event.objects.values("details")]
    assert "HÉROUVILLE" not in str(kept).upper()
    started.post("details", press="associer", value=other.number)
    assert started.draft.data["extra_data"]["dossiers"] == [other.pk]
    assert offered(shown(started.get("details"))) == []


def test_it_is_offered_beside_the_supporting_documents_too(started, other):
    started.facture("oui", pdf())
    started.details()
    assert offered(shown(started.get("justificatifs"))) == []
    certificate = pdf("certificat.pdf", f"Certificat, dossier {other.number.lower()}")
    started.post("justificatifs", press="recevoir", value="certificat", certificat=certificate)
    assert offered(shown(started.get("justificatifs"))) == [other.number]
    started.post("justificatifs", press="associer", value=other.number)
    page = shown(started.get("justificatifs"))
    assert offered(page) == []
    assert f"Dossiers associés&nbsp;: {other.number}." in page


def test_what_the_person_may_not_associate_is_not_offered(started):
    elsewhere = DossierFactory()
    started.facture("non", pdf(text=f"{elsewhere.number} {elsewhere.beneficiary}"))
    assert offered(shown(started.get("details"))) == []


def test_a_dossier_closed_since_is_not_offered_and_is_refused_in_words(started, other):
    started.facture("oui", invoice(note=other.number))
    started.details(**PROPOSED)
    type(other).objects.filter(pk=other.pk).update(status="REFUSE")
    assert offered(shown(started.get("justificatifs"))) == []
    refused = started.post("justificatifs", press="associer", value=other.number)
    assert "Ce dossier ne peut pas être associé à ce dépôt." in shown(refused)


def test_the_last_step_costs_no_query_more(wizard, provider, dossier):
    def queries(file) -> int:
        started = wizard(provider, dossier)
        started.facture("non", file)
        started.post("details", PROPOSED)
        started.justificatifs()
        with CaptureQueriesContext(connection) as made:
            assert started.get("transmettre").status_code == 200
        return len(made)

    assert queries(invoice()) == queries(pdf())


def test_a_company_s_deposit_is_told_of_its_own_perimeter(wizard, employer, provider, dossier):
    make_deposit(dossier, provider, Side.PRESTATAIRE, number="F2026-118")
    started = wizard(employer, dossier)
    started.facture("non", invoice())
    assert "déjà" not in shown(started.get("facture"))
