"""Make the pictures of docs/screenshots/ from the real portal: `python -m tests.browser.screenshots`.

Another folder may be named as the argument.
"""

import io
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Page, expect  # noqa: E402

from dossiers.enums import DossierStatus, Product  # noqa: E402
from portal.demo.deposits import DUBOIS_IN_PAYMENT, IN_PAYMENT  # noqa: E402
from portal.demo.dossiers import Request  # noqa: E402
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON  # noqa: E402
from tests.browser.portal import Portal, chromium_browser, number_of, pdf  # noqa: E402
from tests.stack import Stack  # noqa: E402

WIDE, PHONE = 1280, 375
HEIGHT = 800
COLOURS = 64


class Album:
    """Pictures of a page, in a folder: small PNGs of few colours."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder

    def keep(self, name: str, *widths: int, whole: bool = True) -> None:
        """The page at these widths, whole or as far as the window shows it, as `<name>-<width>.png`."""
        self.page.mouse.move(0, 0)  # nothing is to look hovered
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            taken = self.page.screenshot(full_page=whole, animations="disabled")
            path = self.folder / f"{name}-{width}.png"
            every_colour = Image.open(io.BytesIO(taken)).convert("RGB")
            # k-means: without it the colours of small things, as a warning's edge, are lost to the many greys.
            picture = every_colour.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
            picture.save(path, optimize=True)
            print(f"{path} {path.stat().st_size // 1024} kB")  # noqa: T201 - a command's output
        self.page.set_viewport_size({"width": WIDE, "height": HEIGHT})


def take(page: Page, url: str, folder: Path) -> None:
    """The way of a provider's invoice, a picture at each stop."""
    portal, album = Portal(page, url), Album(page, folder)
    origin = number_of(IN_PAYMENT)
    same_company = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, DossierStatus.TERMINE))

    portal.open("/connexion/")
    album.keep("connexion", WIDE, whole=False)
    portal.log_in("saisie_prestataire")
    album.keep("dossiers", WIDE, whole=False)

    portal.start(origin)
    portal.fill_facture("Oui", pdf("facture_F2026-131.pdf", "Facture F2026-131"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.press("Étape précédente")
    portal.expect_step("Ajout de la facture")
    album.keep("facture", PHONE)
    portal.press("Étape suivante")

    portal.fill_details("F2026-131", "20/11/2026", "4 800,00", "4 000,00")
    portal.press("Étape suivante")
    expect(portal.box("Montant TTC")).to_have_attribute("aria-invalid", "true")
    album.keep("erreur", WIDE)
    portal.box("Montant TTC").fill("4 800,00")
    for dossier in (number_of(DUBOIS_IN_PAYMENT), same_company):
        portal.associate(dossier, searched=dossier)
    portal.search("lefevre")
    expect(page.get_by_role("list", name="Dossiers trouvés")).to_contain_text("Lefèvre")
    album.keep("details", WIDE)
    portal.press("Étape suivante")

    portal.expect_step("Pièces justificatives")
    portal.file_field("Certificat de réalisation").set_input_files(pdf("certificat_rivoire.pdf", "Certificat"))
    portal.add_piece("Feuille d'émargement", pdf("emargement_novembre.pdf", "Feuille d'émargement"))
    portal.press("Valider")
    portal.expect_step("Transmettre")
    album.keep("transmettre", WIDE)
    portal.press("Étape précédente")
    portal.expect_step("Pièces justificatives")
    album.keep("justificatifs", WIDE)
    portal.open_documents(origin)
    album.keep("documents", WIDE, PHONE)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else settings.BASE_DIR / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with Stack(embedded=True) as stack, chromium_browser() as browser:
        take(browser.new_page(locale="fr-FR", color_scheme="light"), stack.url, folder)


if __name__ == "__main__":
    main()
