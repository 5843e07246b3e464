"""One world for all the tests of a module: making it takes longer than most of them."""

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from tests.access.world import WAIT, World, begin_to_wait, make_world


@pytest.fixture(scope="module")
def furnish() -> Callable[[World], None]:
    """What a module puts into its world besides; a module that does has a fixture of this name."""
    return lambda world: None


@pytest.fixture(scope="module")
def made(
    django_db_setup, django_db_blocker, furnish: Callable[[World], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Path]]:
    """The world, in a transaction that each test's own lies within, and a copy of its files."""
    files = tmp_path_factory.mktemp("world") / "files"
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        furnish(world)
        shutil.copytree(settings.DOCUMENT_ROOT, files)
        yield world, files
        transaction.set_rollback(True)


@pytest.fixture
def world(db, made: tuple[World, Path], documents_folder: Path) -> World:
    """The world as it was made, whatever the tests before did to its rows, its files and its browsers."""
    world, files = made
    shutil.copytree(files, documents_folder, dirs_exist_ok=True)
    browsers = {name: as_it_was(browser.cookies) for name, browser in world.browsers.items()}
    for name in WAIT:  # which ends some minutes after it began, however long the tests before took
        begin_to_wait(browsers[name], world.people[name])
    return World(
        *deepcopy((world.dossier, world.associated, world.deposit, world.draft, world.people)),
        browsers=browsers,
    )


def as_it_was(cookies: SimpleCookie) -> Client:
    """A browser with these cookies, to do with what one likes."""
    browser = Client()
    browser.cookies = deepcopy(cookies)
    return browser
