"""Access: every stop of the tour is examined, and the main job is done by keyboard alone (WCAG 2.2 AA)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from portal.launch.services import leashed
from tests.browser import access, tour
from tests.browser.portal import Visit
from tests.browser.watch import Watch
from tests.stack import Stack, free_port, wait_until

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


@pytest.fixture
def development() -> Iterator[str]:
    """The address of the portal as `manage.py runserver` serves it with DEBUG on."""
    port = free_port()
    server = subprocess.Popen(
        leashed([sys.executable, "manage.py", "runserver", "--noreload", str(port)], signal.SIGTERM),
        cwd=settings.BASE_DIR,
        env=os.environ | {"DEBUG": "1", "DJANGO_SETTINGS_MODULE": "portal.settings", "LOG_LEVEL": "CRITICAL"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )

    def answers() -> bool:
        try:
            return urlopen(f"http://127.0.0.1:{port}/sante/").status == 200
        except OSError:
            return False

    try:
        wait_until(answers, "the development server answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)


def test_the_design_system_is_open_to_everyone_too(chromium: Browser, development: str) -> None:
    watch = Watch(development)
    with chromium.new_context(locale="fr-FR", reduced_motion="reduce") as context:
        watch.attach(context)
        page = context.new_page()
        page.goto(f"{development}/style/")
        found = access.axe_violations(page) + access.layout_losses(page)
    assert not found + watch.complaints, "\n".join(found + watch.complaints)
