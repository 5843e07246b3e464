"""The OPCO changes its catalogue and its limits, and a depositor works with them a moment later."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import OTHER_DOCUMENT, Look, Portal, Visit, number_of, pdf

pytestmark = pytest.mark.browser

LABEL = "Attestation de fin de formation"


def change_size(staff: Portal, megabytes: int) -> None:
    """The limit of a file's size, by its page."""
    staff.open("/admin/invoices/limits/1/change/")
    staff.page.get_by_role("spinbutton", name="Taille d’un fichier, en Mo").fill(str(megabytes))
    staff.press("Enregistrer")
    expect(staff.page.get_by_text("a été modifié avec succès")).to_be_visible()


def test_a_type_and_a_limit_changed_in_the_back_office_are_there_for_depositors(visit: Visit, look: Look) -> None:
    staff = visit("superviseur")
    staff.open("/admin/invoices/catalogueentry/")
    look(staff, "catalogue")
    staff.open("/admin/invoices/catalogueentry/add/")
    staff.box("Libellé :").fill(LABEL)
    staff.box("Code :").fill("ATTESTATION_FIN")
    staff.page.get_by_role("checkbox", name=str(Product.VAE.label)).check()
    staff.page.get_by_role("checkbox", name="À facturer").check()
    look(staff, "nouveau-type")
    staff.press("Enregistrer")
    expect(staff.page.get_by_text("a été ajouté avec succès")).to_be_visible()
    staff.open("/admin/invoices/catalogueentry/RIB/change/")
    look(staff, "type")
    staff.open("/admin/invoices/limits/1/change/")
    look(staff, "limites")
    change_size(staff, 12)
    try:
        deposit_one(visit("saisie_prestataire"))
    finally:  # the other tests have the guide's limit
        change_size(staff, 10)


def deposit_one(portal: Portal) -> None:
    """A document of the new type, outside an invoice."""
    number = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.VAE, DossierStatus.A_FACTURER))
    # Each process of the web server may have read the catalogue a moment ago.
    portal.page.wait_for_timeout(1000 * settings.CATALOGUE_SECONDS)
    portal.open_documents(number)
    portal.page.get_by_role("combobox", name=OTHER_DOCUMENT).select_option(label=LABEL)
    portal.press("+")
    expect(portal.page.get_by_text(re.compile(r"Un PDF de 12\sMo au plus"))).to_be_visible()
    portal.file_field(LABEL).set_input_files(pdf("attestation.pdf", "Attestation"))
    portal.press("Valider")
    expect(portal.page.get_by_text(re.compile(rf"«\s{LABEL}\s» déposé"))).to_be_visible()
    expect(portal.deposit(LABEL)).to_be_visible()
