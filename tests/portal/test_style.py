"""The design system: its page stays in development, shows every component, and no class or token is left behind."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import Resolver404, resolve

from portal import style

STATIC = Path(settings.BASE_DIR) / "static"
COMPONENTS = sorted((STATIC / "css/components").glob("*.css"))
# Classes that the browser adds, and those of pages that are shown in full elsewhere.
ELSEWHERE = {
    *("htmx-request", "site-header__nav", "button-row--spread", "filters--two-rows"),
    *("wizard", "account-list", "account-list__email", "account-list__label", "search-busy", "search-results"),
    *("qr-code", "recovery-codes"),
    *("preview", "preview__head", "preview__page", "preview__title", "dialog--page", "panel__foot--sticky"),
}


def without_comments(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)


def classes_of(sheet: Path) -> set[str]:
    """The classes that its selectors name."""
    return set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", without_comments(sheet))))


def page() -> str:
    """The page, made without a database: these tests have none."""
    request = RequestFactory().get("/style/")
    request.user = AnonymousUser()
    return style.page(request).content.decode()


def test_the_page_has_no_address_outside_development():
    assert not settings.DEBUG
    with pytest.raises(Resolver404):
        resolve("/style/")


def test_every_component_is_shown():
    html = page()
    shown = {name for value in re.findall(r'class="([^"]*)"', html) for name in value.split()}
    missing = {name for sheet in COMPONENTS for name in classes_of(sheet)} - shown - ELSEWHERE
    assert not missing, f"Add to templates/style.html: {sorted(missing)}"


def test_every_token_is_named():
    html = page()
    for name in re.findall(r"^ +(--[\w-]+):", without_comments(STATIC / "css/tokens.css"), re.M):
        assert f"<code>{name}</code>" in html


def test_every_class_of_the_sheets_is_used():
    """By a template, a widget or a script; what a template completes, as `status--{{ tone }}`, counts for its kind.

    Those of the back office name the classes of Django's own pages, and of what pygal draws.
    """
    base = Path(settings.BASE_DIR)
    users = [*base.glob("templates/**/*.html"), *base.glob("static/js/**/*.js"), *base.glob("*/**/f*s.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in users)
    kinds = re.findall(r"([a-z_-]+--)\{\{", source)
    words = set(re.findall(r"[a-z][\w-]*", source))
    for sheet in set(STATIC.glob("css/**/*.css")) - {STATIC / "css/admin.css", *STATIC.glob("css/back_office/*.css")}:
        for name in classes_of(sheet) - {"htmx-request"}:
            assert name in words or any(name.startswith(kind) for kind in kinds), f"{sheet.name}: .{name}"


def test_every_token_is_used():
    sheets = "".join(without_comments(sheet) for sheet in STATIC.glob("css/**/*.css"))
    for name in re.findall(r"^  (--[\w-]+):", without_comments(STATIC / "css/tokens.css"), re.M):
        assert f"var({name})" in sheets, name
