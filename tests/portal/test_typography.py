"""French as a careful person writes it: apostrophes, quotation marks and the no-break spaces that go with them.

Read are the texts of the templates, and the sentences in the code; what INTERFACE names to the letter stays as it is.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from tests.catalogue import GUIDE

NO_BREAK = "\u00a0\u202f"
TO_THE_LETTER = ("Date d'émission", *GUIDE.labels.values())
SAID_IN_ENGLISH = {"migrations", "launch", "management"}  # to operators, where they quote the screen
APPS = ("portal", "invoices", "dossiers", "roles")

FAULTS = {
    "straight apostrophe": re.compile(r"(?i)\b(?:l|d|qu|n|s|c|j|m|t|aujourd|jusqu|lorsqu|puisqu)'\w"),
    "opening mark without its no-break space": re.compile(rf"«(?![{NO_BREAK}])"),
    "closing mark without its no-break space": re.compile(rf"(?<![{NO_BREAK}])»"),
    "sign without its no-break space": re.compile(r"\w[ ][:;?!](?:\s|$)|[^\W\d_][;?!](?:\s|$)|[ ]€"),
    "number without its no-break space": re.compile(r"\d (?:Mo|Ko|€)(?!\w)"),
    "three dots": re.compile(r"\.\.\."),
}
READ_ALOUD = {"aria-label", "alt", "title", "placeholder"}


class Texts(HTMLParser):
    """The texts of a page, and its attributes that are read; where a template writes a value, there is a letter."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        source = re.sub(r"(?s){% comment %}.*?{% endcomment %}|{#.*?#}", "", source)
        self.feed(re.sub(r"{{.*?}}", "x", re.sub(r"(?s){%.*?%}", "", source)))

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in READ_ALOUD]


def faults(text: str) -> list[str]:
    for label in TO_THE_LETTER:
        text = text.replace(label, "")
    return [f"{name}: {text.strip()}" for name, fault in FAULTS.items() if fault.search(text)]


def sentences(path: Path) -> Iterator[str]:
    """The strings of a module that are not docstrings; where one takes a value, there is a letter."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.value


def is_french(text: str) -> bool:
    """Whether it is a sentence for people, and not a log line, a pattern or an address."""
    return " " in text and bool(re.search(r"[«»’éèêàçùôÉÀ]", text)) and not re.search(r"[\\^|]", text)


def test_templates_are_written_with_care():
    folder = settings.BASE_DIR / "templates"
    found = {
        str(path.relative_to(folder)): wrong
        for path in sorted(folder.rglob("*.html"))
        if (wrong := [fault for text in Texts(path.read_text(encoding="utf-8")).found for fault in faults(text)])
    }
    assert not found


@pytest.mark.parametrize("app", APPS)
def test_sentences_in_the_code_are_written_with_care(app):
    found = {
        str(path): wrong
        for path in sorted((settings.BASE_DIR / app).rglob("*.py"))
        if not SAID_IN_ENGLISH & set(path.parts)
        and (wrong := [fault for text in sentences(path) if is_french(text) for fault in faults(text)])
    }
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "l'invoice",
        "« mot\u00a0»",
        "«\u00a0mot »",
        "Une étape : la suite",
        "Vraiment?",
        "10 Mo",
        "1\u202f234,56 €",
        "...",
    ],
)
def test_what_is_a_fault(text):
    assert faults(text)


@pytest.mark.parametrize(
    "text", ["l’étape", "«\u00a0mot\u00a0»", "étape\u00a0: la suite", "10\u00a0Mo", "Date d'émission", "14:30"]
)
def test_what_is_none(text):
    assert not faults(text)
