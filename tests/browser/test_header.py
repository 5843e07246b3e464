"""The header of every page: one row on a wide screen, whoever is logged in."""

import pytest
from playwright.sync_api import Locator

from tests.browser.portal import Portal, Visit

pytestmark = pytest.mark.browser

# The longest menu; a long name of a role; several roles.
ACCOUNTS = ["backoffice", "saisie_prestataire", "gestion_integrale_sans_transmission", "double"]
# The narrowest that has one row, and a common screen.
WIDTHS = [1168, 1280]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_header_is_one_row(visit: Visit, account: str) -> None:
    portal = visit(account)
    for width in WIDTHS:
        portal.page.set_viewport_size({"width": width, "height": 800})
        portal.open("/compte/")
        assert abs(middle(portal.link("Mes dépôts")) - middle(portal.button("Se déconnecter"))) < 4, width
        assert height(portal) < 80, width
        assert right(portal.button("Se déconnecter")) <= width - margin(portal), width


def middle(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box
    return box["y"] + box["height"] / 2


def height(portal: Portal) -> float:
    box = portal.page.locator(".site-header").bounding_box()
    assert box
    return box["height"]


def right(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box
    return box["x"] + box["width"]


def margin(portal: Portal) -> float:
    """What is free on the left of the header, which is to be free on its right."""
    box = portal.page.locator(".site-header__brand").bounding_box()
    assert box
    return box["x"] - 1
