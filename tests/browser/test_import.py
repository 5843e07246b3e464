"""The back office brings in a file of dossiers: sent, checked, confirmed, imported, by a real worker."""

import re

import pytest
from playwright.sync_api import expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.back_office import violations
from tests.browser.portal import Look, Visit, number_of

pytestmark = pytest.mark.browser

REFUSED = Request(HORIZON_LYON, FORMATECH_LYON, Product.VAE, DossierStatus.REFUSE)


def test_a_file_of_dossiers_is_imported(visit: Visit, look: Look) -> None:
    portal = visit("superviseur", reduced_motion="reduce")
    page, number = portal.page, number_of(REFUSED)
    portal.open("/admin/dossiers/dossier/")
    page.get_by_role("link", name="Importer", exact=True).click()
    expect(page.get_by_label("Contenu du fichier :")).to_have_value("dossiers")
    assert violations(page) == []
    portal.press("Vérifier le fichier")
    expect(page.get_by_text("Choisissez un fichier.")).to_be_visible()
    assert violations(page) == []
    look(portal, "nouvel-import")
    text = f"Numéro;Statut;Remarque\n{number};Validé;\nINCONNU-1;Validé;\n{number};En pause;\n"
    content = {"name": "statuts de novembre.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}
    page.get_by_label("Fichier :", exact=True).set_input_files(content)
    portal.press("Vérifier le fichier")
    # The page tells by itself that the worker is done.
    expect(page.get_by_text("À confirmer")).to_be_visible()
    row = page.get_by_role("region", name="Modifications").get_by_role("row").nth(1)
    expect(row).to_have_text(re.compile(rf"2\s+{number}\s+Statut\s+Refusé\s+Validé"))
    assert violations(page) == []
    look(portal, "a-confirmer")
    portal.button("Importer (1 ligne)").click()
    expect(page.get_by_text("Importé", exact=True)).to_be_visible()
    assert violations(page) == []
    with page.expect_download() as download:
        portal.link("Rapport complet (CSV)").click()
    assert "Refusé;Validé" in download.value.path().read_text()


def test_a_list_is_downloaded_as_a_workbook(visit: Visit) -> None:
    portal = visit("superviseur", reduced_motion="reduce")
    portal.open("/admin/dossiers/dossier/?q=CPRO")
    with portal.page.expect_download() as download:
        portal.link("Exporter (Excel)").click()
    assert download.value.path().read_bytes().startswith(b"PK")
    assert download.value.suggested_filename.startswith("dossiers-")
