"""What a cell may hold, and what it means: texts, numbers of companies, dates, amounts, « oui » and « non », choices.

Each is a widget of django-import-export: `clean` reads a cell and raises CellError with the sentence for the person,
`render` writes a value as text, `typed` as what a spreadsheet shows best. An empty cell never comes here.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Choices
from import_export.widgets import Widget

from invoices.overview.export import FORMULA_BEGINS_WITH
from roles.models import as_stored
from roles.search import UNWRITABLE, normalise

from .reading import Value

SPREADSHEET_ERROR = re.compile(r"#(N/A|N/D|[A-ZÉ0-9/]+[!?])")
# What Excel makes of a long number in a column that is not text.
ABRIDGED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+", re.ASCII)
DAYS = (
    re.compile(r"(?P<day>\d{1,2})[/\-.](?P<month>\d{1,2})[/\-.](?P<year>\d{4})(?: 0{1,2}:00(?::00)?)?", re.ASCII),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII),
)
# Days since then are how spreadsheets keep dates; of these numbers nothing else is meant (1954 to 2119).
SPREADSHEET_EPOCH = date(1899, 12, 30)
SPREADSHEET_DAYS = range(20_000, 80_000)
AMOUNT = re.compile(r"-?(?:\d+|\d{1,3}(?: \d{3})+)(?:[.,]\d{1,2})?", re.ASCII)
LONGEST_AMOUNT = 25
SIREN_DIGITS, SIRET_DIGITS = 9, 14
YES = {"oui", "o", "vrai", "true", "1", "x"}
NO = {"non", "n", "faux", "false", "0"}


class CellError(ValueError):
    """A cell means nothing; its words say why. The library tells it as the error of its column."""


def as_text(value: Value) -> str:
    """A cell as text on one line; CellError for one that holds a spreadsheet's error.

    The apostrophe that our own exports put before what looks like a formula is taken off again.
    """
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    text = str(value)
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(character) in UNWRITABLE else character for character in text)
    text = " ".join(text.split())
    if SPREADSHEET_ERROR.fullmatch(text):
        raise CellError(f"La cellule contient une erreur du tableur ({text}) : corrigez-la dans le fichier.")
    return text[1:] if text.startswith("'") and text[1:].lstrip().startswith(FORMULA_BEGINS_WITH) else text


class Text(Widget):
    """A text on one line."""

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> Any:
        return as_text(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)

    def typed(self, value: Any) -> Any:
        return self.render(value)


class Email(Text):
    """An e-mail address, as it is stored."""

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> str:
        return as_stored(as_text(value))


class Digits(Text):
    """A SIREN or a SIRET: spaces do not count, and the zeros that a spreadsheet takes from its beginning come back."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> str:
        text = as_text(value).replace(" ", "")
        if ABRIDGED.fullmatch(text):
            raise CellError(
                f"Le tableur a abrégé ce numéro ({text}) : mettez la colonne au format Texte et saisissez-le en entier."
            )
        return text.zfill(self.length) if NUMBER.fullmatch(text) else text


class Day(Text):
    """A day: 31/12/2026, 2026-12-31, or a date of the spreadsheet."""

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = as_text(value)
        if not isinstance(value, str) and NUMBER.fullmatch(text) and int(text) in SPREADSHEET_DAYS:
            return SPREADSHEET_EPOCH + timedelta(days=int(text))
        for pattern in DAYS:
            if match := pattern.fullmatch(text):
                try:
                    return date(*(int(match[part]) for part in ("year", "month", "day")))
                except ValueError:
                    raise CellError(f"La date « {text} » n’existe pas : vérifiez le jour et le mois.") from None
        raise CellError(f"La date « {text} » n’est pas comprise : écrivez jour/mois/année, par exemple 31/12/2026.")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return f"{value:%d/%m/%Y}" if value else ""

    def typed(self, value: Any) -> Any:
        return value


class Amount(Text):
    """An amount in euros, with two decimals at most: « 1 234,56 », « 1234.56 », « 1 234,56 € »."""

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> Decimal:
        # A spreadsheet keeps 4800.1 as the number beside it that a machine can write.
        text = f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else as_text(value)
        text = text.removesuffix("€").rstrip()
        if len(text) > LONGEST_AMOUNT or not AMOUNT.fullmatch(text):
            raise CellError(f"Le montant « {text} » n’est pas compris : écrivez-le en euros, par exemple 1 234,56.")
        return Decimal(text.replace(" ", "").replace(",", ".")).quantize(Decimal("0.01"))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else f"{value:.2f}".replace(".", ",")

    def typed(self, value: Any) -> Any:
        return value


class YesOrNo(Text):
    """« oui » or « non »."""

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> bool:
        text = as_text(value)
        for meant, words in ((True, YES), (False, NO)):
            if normalise(text) in words:
                return meant
        raise CellError(f"La valeur « {text} » n’est ni oui ni non : écrivez l’un des deux.")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "oui" if value else "non"


class Choice(Text):
    """One of a list, by its code or by its label, whatever the case and the accents."""

    def __init__(self, choices: type[Choices]) -> None:
        super().__init__()
        self.labels: Mapping[str, str] = dict(choices.choices)
        # Nearly all cells are of these.
        self.exactly = {word: code for code, label in choices.choices for word in (code, label)}
        self.codes = {normalise(word): code for code, label in choices.choices for word in (code, label)}

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> str:
        text = as_text(value)
        try:
            return self.exactly.get(text) or self.codes[normalise(text)]
        except KeyError:
            known = ", ".join(f"« {label} »" for label in self.labels.values())
            raise CellError(f"La valeur « {text} » n’est pas dans la liste : {known}.") from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.labels.get(value, "")


class Site(Digits):
    """An establishment by its SIRET. Those that a stretch of lines names are looked up once (`know`)."""

    def __init__(self) -> None:
        super().__init__(SIRET_DIGITS)
        self.ids: dict[str, int] = {}
        self.sirets: dict[int, str] = {}

    def know(self, ids: dict[str, int]) -> None:
        """These establishments, by SIRET, and no others."""
        self.ids = ids
        self.sirets = {pk: siret for siret, pk in ids.items()}

    def clean(self, value: Value, row: Any = None, **kwargs: Any) -> Any:
        siret = super().clean(value)
        try:
            return self.ids[siret]
        except KeyError:
            raise CellError(
                f"Aucun établissement n’a le SIRET {siret} : vérifiez-le, ou importez d’abord les établissements."
            ) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.sirets.get(value, "")
