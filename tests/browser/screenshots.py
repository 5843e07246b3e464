"""Make the pictures of docs/screenshots/ from the real portal: `python -m tests.browser.screenshots`.

Every stop of the tour, and some of the back office, wide and on a phone, light and dark: a file
`<page>-<width>[-sombre].webp` each. Another folder may be named as the argument.
"""

import io
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402

from tests.browser import back_office, tour  # noqa: E402
from tests.browser.development import development_server  # noqa: E402
from tests.browser.portal import Portal, chromium_browser  # noqa: E402
from tests.stack import Stack  # noqa: E402

WIDE, PHONE = 1280, 375
HEIGHT = 800
# A long list goes on as it begins.
LONGEST = {WIDE: 1400, PHONE: 1800}
COLOURS = 32
SCHEMES = (("light", ""), ("dark", "-sombre"))
# Of the back office, whose lists and forms are much alike.
OF_THE_BACK_OFFICE = {
    *("back-office", "back-office-depots", "back-office-depot", "back-office-depot-annuler", "back-office-remises"),
    *("back-office-types-de-documents", "back-office-imports-ajouter", "back-office-dossier-statut"),
    *("back-office-utilisateurs-un", "back-office-voir-comme", "back-office-journal"),
}
PICTURES_ARE_THERE = """() => [...document.images].every(
    (image) => image.complete || image.getBoundingClientRect().top > window.innerHeight
)"""


def keep(page: Page, folder: Path, name: str) -> int:
    """Take the page's four pictures, small, of few colours; return their size in bytes."""
    page.mouse.move(0, 0)  # nothing is to look hovered
    size = 0
    for width in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        # As high as the page: what sticks to an edge of the window stands where it belongs.
        needed = page.evaluate("document.scrollingElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(HEIGHT, min(needed, LONGEST[width]))})
        page.wait_for_function(PICTURES_ARE_THERE)
        for scheme, suffix in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            shown = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
            # k-means: without it the colours of small things, as a warning's edge, are lost to the many greys.
            picture = shown.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
            path = folder / f"{name}-{width}{suffix}.webp"
            picture.convert("RGB").save(path, lossless=True, method=4)
            size += path.stat().st_size
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return size


def take(browser: Browser, stack: Stack, folder: Path) -> None:
    """Take the whole tour, then that of the back office, a picture of each stop at each width in each scheme."""

    def visit(account: str | None, **options: Any) -> Portal:
        viewport = {"width": WIDE, "height": HEIGHT}
        page = browser.new_page(locale="fr-FR", viewport=viewport, **({"reduced_motion": "reduce"} | options))
        portal = Portal(page, stack.url)
        if account:
            portal.log_in(account)
        return portal

    for part in tour.PARTS:
        for name, portal in part(visit):
            print(f"{name}: {keep(portal.page, folder, name) // 1024} kB")  # noqa: T201 - a command's output
    for name, portal in back_office.pages(visit, stack):
        if name in OF_THE_BACK_OFFICE:
            print(f"{name}: {keep(portal.page, folder, name) // 1024} kB")  # noqa: T201 - a command's output


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else settings.BASE_DIR / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    for former in [*folder.glob("*.png"), *folder.glob("*.webp")]:
        former.unlink()
    with chromium_browser() as browser:
        with Stack(embedded=True) as stack:
            take(browser, stack, folder)
        with TemporaryDirectory() as place, development_server(Path(place)) as url:
            page = browser.new_page(locale="fr-FR")
            page.goto(f"{url}/style/")
            keep(page, folder, "style")


if __name__ == "__main__":
    main()
