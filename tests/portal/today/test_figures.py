"""Figures and their plots: the same numbers in both, nothing that the content security policy refuses."""

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from portal.today import figures, plots
from portal.today.figures import Figure, Row
from portal.today.kept import Kept
from tests.factories import DossierFactory, UserFactory, make_deposit

SVG = "{http://www.w3.org/2000/svg}"


def figure(*counts: tuple[int, ...]) -> Figure:
    rows = tuple(Row(f"{rank + 1} novembre 2026", f"{rank + 1:02}/11", row) for rank, row in enumerate(counts))
    return Figure("essai", "Un <essai>", "", "Jour", ("Un & deux", "Trois"), rows)


def test_each_count_is_a_bar_with_its_words_and_none_is_no_bar():
    drawing = ElementTree.fromstring(plots.draw(figure((1, 2), (0, 1234), (0, 0))))
    assert [title.text for title in drawing.iter(f"{SVG}title")] == [
        "1 novembre 2026, Un & deux\u00a0: 1",
        "1 novembre 2026, Trois\u00a0: 2",
        "2 novembre 2026, Trois\u00a0: 1\u202f234",
    ]
    assert len(list(drawing.iter(f"{SVG}rect"))) == 3
    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == "Un <essai>"


def test_bars_are_as_high_as_their_counts():
    drawing = ElementTree.fromstring(plots.draw(figure((10, 5), (20, 0))))
    heights = [float(bar.get("height")) for bar in drawing.iter(f"{SVG}rect")]
    assert heights == [pytest.approx(heights[2] * 2, abs=0.2), pytest.approx(heights[0] * 2, abs=0.2), heights[2]]


def test_a_drawing_holds_nothing_that_the_policy_refuses():
    drawing = plots.draw(figure((1, 2), (3, 4)))
    assert not re.search(r"<script|<style|style=|href|url\(|javascript|on\w+=|<!--", drawing)
    assert {node.tag for node in ElementTree.fromstring(drawing).iter()} == {
        f"{SVG}{name}" for name in ("svg", "g", "path", "rect", "text", "title")
    }


def test_the_last_row_has_its_label_among_few():
    drawing = ElementTree.fromstring(plots.draw(figure(*[(1, 1)] * 30)))
    labels = [text.text for text in drawing.iter(f"{SVG}text") if "/" in (text.text or "")]
    assert labels[-1] == "30/11"
    assert len(labels) == plots.LABELS


@pytest.mark.parametrize(
    ("greatest", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (5, [0, 1, 2, 3, 4, 5]),
        (6, [0, 2, 4, 6]),
        (99, [0, 20, 40, 60, 80, 100]),
        (12_345, [0, 5_000, 10_000, 15_000]),
    ],
)
def test_guides_are_whole_round_and_few(greatest, expected):
    assert plots.ticks(greatest) == expected


@pytest.mark.parametrize(
    ("lasting", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59.6), "1 min 00 s"),
        (timedelta(minutes=3, seconds=5), "3 min 05 s"),
        (timedelta(hours=26, minutes=1), "26 h 01 min"),
    ],
)
def test_durations_are_written_in_two_units_at_most(lasting, words):
    assert figures.duration(lasting).replace("\u00a0", " ") == words


@pytest.mark.django_db
def test_the_figures_tell_of_thirty_days_and_count_what_there_is():
    make_deposit(DossierFactory(), UserFactory())
    found = {figure.slug: figure for figure in figures.of_the_last_days()}
    assert {slug: (len(figure.rows), figure.total) for slug, figure in found.items()} == {
        "depots-prestataire": (30, 1),
        "depots-entreprise": (30, 0),
        "transmissions": (30, 0),
        "tailles": (7, 2),
    }
    assert all(len(row.counts) == len(figure.series) for figure in found.values() for row in figure.rows)
    assert all(len(row.further) == len(figure.further) for figure in found.values() for row in figure.rows)


def test_what_is_kept_is_made_once_and_anew_when_it_is_old(monkeypatch):
    made = iter(range(10))
    kept = Kept(lambda: next(made), seconds=60)
    clock = [1000.0]
    monkeypatch.setattr("portal.today.kept.time.monotonic", lambda: clock[0])
    assert [kept(), kept()] == [0, 0]
    clock[0] += 60
    assert kept() == 1
    kept.forget()
    assert kept() == 2


def test_what_could_not_be_made_is_tried_again():
    tries = iter([ValueError, 7])

    def make() -> int:
        found = next(tries)
        if found is ValueError:
            raise ValueError
        return found

    kept = Kept(make, seconds=60)
    with pytest.raises(ValueError):
        kept()
    assert kept() == 7
