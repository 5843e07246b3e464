"""What holds on every page for whoever reads it otherwise than its makers did (WCAG 2.2 AA, RGAA 4.1).

Each check takes the tab as it stands, leaves it as it was, and returns sentences about what is wrong.
"""

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, PHONE, NARROWEST = 1280, 375, 320
HEIGHT = 800
# 1280 px at a zoom of 200 %.
ZOOMED = 640
HTML_BYTES = 100 * 1024
PAGE_BYTES = 100 * 1024

EVERY_RULE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # The target size of WCAG 2.2, which axe leaves out unless asked.
    "rules": {"target-size": {"enabled": True}},
}
# All that a colour scheme changes.
COLOURS_ALONE = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}

WHOLE_PAGE = {"include": [["html"]]}

ONE_OF_EACH = """() => {
    const wrong = [];
    const headings = document.querySelectorAll("h1");
    if (headings.length !== 1) wrong.push(`${headings.length} h1`);
    if (document.documentElement.lang !== "fr") wrong.push(`lang « ${document.documentElement.lang} »`);
    if (!document.title.endsWith(" – Portail des dépôts")) wrong.push(`title « ${document.title} »`);
    const refused = document.querySelector("[data-error-summary], [aria-invalid=true]");
    if (refused && !/^Erreur\\s: /.test(document.title)) wrong.push("errors, and the title does not say so");
    const primary = [...document.querySelectorAll(".button--primary")].filter((button) => button.checkVisibility());
    if (primary.length > 1) wrong.push(`primary: ${primary.map((button) => button.textContent.trim()).join(", ")}`);
    return wrong;
}"""

# What is cut off: content that its box hides, but for what only screen readers are meant to have.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const style = getComputedStyle(element);
    if (!/hidden|clip/.test(style.overflow) || element.matches("svg, progress, input, select, option")) return false;
    const box = element.getBoundingClientRect();
    if (box.width <= 1 && box.height <= 1) return false;
    return element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
}).map((element) => `${element.tagName}.${element.className} cuts off ${element.textContent.trim().slice(0, 40)}`)"""

# WCAG 1.4.12, as a style sheet of the page's own making, which the content security policy leaves alone.
SPACED = """(on) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
                           word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets = on ? [sheet] : [];
}"""

MOVING = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const style = getComputedStyle(element);
    const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
    return seconds(style.transitionDuration) > 0.01 || seconds(style.animationDuration) > 0.01;
}).map((element) => `${element.tagName}.${element.className} moves`)"""

# Bytes of the page and of its style sheets and scripts, as they came over the line; the page's own once unpacked.
WEIGHT = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const parts = performance.getEntriesByType("resource")
        .filter((part) => ["link", "script"].includes(part.initiatorType) && /\\.(css|js)$/.test(part.name));
    return [page.decodedBodySize, parts.reduce((sum, part) => sum + part.encodedBodySize, page.encodedBodySize)];
}"""


class AxeInPage(Axe):
    """axe, put into each page once."""

    def run(self, page: Page, context: Any = None, options: Any = None) -> Any:
        if page.evaluate("typeof axe === 'undefined'"):
            page.evaluate(self.axe_script)
        return page.evaluate(f"axe.run({json.dumps(context)}, {json.dumps(options)})")


AXE = AxeInPage()


def axe_violations(page: Page, *, context: Any = WHOLE_PAGE, **further: Any) -> list[str]:
    """What axe finds, of whatever impact, wide and on a phone, light and dark; `context` and `further` are its own."""
    found = []
    for width in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme, options in (("light", EVERY_RULE), ("dark", COLOURS_ALONE)):
            page.emulate_media(color_scheme=scheme)
            found += [
                f"axe, {width} px, {scheme}: {violation['id']}, {violation['help']}: {node['html']}"
                for violation in AXE.run(page, context, options | further)["violations"]
                for node in violation["nodes"]
            ]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return found


def sideways(page: Page, width: int, how: str = "") -> list[str]:
    """Whether the page scrolls sideways at this width."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    needed = page.evaluate("document.scrollingElement.scrollWidth")
    return [f"needs {needed} px where there are {width}{how}"] if needed > width else []


def layout_losses(page: Page) -> list[str]:
    """What is lost on a narrow screen, at a zoom of 200 %, with larger text, with text further apart."""
    found = [*sideways(page, NARROWEST), *page.evaluate(CUT_OFF), *sideways(page, ZOOMED)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += sideways(page, WIDE, ", with text of twice the size")
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.evaluate(SPACED, True)
    found += [*sideways(page, NARROWEST, ", with spaced text"), *page.evaluate(CUT_OFF)]
    page.evaluate(SPACED, False)
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return found


def weight(page: Page) -> list[str]:
    """Whether the page is heavy: its HTML unpacked, and all but the images as they came."""
    html, everything = page.evaluate(WEIGHT)
    found = [f"{html} bytes of HTML"] if html > HTML_BYTES else []
    return found + ([f"{everything} bytes without images"] if everything > PAGE_BYTES else [])


def complaints(page: Page) -> list[str]:
    """All of the above, and what still moves where reduced motion is asked; no colour is then seen half-way either."""
    page.emulate_media(reduced_motion="reduce")
    found = [
        *page.evaluate(ONE_OF_EACH),
        *page.evaluate(MOVING),
        *axe_violations(page),
        *layout_losses(page),
        *weight(page),
    ]
    page.emulate_media(reduced_motion="no-preference")
    return found
