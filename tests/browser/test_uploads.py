"""Files that are sent as soon as they are chosen, and what happens to them on the way (RULES.md §5, §9)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import OTHER_DOCUMENT, TUITION, Look, Portal, Visit, number_of, pdf
from tests.browser.watch import Watch
from tests.pdfs import padded, plain_pdf
from tests.stack import wait_until

pytestmark = pytest.mark.browser

MEBIBYTE = 1024 * 1024
KIBIBYTE = 1024


def dossier(status: DossierStatus) -> str:
    return number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, status))


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def heavy(name: str, kibibytes: int = 600) -> FilePayload:
    """A real PDF that takes its time on a slow line."""
    return file(name, padded(plain_pdf(name), kibibytes * KIBIBYTE))


@contextmanager
def slow_line(page: Page, kibibytes_a_second: int = 300) -> Iterator[None]:
    session = page.context.new_cdp_session(page)
    line = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line | {"uploadThroughput": kibibytes_a_second * KIBIBYTE})
    yield
    session.send("Network.emulateNetworkConditions", line | {"uploadThroughput": -1})
    session.detach()


@contextmanager
def held_line(page: Page) -> Iterator[list[Route]]:
    """Files that are sent wait here, until the end or until the test lets them go on."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if b'name="recevoir"' in (route.request.post_data_buffer or b""):
            waiting.append(route)
        else:
            route.continue_()

    page.route("**/depots/**", hold)
    yield waiting
    page.unroute("**/depots/**", hold)


def drop(portal: Portal, target: str, name: str, content: bytes) -> None:
    """Drag a file over what the selector finds, and drop it there."""
    data = portal.page.evaluate_handle(
        """([name, text]) => {
            const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(text, (c) => c.charCodeAt(0))], name, {type: "application/pdf"}));
            return data;
        }""",
        [name, content.decode("latin-1")],
    )
    for event in ("dragover", "drop"):
        portal.page.dispatch_event(target, event, {"dataTransfer": data})


def choose(portal: Portal, field: str, payload: FilePayload | Path) -> None:
    """Choose a file in a field, or in the place of the one that it has: the reader is there."""
    control = portal.file_field(field)
    expect(control).to_be_attached()
    (control if control.is_visible() else portal.page.get_by_role("button", name="Remplacer")).focus()
    control.set_input_files(payload)


def expect_saved(portal: Portal, name: str) -> None:
    expect(portal.link(name)).to_be_visible()
    expect(portal.page.get_by_role("progressbar", name=f"Envoi de {name}")).to_have_count(0)


def expect_refused(portal: Portal, field: str, words: str) -> None:
    """Said beside the field and in the summary, where the reader is brought."""
    control = portal.page.get_by_label(field, exact=True)
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_accessible_description(re.compile(words))
    summary = portal.page.get_by_role("alert").filter(has_text=re.compile(words))
    expect(summary).to_be_focused()


def expect_notice(portal: Portal, words: str) -> None:
    expect(portal.page.locator(".upload").get_by_text(words)).to_be_visible()


def test_a_file_is_sent_at_once_with_its_progress_and_stays(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    portal.start(dossier(DossierStatus.VALIDE))
    page.get_by_role("radiogroup", name=TUITION).get_by_role("radio", name="Oui").check()
    bar = page.get_by_role("progressbar", name="Envoi de longue.pdf")
    with slow_line(page):
        choose(portal, "Facture", heavy("longue.pdf"))
        expect(page.get_by_text(re.compile(r"^[1-9]\d\u00a0%$"))).to_be_visible()
        look(portal, "envoi")
        assert 0 < float(bar.get_attribute("value") or 0) < 100
        portal.press("Annuler l’envoi de longue.pdf")
        expect(bar).to_have_count(0)
        expect(portal.file_field("Facture")).to_be_focused()
    page.reload()
    expect(page.get_by_text("longue.pdf")).to_have_count(0)

    page.get_by_role("radiogroup", name=TUITION).get_by_role("radio", name="Oui").check()
    choose(portal, "Facture", heavy("entiere.pdf"))
    expect_saved(portal, "entiere.pdf")
    expect(portal.link("entiere.pdf")).to_be_focused()
    expect(page.get_by_role("navigation", name="Étapes du dépôt")).to_contain_text("Complète")
    look(portal, "enregistre")
    with page.expect_file_chooser() as chooser:
        portal.press("Remplacer entiere.pdf")
    chooser.value.set_files(pdf("autre.pdf", "Autre"))
    expect_saved(portal, "autre.pdf")
    # Nothing was sent but the files: what was typed was kept with them.
    page.reload()
    expect(page.get_by_role("radio", name="Oui", exact=True)).to_be_checked()
    expect_saved(portal, "autre.pdf")
    portal.press("Retirer autre.pdf")
    expect(portal.link("autre.pdf")).to_have_count(0)
    expect(portal.file_field("Facture")).to_be_focused()


def test_what_cannot_be_taken_is_refused_before_or_after_the_transfer(
    visit: Visit, watch: Watch, look: Look, tmp_path: Path
) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    portal.start(dossier(DossierStatus.A_FACTURER))
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(padded(plain_pdf(), 10 * MEBIBYTE + 1))
    choose(portal, "Facture", scan)
    expect_refused(portal, "Facture", "scan.pdf\u00a0: Ce fichier dépasse 10\u00a0Mo")
    choose(portal, "Facture", file("facture.docx", b"PK\x03\x04 un document de texte"))
    expect_refused(portal, "Facture", "facture.docx\u00a0: Ce fichier n’est pas un PDF")
    choose(portal, "Facture", file("vide.pdf", b""))
    expect_refused(portal, "Facture", "vide.pdf\u00a0: Ce fichier est vide")
    look(portal, "refuse-avant")
    portal.press("Étape suivante")
    expect_refused(portal, "Facture", "Ce fichier est vide")
    assert posts == []

    choose(portal, "Facture", file("abime.pdf", plain_pdf()[:300]))
    expect_refused(portal, "Facture", "abime.pdf\u00a0: Ce PDF est endommagé")
    assert len(posts) == 1
    watch.may_answer.add(413)
    page.route("**/facture/", lambda route: route.fulfill(status=413, body="trop gros"), times=1)
    choose(portal, "Facture", pdf("passe-pas.pdf", "Facture"))
    expect_refused(portal, "Facture", "passe-pas.pdf\u00a0: Ce fichier est trop gros pour passer")
    choose(portal, "Facture", pdf("bonne.pdf", "Facture"))
    expect_saved(portal, "bonne.pdf")
    expect(page.get_by_role("alert")).to_have_count(0)

    # What replaces it is refused: the first stays.
    choose(portal, "Facture", file("abime.pdf", plain_pdf()[:300]))
    expect_refused(portal, "Facture", "abime.pdf\u00a0: Ce PDF est endommagé")
    expect_saved(portal, "bonne.pdf")
    look(portal, "refuse-apres")


def test_a_broken_line_and_an_expired_session_are_said_and_tried_again(visit: Visit, watch: Watch, look: Look) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    page.clock.install()
    portal.start(dossier(DossierStatus.TERMINE))
    page.get_by_role("radiogroup", name=TUITION).get_by_role("radio", name="Non").check()
    watch.may_say.add("Failed to load resource: net::ERR_")

    def cut(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/facture/", cut)
    choose(portal, "Facture", pdf("facture.pdf", "Facture"))
    expect_notice(portal, "La connexion a été coupée")
    look(portal, "coupure")
    portal.press("Étape suivante")
    expect(portal.button("Réessayer l’envoi de facture.pdf")).to_be_focused()
    page.unroute("**/facture/", cut)
    portal.press("Réessayer l’envoi de facture.pdf")
    expect_saved(portal, "facture.pdf")

    # Nothing moves for thirty seconds, then it does.
    with held_line(page) as waiting:
        choose(portal, "Facture", pdf("lente.pdf", "Facture"))
        wait_until(lambda: page.wait_for_timeout(50) or waiting, "the file is sent")
        page.clock.fast_forward(29_000)
        expect(portal.button("Réessayer l’envoi de lente.pdf")).to_be_hidden()
        page.clock.fast_forward(2_000)
        expect_notice(portal, "ne répond plus depuis 30 secondes")
        waiting[0].continue_()
        expect_saved(portal, "lente.pdf")

    # Offline, then back: it goes on by itself.
    page.context.set_offline(True)
    choose(portal, "Facture", pdf("hors-ligne.pdf", "Facture"))
    expect_notice(portal, "l’envoi reprendra")
    page.context.set_offline(False)
    expect_saved(portal, "hors-ligne.pdf")

    page.context.clear_cookies(name="sessionid")
    choose(portal, "Facture", pdf("encore.pdf", "Facture"))
    expect_notice(portal, "Votre session a expiré")
    look(portal, "session-expiree")
    with page.context.expect_page() as opened:
        portal.link("Se connecter (nouvel onglet)").click()
    opened.value.close()
    other = Portal(page.context.new_page(), portal.url)
    other.log_in("saisie_prestataire")
    portal.press("Réessayer l’envoi de encore.pdf")
    expect_saved(portal, "encore.pdf")
    # Logged in again elsewhere, which makes the form's token an old one: nothing is to be done.
    watch.may_answer.add(403)
    other.log_out()
    other.log_in("saisie_prestataire")
    choose(portal, "Facture", pdf("derniere.pdf", "Facture"))
    expect_saved(portal, "derniere.pdf")
    expect(page.get_by_role("radio", name="Non", exact=True)).to_be_checked()
    # The form's own token is the new one too.
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")


def test_several_files_at_once_by_drop_too_while_the_next_step_waits(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    portal.start(dossier(DossierStatus.INFORMATION_MANQUANTE))
    page.get_by_role("radiogroup", name=TUITION).get_by_role("radio", name="Oui").check()
    drop(portal, ".rail", "a-cote.pdf", plain_pdf())
    expect(page.get_by_text("a-cote.pdf")).to_have_count(0)
    drop(portal, "[data-file-field=facture] .field__hint", "deposee.pdf", plain_pdf("Facture"))
    expect_saved(portal, "deposee.pdf")
    portal.press("Étape suivante")
    portal.fill_details("ENVOI-1", "01/02/2025", "10", "10")
    portal.box("Date d'émission").fill(page.evaluate("new Date().toLocaleDateString('fr-FR')"))
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")

    with held_line(page) as waiting:
        choose(portal, "Certificat de réalisation", pdf("certificat.pdf", "Certificat"))
        expect(page.get_by_role("progressbar", name="Envoi de certificat.pdf")).to_be_visible()
        # A field more while a file is on its way.
        page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True).select_option(label="RIB")
        portal.press("+")
        choose(portal, "RIB", pdf("rib.pdf", "RIB"))
        expect(page.get_by_role("progressbar", name="Envoi de rib.pdf")).to_be_visible()
        expect(page.get_by_role("progressbar", name="Envoi de certificat.pdf")).to_be_visible()
        look(portal, "deux-envois")
        portal.press("Valider")
        expect(page.locator("#etape").get_by_text("Envoi en cours")).to_be_visible()
        for sent in (1, 2):  # one after the other
            wait_until(lambda sent=sent: page.wait_for_timeout(50) or len(waiting) == sent, f"file {sent} is sent")
            portal.expect_step("Pièces justificatives")
            waiting[-1].continue_()
            if sent == 1:  # said with what follows it, and not lost to it
                heard = "certificat.pdf\u00a0: enregistré. rib.pdf\u00a0: envoi commencé."
                expect(page.get_by_role("status")).to_contain_text(heard)
        portal.expect_step("Transmettre")
    expect_saved(portal, "rib.pdf")
    page.go_back()
    portal.expect_step("Pièces justificatives")
    expect_saved(portal, "certificat.pdf")
    expect_saved(portal, "rib.pdf")


def test_a_document_outside_an_invoice_is_checked_then_sent_with_progress(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    number = dossier(DossierStatus.EN_COURS_DE_REGLEMENT)
    portal.open(f"/dossiers/{number}/documents/?type=RIB")
    choose(portal, "RIB", file("rib.docx", b"PK\x03\x04"))
    expect_refused(portal, "RIB", "rib.docx\u00a0: Ce fichier n’est pas un PDF")
    choose(portal, "RIB", heavy("rib.pdf"))
    expect(page.get_by_role("alert")).to_have_count(0)
    with slow_line(page):
        portal.press("Valider")
        expect(page.get_by_text(re.compile(r"^[1-9]\d\u00a0%$"))).to_be_visible()
        look(portal, "hors-facture")
        expect(page.get_by_text("déposé.")).to_be_visible()
    portal.expect_tab(number)
    expect(portal.deposit("RIB")).to_have_count(1)
    assert page.url.endswith(f"/dossiers/{number}/documents/")
