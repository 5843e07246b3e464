"""Every page of the portal in every state: what the tests of access examine, and what the pictures show.

A part of the tour is a generator of stops: the name of a page in a state, and the tab that shows it. Whoever takes the
tour does what it likes at a stop and leaves the page as it was. To add a page, open it in the part where it belongs
and yield it under a name of its own.
"""

import re
from collections.abc import Callable, Iterator

from django.utils import timezone
from playwright.sync_api import FilePayload, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.deposits import DUBOIS_IN_PAYMENT, IN_PAYMENT, TO_INVOICE
from portal.demo.dossiers import Request
from portal.demo.places import DUBOIS, FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import OTHER_DOCUMENT, Portal, Visit, number_of, pdf

Stop = tuple[str, Portal]
Part = Callable[[Visit], Iterator[Stop]]

NOT_A_PDF: FilePayload = {"name": "facture.pdf", "mimeType": "application/pdf", "buffer": b"Facture n 12, a payer"}
# Statuses of answers that the tour provokes.
REFUSALS = {403, 404, 410}


def horizon(status: DossierStatus, *, subrogated: bool = True) -> str:
    return number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.VAE, status, subrogated))


def public(visit: Visit) -> Iterator[Stop]:
    """What anyone sees."""
    portal = visit(None)
    portal.open("/connexion/")
    yield "connexion", portal
    portal.press("Se connecter")
    expect(portal.page.get_by_role("alert")).to_be_focused()
    yield "connexion-erreur", portal
    portal.open("/accessibilite/")
    yield "accessibilite", portal


def lists(visit: Visit) -> Iterator[Stop]:
    """Where one begins, and looks for something."""
    portal = visit("saisie_prestataire")
    portal.open("/")
    yield "accueil", portal
    portal.open("/dossiers/")
    yield "dossiers", portal
    portal.open("/dossiers/?q=introuvable")
    yield "dossiers-aucun", portal
    portal.open("/depots/")
    yield "depots", portal
    portal.open("/depots/?q=introuvable")
    yield "depots-aucun", portal
    portal = visit("backoffice")
    portal.open("/")
    yield "accueil-vide", portal
    portal.open("/depots/")
    yield "depots-vide", portal


def dossier(visit: Visit) -> Iterator[Stop]:
    """One dossier, in every state of its documents."""
    portal = visit("saisie_prestataire")
    portal.open(f"/dossiers/{number_of(IN_PAYMENT)}/")
    yield "informations", portal
    portal.open_documents(number_of(IN_PAYMENT))
    yield "documents", portal
    portal.open_documents(number_of(TO_INVOICE))
    yield "documents-brouillon", portal
    portal.open_documents(horizon(DossierStatus.VALIDE))
    yield "documents-vide", portal
    portal.open_documents(horizon(DossierStatus.REFUSE))
    yield "documents-fermes", portal
    portal.open_documents(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.BC, DossierStatus.A_FACTURER)))
    yield "documents-annule", portal
    portal.open_documents(horizon(DossierStatus.VALIDE, subrogated=False))
    portal.page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True).select_option(label="RIB")
    portal.press("+")
    yield "document-seul", portal
    portal.press("Valider")
    expect(portal.file_field("RIB")).to_have_attribute("aria-invalid", "true")
    yield "document-seul-erreur", portal
    portal.file_field("RIB").set_input_files(pdf("rib.pdf", "RIB"))
    portal.press("Valider")
    expect(portal.status("RIB", "En cours de transmission")).to_be_visible()
    yield "document-seul-depose", portal


def wizard(visit: Visit) -> Iterator[Stop]:
    """The four steps, each empty, refused and filled in, to the deposit and its end."""
    portal = visit("saisie_prestataire")
    origin = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, DossierStatus.EN_COURS_DE_REGLEMENT))
    same_company = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, DossierStatus.TERMINE))
    portal.start(origin)
    yield "facture-vide", portal
    portal.press("Étape suivante")
    expect(portal.page.get_by_role("alert").filter(has_text="À corriger")).to_be_focused()
    yield "facture-erreur", portal
    portal.fill_facture("Oui", pdf("facture_F2026-131.pdf", "Facture F2026-131"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.press("Étape précédente")
    portal.expect_step("Ajout de la facture")
    yield "facture", portal
    portal.press("Étape suivante")

    portal.expect_step("Détails de la facture")
    yield "details-vide", portal
    portal.fill_details("F2026-131", "31/02/2026", "4 800,00", "4 000,00")
    portal.press("Étape suivante")
    expect(portal.box("Montant TTC")).to_have_attribute("aria-invalid", "true")
    yield "details-erreur", portal
    portal.fill_details("F2026-131", f"{timezone.localdate():%d/%m/%Y}", "4 800,00", "4 800,00")
    for associated in (number_of(DUBOIS_IN_PAYMENT), same_company):
        portal.associate(associated, searched=associated)
    portal.search("lefevre")
    expect(portal.page.get_by_role("list", name="Dossiers trouvés")).to_contain_text("Lefèvre")
    yield "details", portal
    portal.search("introuvable")
    expect(portal.page.get_by_text("ne correspond à")).to_be_visible()
    yield "details-aucun", portal
    portal.press("Étape suivante")

    portal.expect_step("Pièces justificatives")
    yield "justificatifs-vide", portal
    portal.file_field("Certificat de réalisation").set_input_files(NOT_A_PDF)
    portal.press("Valider")
    expect(portal.file_field("Certificat de réalisation")).to_have_attribute("aria-invalid", "true")
    yield "justificatifs-erreur", portal
    portal.file_field("Certificat de réalisation").set_input_files(pdf("certificat_rivoire.pdf", "Certificat"))
    portal.add_piece("Feuille d'émargement", pdf("emargement_novembre.pdf", "Feuille d'émargement"))
    portal.press("Valider")
    portal.expect_step("Transmettre")
    portal.press("Étape précédente")
    portal.expect_step("Pièces justificatives")
    yield "justificatifs", portal
    portal.press("Valider")

    portal.expect_step("Transmettre")
    yield "transmettre", portal
    portal.press("Transmettre")
    expect(portal.status("Facture F2026-131", "En cours de transmission")).to_be_visible()
    yield "depose", portal
    portal.deposit("Facture F2026-131").get_by_role("button", name="Annuler le dépôt").click()
    expect(portal.status("Facture F2026-131", "Annulé")).to_be_visible()
    yield "depot-annule", portal


def without_certificate(visit: Visit) -> Iterator[Stop]:
    """The third step where nothing is required, and the choice of a side."""
    portal = visit("double")
    portal.open(f"/dossiers/{horizon(DossierStatus.A_FACTURER)}/factures/ajouter/")
    yield "choix-du-cote", portal
    portal.open(f"/dossiers/{horizon(DossierStatus.A_FACTURER)}/factures/ajouter/?cote=")
    yield "choix-du-cote-erreur", portal
    portal.page.get_by_role("radio", name="Entreprise", exact=True).check()
    portal.press("Continuer")
    portal.expect_step("Ajout de la facture")
    portal.fill_facture("Non", pdf("hotel.pdf", "Hébergement"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.fill_details("H-1", f"{timezone.localdate():%d/%m/%Y}", "310", "341")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    yield "justificatifs-rien", portal


def refusals(visit: Visit) -> Iterator[Stop]:
    """Where one cannot go, and what is not there any more."""
    portal = visit("saisie_prestataire")
    portal.open("/dossiers/INCONNU/")
    yield "page-introuvable", portal
    portal.open(f"/dossiers/{horizon(DossierStatus.ANNULE)}/factures/ajouter/")
    yield "action-impossible", portal
    number = number_of(Request(DUBOIS, FORMATECH_LYON, Product.AUTRE, DossierStatus.TERMINE))
    portal.start(number)
    portal.press("Étape suivante")
    expect(portal.page.get_by_role("alert").filter(has_text="À corriger")).to_be_visible()
    step = portal.page.url
    portal.open_documents(number)
    portal.deposit("Brouillon").get_by_role("button", name=re.compile("Supprimer le brouillon")).click()
    expect(portal.page.get_by_text("Brouillon supprimé")).to_be_visible()
    portal.page.goto(step)
    yield "brouillon-supprime", portal


PARTS: tuple[Part, ...] = (public, lists, dossier, wizard, without_certificate, refusals)
