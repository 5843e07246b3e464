"""Every page of the portal in every state: what the tests of access examine, and what the pictures show.

A part of the tour is a generator of stops: the name of a page in a state, and the tab that shows it. Whoever takes the
tour does what it likes at a stop and leaves the page as it was. To add a page, open it in the part where it belongs
and yield it under a name of its own.
"""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.template.loader import render_to_string
from django.utils import timezone
from django_otp.oath import totp
from playwright.sync_api import FilePayload, Route, expect

from dossiers.enums import DossierStatus, Product
from portal.demo import PASSWORD
from portal.demo.deposits import DUBOIS_IN_PAYMENT, IN_PAYMENT, TO_INVOICE
from portal.demo.dossiers import Request
from portal.demo.places import DUBOIS, FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import OTHER_DOCUMENT, Portal, Visit, number_of, pdf

Stop = tuple[str, Portal]
Part = Callable[[Visit], Iterator[Stop]]

NOT_A_PDF: FilePayload = {"name": "facture.pdf", "mimeType": "application/pdf", "buffer": b"Facture n 12, a payer"}
CODE = "Code à six chiffres"
INVOICE = pdf("facture_F2026-131.pdf", "Facture F2026-131")
# What the tour provokes: statuses of answers, and the beginning of what the console then says.
REFUSALS = {400, 403, 404, 410, 413, 500, 503}
BROKEN_LINE = "Failed to load resource: net::ERR_"


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
    portal.open("/mot-de-passe/")
    yield "mot-de-passe-oublie", portal
    portal.press("Recevoir un lien")
    expect(portal.page.get_by_role("alert")).to_be_focused()
    yield "mot-de-passe-oublie-erreur", portal
    portal.open("/mot-de-passe/envoye/")
    yield "mot-de-passe-lien-envoye", portal
    portal.open("/mot-de-passe/MQ/perime/")
    yield "mot-de-passe-lien-perime", portal
    portal.open("/accessibilite/")
    yield "accessibilite", portal
    portal.open("/donnees-personnelles/")
    yield "donnees-personnelles", portal
    portal.open("/verifier/")
    yield "verifier", portal
    portal.open("/verifier/?reference=DEP-0000")
    yield "verifier-inconnue", portal


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
    portal.open("/donnees-personnelles/")
    yield "donnees-personnelles-connecte", portal
    portal.open("/depots/?q=introuvable")
    yield "depots-aucun", portal
    portal = visit("backoffice")
    portal.open("/")
    yield "accueil-vide", portal
    portal.open("/depots/")
    yield "depots-vide", portal


def account(visit: Visit) -> Iterator[Stop]:
    """One's own account."""
    portal = visit("double")
    portal.open("/compte/")
    yield "compte", portal
    portal.link("Changer le mot de passe").click()
    expect(portal.box("Mot de passe actuel")).to_be_visible()
    yield "compte-mot-de-passe", portal
    portal.box("Mot de passe actuel").fill(PASSWORD)
    portal.box("Nouveau mot de passe").fill("facture")
    portal.press("Changer le mot de passe")
    expect(portal.page.get_by_role("alert")).to_be_focused()
    yield "compte-mot-de-passe-erreur", portal


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
    with broken_line(portal):
        portal.fill_facture("Oui", INVOICE)
        expect(portal.button("Réessayer l’envoi de facture_F2026-131.pdf")).to_be_visible()
        yield "facture-coupee", portal
    portal.press("Réessayer l’envoi de facture_F2026-131.pdf")
    expect(portal.link("facture_F2026-131.pdf")).to_be_visible()
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
    expect(portal.page.locator("#dossiers-trouves")).to_contain_text("ne correspond à")
    yield "details-aucun", portal
    portal.press("Étape suivante")

    portal.expect_step("Pièces justificatives")
    yield "justificatifs-vide", portal
    portal.file_field("Certificat de réalisation").set_input_files(NOT_A_PDF)
    portal.press("Valider")
    expect(portal.file_field("Certificat de réalisation")).to_have_attribute("aria-invalid", "true")
    yield "justificatifs-erreur", portal
    portal.file_field("Certificat de réalisation").set_input_files(INVOICE)
    expect(portal.page.get_by_text("C’est le même fichier")).to_be_visible()
    yield "justificatifs-meme-fichier", portal
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
    portal.expect_receipt(origin, "Facture F2026-131")
    yield "recepisse", portal
    reference = portal.deposit("Facture F2026-131").locator("strong").inner_text()
    portal.link("Voir les documents du dossier").click()
    expect(portal.status("Facture F2026-131", "En cours de transmission")).to_be_visible()
    yield "depose", portal
    portal.deposit("Facture F2026-131").get_by_role("link", name="Aperçu de facture_F2026-131.pdf").click()
    expect(portal.page.get_by_role("dialog")).to_contain_text("Télécharger")
    yield "apercu-en-place", portal
    preview = portal.page.get_by_role("dialog").get_by_role("link", name="Télécharger").get_attribute("href")
    portal.open(f"{preview}apercu/")
    yield "apercu", portal
    portal.open(f"/verifier/?reference={reference}")
    yield "verifier-trouve", portal
    portal.file_field("Le PDF à vérifier").set_input_files(INVOICE)
    expect(portal.page.get_by_role("status").filter(has_text="facture_F2026-131.pdf")).to_be_visible()
    yield "verifier-oui", portal
    portal.file_field("Le PDF à vérifier").set_input_files(pdf("autre.pdf", "Autre"))
    expect(portal.page.get_by_role("status").filter(has_text="autre.pdf")).to_be_visible()
    yield "verifier-non", portal
    portal.open_documents(origin)
    portal.deposit("Facture F2026-131").get_by_role("button", name="Annuler le dépôt").click()
    expect(portal.status("Facture F2026-131", "Annulé")).to_be_visible()
    yield "depot-annule", portal
    portal.deposit("Facture F2026-131").get_by_role("link", name="Récépissé").click()
    portal.expect_receipt(origin, "Facture F2026-131")
    yield "recepisse-annule", portal


def lapsed(visit: Visit) -> Iterator[Stop]:
    """The session ends in the middle of a step."""
    portal = visit("saisie_prestataire")
    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, DossierStatus.VALIDE)))
    portal.page.get_by_role("radio", name="Oui", exact=True).check()
    portal.page.context.clear_cookies(name="sessionid")
    portal.press("Étape suivante")
    expect(portal.page.get_by_text("vous retrouverez ce que vous avez saisi")).to_be_visible()
    yield "session-expiree", portal
    portal.box("Adresse e-mail").fill("saisie_prestataire@demo.example")
    portal.box("Mot de passe").fill(PASSWORD)
    portal.press("Se connecter")
    expect(portal.page.get_by_text("Votre session avait expiré")).to_be_visible()
    yield "session-retrouvee", portal


def second_factor(visit: Visit) -> Iterator[Stop]:
    """From « Activer » to a log-in by code, of an account that nobody else comes by."""
    portal = visit("gestion_pdc_transmission")
    portal.open("/compte/double-authentification/")
    yield "double-authentification", portal
    portal.press("Activer")
    expect(portal.page.get_by_role("alert").filter(has_text="À corriger")).to_be_focused()
    yield "double-authentification-erreur", portal
    portal.box("Votre mot de passe").fill(PASSWORD)
    portal.press("Activer")
    picture = portal.page.get_by_role("img", name=re.compile("Code QR"))
    expect(picture).to_be_visible()
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth > 100)")
    key = portal.page.locator("code").first.inner_text()
    yield "double-authentification-activer", portal
    portal.box(CODE).fill("abc")
    portal.press("Vérifier et activer")
    expect(portal.box(CODE)).to_have_attribute("aria-invalid", "true")
    yield "double-authentification-activer-erreur", portal
    portal.box(CODE).fill(application(key))
    portal.press("Vérifier et activer")
    expect(portal.page.get_by_role("heading", name="Vos codes de secours")).to_be_visible()
    with portal.page.expect_download() as download:
        portal.press("Télécharger les codes")
    assert len(download.value.path().read_text(encoding="utf-8").split()) > 10
    yield "codes-de-secours", portal
    portal.link("J’ai conservé mes codes").click()
    expect(portal.page.get_by_text("Il vous reste 10 codes")).to_be_visible()
    yield "double-authentification-active", portal
    portal.link("Nouveaux codes de secours").click()
    yield "codes-de-secours-nouveaux", portal
    portal.link("Renoncer").click()
    portal.link("Désactiver").click()
    yield "double-authentification-desactiver", portal
    portal.log_out()
    portal.box("Adresse e-mail").fill("gestion_pdc_transmission@demo.example")
    portal.box("Mot de passe").fill(PASSWORD)
    portal.press("Se connecter")
    expect(portal.box(CODE)).to_be_visible()
    yield "connexion-code", portal
    portal.link("Utiliser un code de secours").click()
    portal.press("Vérifier")
    expect(portal.page.get_by_role("alert").filter(has_text="À corriger")).to_be_focused()
    yield "connexion-code-de-secours-erreur", portal
    portal.link("Utiliser mon application").click()
    portal.box(CODE).fill(application(key, steps=1))
    portal.press("Vérifier")
    expect(portal.page.get_by_role("heading", name="Dossiers", exact=True)).to_be_visible()
    yield "connexion-par-code", portal


def application(key: str, steps: int = 0) -> str:
    """The code that an application shows for a key typed from the page, so many steps of thirty seconds from now."""
    return f"{totp(base64.b32decode(key.replace(' ', '')), drift=steps):06}"


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


def trouble(visit: Visit) -> Iterator[Stop]:
    """The pages that are shown when nothing else can be, a proxy's among them: they ask the portal for nothing."""
    portal = visit(None)
    for name, status in (("400", 400), ("403_csrf", 403), ("413", 413), ("500", 500), ("503", 503)):
        portal.page.route(f"**/panne-{name}/", answering(status, render_to_string(f"{name}.html")))
        portal.open(f"/panne-{name}/")
        yield f"erreur-{name}", portal


def answering(status: int, body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8")


@contextmanager
def broken_line(portal: Portal) -> Iterator[None]:
    """Nothing that is sent arrives."""

    def cut(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("connectionreset")
        else:
            route.continue_()

    portal.page.route("**/depots/**", cut)
    yield
    portal.page.unroute("**/depots/**", cut)


PARTS: tuple[Part, ...] = (
    *(public, lists, account, dossier, wizard, without_certificate, lapsed, second_factor, refusals, trouble),
)
