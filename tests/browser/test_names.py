"""Every name that INTERFACE gives to the screen is there, by its role and accessible name."""

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import DUBOIS, FORMATECH_LYON
from tests.browser.portal import Portal, Visit, number_of, pdf, status_pattern

pytestmark = pytest.mark.browser

# Role and name, by the screen where a person needs them; « file » is a file field, « status » a deposit’s.
FACTURE = [
    ("radiogroup", "Votre facture concerne des frais pédagogiques"),
    ("radio", "Oui"),
    ("radio", "Non"),
    ("file", "Facture"),
    ("button", "Étape suivante"),
    ("button", "Transmettre"),
]
DETAILS = [
    ("textbox", "Rechercher un autre dossier à associer"),
    ("textbox", "Numéro de la facture"),
    ("textbox", "Date d'émission"),
    ("textbox", "Montant HT"),
    ("textbox", "Montant TTC"),
    ("button", "Étape précédente"),
    ("button", "Étape suivante"),
    ("button", "Transmettre"),
]
SUPPORTING = [
    ("file", "Certificat de réalisation"),
    ("combobox", "Ajouter un autre type de document"),
    ("button", "+"),
    ("button", "Valider"),
    ("button", "Étape précédente"),
    ("button", "Transmettre"),
]
SEND = [("button", "Transmettre"), ("button", "Étape précédente")]
TAB = [
    ("link", "Ajouter une facture"),
    ("combobox", "Ajouter un autre type de document"),
    ("button", "+"),
]
DRAFT = [("link", "Reprendre"), ("button", "Supprimer le brouillon"), ("heading", "Brouillon")]
PENDING = [("status", "En cours de transmission"), ("button", "Annuler le dépôt")]
CANCELLED = [("status", "Annulé")]
TRANSMITTED = [("status", "Transmis")]


def find(within: Locator, role: str, name: str) -> Locator:
    if role == "file":
        return within.get_by_label(name, exact=True).and_(within.locator("input[type=file]"))
    if role == "status":
        return within.get_by_text(status_pattern(name))
    return within.get_by_role(role, name=name, exact=True)


def expect_names(portal: Portal, names: list[tuple[str, str]], within: Locator | None = None) -> None:
    """Each of these is on the screen, or within this part of it, once."""
    for role, name in names:
        found = find(within or portal.page.locator("body"), role, name)
        expect(found, f"{role} « {name} »").to_have_count(1)
        expect(found, f"{role} « {name} »").to_be_visible()


def test_every_name_is_found_on_the_way_of_an_invoice(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    dossier = number_of(Request(DUBOIS, FORMATECH_LYON, Product.CPRO, DossierStatus.VALIDE))
    portal.open_documents(dossier)
    expect_names(portal, TAB)
    portal.link("Ajouter une facture").click()
    portal.expect_step("Ajout de la facture")
    expect_names(portal, FACTURE)
    portal.fill_facture("Oui", pdf("noms.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    expect_names(portal, DETAILS)
    portal.fill_details("NOMS-1", f"{timezone.localdate():%d/%m/%Y}", "100", "")
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")

    portal.open_documents(dossier)
    expect_names(portal, DRAFT, within=portal.deposit("Brouillon"))
    portal.link("Reprendre").click()
    portal.expect_step("Détails de la facture")
    portal.box("Montant TTC").fill("120")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    expect_names(portal, SUPPORTING)
    portal.file_field("Certificat de réalisation").set_input_files(pdf("certificat.pdf", "Certificat"))
    portal.press("Valider")
    portal.expect_step("Transmettre")
    expect_names(portal, SEND)

    portal.press("Transmettre")
    portal.expect_receipt(dossier, "Facture NOMS-1")
    portal.open_documents(dossier)
    expect_names(portal, PENDING, within=portal.deposit("Facture NOMS-1"))
    portal.press("Annuler le dépôt")
    portal.expect_tab(dossier)
    expect_names(portal, CANCELLED, within=portal.deposit("Facture NOMS-1"))

    transmitted = number_of(Request(DUBOIS, FORMATECH_LYON, Product.CPRO, DossierStatus.EN_COURS_DE_REGLEMENT))
    portal.open_documents(transmitted)
    expect_names(portal, TRANSMITTED, within=portal.deposit("Facture F2026-094"))
