"""A real Chromium before the real server, worker and broker; every page is watched while a test uses it.

None of the pages that a test looks at may scroll sideways. With `--pictures` they are kept as pictures under
var/screenshots/, wide and on a phone.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from portal.demo import PASSWORD
from tests.browser.portal import Look, Portal, Visit, chromium_browser
from tests.browser.watch import Watch
from tests.http_client import HttpClient
from tests.stack import Stack

PICTURES = settings.BASE_DIR / "var" / "screenshots"
WIDE, PHONE, NARROWEST = 1280, 375, 320
TRANSMISSION_DELAY = 6
PATIENCE_MS = 15_000


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """One portal for all the browser tests: each uses dossiers of the demo that no other does."""
    with Stack(transmission_delay=TRANSMISSION_DELAY) as stack:
        yield stack


# Not pytest-playwright's fixtures, which last as long as the session: while Playwright runs there is an event loop
# in this thread, and Django refuses to ask the database in such a thread. The other tests do.
@pytest.fixture(scope="package")
def chromium(pytestconfig: pytest.Config) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with chromium_browser(headless=not pytestconfig.getoption("--headed")) as browser:
        yield browser


@pytest.fixture
def watch(stack: Stack) -> Iterator[Watch]:
    """Watches every context of the test, and fails it for what it saw."""
    watch = Watch(stack.url)
    yield watch
    assert not watch.complaints, "\n".join(watch.complaints)


@pytest.fixture
def visit(stack: Stack, chromium: Browser, watch: Watch) -> Iterator[Visit]:
    """A browser of its own, logged in as an account of the demo; further options are Playwright's of a context.

    The log-in is one over HTTP, whose cookies the browser is given: its pages are what some tests are about, which log
    in by them, and what the others would wait for most. The tab is an empty one.
    """
    contexts = []

    def visited(account: str | None, **options: Any) -> Portal:
        context = chromium.new_context(locale="fr-FR", viewport={"width": WIDE, "height": 800}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.attach(context)
        if account:
            client = HttpClient(stack.url)
            client.log_in(f"{account}@demo.example", PASSWORD)
            context.add_cookies(
                [{"name": cookie.name, "value": cookie.value or "", "url": stack.url} for cookie in client.cookies]
            )
        return Portal(context.new_page(), stack.url)

    yield visited
    for context in contexts:
        context.close()


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    """AssertionError when the page scrolls sideways at any width; where pictures are wanted, they have this name."""
    folder: Path = PICTURES / re.sub(r"\W+", "-", request.node.name).strip("-")
    wanted = request.config.getoption("--pictures")
    if wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def look_at(portal: Portal, name: str) -> None:
        page, rank = portal.page, len(list(folder.glob(f"*-{WIDE}.png"))) + 1
        for width in (NARROWEST, PHONE, WIDE):
            page.set_viewport_size({"width": width, "height": 800})
            needed = page.evaluate("document.scrollingElement.scrollWidth")
            assert needed <= width, f"{name} needs {needed} px where there are {width}"
            if wanted and width != NARROWEST:
                path = folder / f"{rank:02}-{name}-{width}.png"
                page.screenshot(path=path, full_page=True, animations="disabled", caret="initial")

    return look_at
