"""Every page of the back office is open to everyone: wide and on a phone, light and dark (WCAG 2.2 AA)."""

import pytest

from tests.browser import back_office
from tests.browser.portal import Visit
from tests.browser.watch import LISTS_OF_DJANGO, Watch
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_every_page_of_the_back_office_is_open_to_everyone(visit: Visit, stack: Stack, watch: Watch) -> None:
    watch.may_say.add(LISTS_OF_DJANGO)
    found = [
        f"{name}: {sentence}"
        for name, portal in back_office.pages(visit, stack)
        for sentence in back_office.violations(portal.page)
    ]
    assert not found, "\n".join(found)
