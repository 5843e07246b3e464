"""Access: every stop of the tour is examined, and the main job is done by keyboard alone (WCAG 2.2 AA)."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.browser import access, tour
from tests.browser.portal import Visit
from tests.browser.watch import Watch
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A portal of their own: what waits goes on waiting while it is examined, and no dossier is anyone else's."""
    with Stack() as stack:
        yield stack


@pytest.mark.parametrize("part", tour.PARTS, ids=lambda part: part.__name__)
def test_every_page_in_every_state_is_open_to_everyone(visit: Visit, watch: Watch, part: tour.Part) -> None:
    watch.may_answer |= tour.REFUSALS
    found, pages = [], {}
    for name, portal in part(visit):
        page = portal.page
        path = urlsplit(page.url).path
        if pages.setdefault(page.title(), path) != path:
            found.append(f"{name}: « {page.title()} » is the title of {pages[page.title()]} too")
        found += [f"{name}: {sentence}" for sentence in access.complaints(page)]
    assert not found, "\n".join(found)
