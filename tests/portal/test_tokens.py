"""The colours of static/css/tokens.css keep WCAG 2.2 AA contrast, light and dark, in every pair in use."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SURFACES = ["page", "panel", "well"]
TINTS = ["accent-tint", "done-tint", "waiting-tint", "wrong-tint", "neutral-tint"]

# Text on its background: 4.5 to 1.
TEXT = [
    *[(ink, surface) for ink in ("ink", "soft", "accent", "accent-strong", "wrong") for surface in SURFACES],
    *[("ink", tint) for tint in TINTS],
    ("soft", "accent-tint"),  # the note of the current step
    ("soft", "neutral-tint"),  # a button that cannot be pressed
    ("accent", "accent-tint"),
    ("done", "done-tint"),
    ("waiting", "waiting-tint"),
    ("wrong", "wrong-tint"),
    ("neutral", "neutral-tint"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-wrong", "wrong"),
    ("on-wrong", "wrong-strong"),
    ("panel", "done"),  # the check in the number of a step that is done
]

# Edges of controls, gauges, the focus ring: 3 to 1.
SHAPES = [
    *[("line-strong", surface) for surface in SURFACES],
    *[("accent", surface) for surface in SURFACES],
    *[("wrong", surface) for surface in SURFACES],
    ("accent", "track"),
    ("done", "track"),
]


def colours_of(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): #([0-9a-f]{6});", block))


def palettes() -> dict[str, dict[str, str]]:
    sheet = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text(encoding="utf-8")
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    return {"light": colours_of(light), "dark": colours_of(light) | colours_of(dark)}


PALETTES = palettes()


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_the_one_of_wcag():
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "background"), TEXT)
def test_text_is_readable(scheme, text, background):
    assert contrast(PALETTES[scheme][text], PALETTES[scheme][background]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "background"), SHAPES)
def test_shapes_are_seen(scheme, shape, background):
    assert contrast(PALETTES[scheme][shape], PALETTES[scheme][background]) >= 3


def test_both_schemes_name_the_same_colours():
    """A colour that dark forgets would stay light there."""
    sheet = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text(encoding="utf-8")
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    assert colours_of(light).keys() == colours_of(dark).keys()


BACK_OFFICE = Path(settings.BASE_DIR) / "static/css/back_office/tokens.css"


def test_the_colours_of_the_back_office_are_seen_light_and_dark():
    """On the backgrounds of Django's own pages; its button chooses light or dark as the system's setting does."""
    light, by_system, by_button = (
        colours_of(part)
        for part in re.split(r"@media[^{]*\{|html\[data-theme=\"dark\"\]", BACK_OFFICE.read_text(encoding="utf-8"))
    )
    assert by_system == by_button
    assert light.keys() == by_button.keys()
    for palette, background in ((light, "ffffff"), (by_button, "121212")):
        for name, colour in palette.items():
            assert contrast(colour, background) >= (4.5 if name == "today-mark" else 3), name


def test_no_other_sheet_names_a_colour():
    for sheet in (Path(settings.BASE_DIR) / "static/css").rglob("*.css"):
        if sheet.name != "tokens.css":
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!\s*\{)|rgba?\(|hsla?\(", sheet.read_text(encoding="utf-8"))
