"""The labels of an ordinary French invoice: « Facture n° », « Date d’émission », « Total HT », « Net à payer »…

A label is known by its words and not by their order: each of them has a role, and the roles that come together before
anything else make the label. Tables of words are read sooner than expressions are compiled, once for each file.
"""

import unicodedata
from enum import Enum, auto


class Label(Enum):
    NUMBER = auto()
    CREDIT_NUMBER = auto()
    # A title, or what comes before a number without « n° ».
    INVOICE = auto()
    CREDIT_NOTE = auto()
    ISSUE_DATE = auto()
    # Of an invoice, where it stands by the number; elsewhere, of anything.
    BARE_DATE = auto()
    HT = auto()
    TTC = auto()
    TO_PAY = auto()
    VAT = auto()
    VAT_AT_A_RATE = auto()


TOTALS = {Label.HT, Label.TTC, Label.TO_PAY, Label.VAT, Label.VAT_AT_A_RATE}

# Without accents and capitals, nor the marks around and within: « (H.T.) » is « ht ».
ROLES = {
    word: role
    for role, words in {
        "": " a d' de dont en eur euro euros la le l' comprises taxe taxes €",
        "acompte": "acompte",
        "avoir": "avoir",
        "credit": "note credit",
        "date": "date",
        "emission": "emission etablissement",
        "facture": "facture facturation",
        "ht": "ht hors",
        "issued": "emis emise etabli etablie",
        "of": "du",
        "pay": "payer regler",
        "sign": "# n° no num numero nr ref reference",
        "total": "total totale montant net somme general generale global",
        "ttc": "ttc toutes",
        "tva": "tva",
    }.items()
    for word in words.split(" ")
}
LABELS = {
    frozenset(roles.split()): label
    for label, several in {
        Label.NUMBER: ("facture sign", "facture acompte sign"),
        Label.CREDIT_NUMBER: ("avoir sign", "facture avoir sign", "credit sign"),
        Label.INVOICE: ("facture", "facture acompte"),
        Label.CREDIT_NOTE: ("avoir", "facture avoir", "credit"),
        Label.ISSUE_DATE: (
            *("date facture", "date emission", "date facture emission", "date avoir", "date facture avoir"),
            *("issued", "facture issued", "avoir issued", "facture of", "avoir of"),
        ),
        Label.BARE_DATE: ("date",),
        Label.HT: ("total ht", "total facture ht", "total ht tva"),
        Label.TTC: ("total ttc", "total facture ttc"),
        Label.TO_PAY: ("total pay", "total pay ttc"),
        Label.VAT: ("tva", "total tva"),
        Label.VAT_AT_A_RATE: ("tva rate", "total tva rate"),
    }.items()
    for roles in several
}
MONTHS = [
    *("janvier", "fevrier", "mars", "avril", "mai", "juin"),
    *("juillet", "aout", "septembre", "octobre", "novembre", "decembre"),
]
# What is left to pay is then not what was invoiced.
PAID_OTHERWISE = {
    *("acompte", "acomptes", "arrhes", "avoir", "avoirs", "deduction", "deduire", "deja", "provision", "restant"),
    *("reste", "retenue", "solde", "verse"),
}


class _Folds(dict[int, str]):
    """For str.translate: each letter without its accent and its capital, one for one."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter.isalpha():  # « ² » is no 2
            letter = unicodedata.normalize("NFKD", letter)[0].lower()[0]
        return self.setdefault(code, letter)


_FOLDS = _Folds({ord("º"): "°", ord("’"): "'", ord("−"): "-", ord("–"): "-"})


def folded(text: str) -> str:
    """The text without accents and capitals, letter for letter."""
    return text.translate(_FOLDS)


def words(text: str) -> list[str]:
    """The words of a text, with those apart that are written together: « n°12 », « d’émission », « HT(€) »."""
    for mark, apart in ((" °", "°"), ("°", "° "), ("º", "° "), ("'", "' "), ("’", "' "), (":", " : "), ("(", " (")):
        text = text.replace(mark, apart)
    return text.split()


def bare(word: str) -> str:
    """A word as it is compared."""
    return folded(word).replace(".", "").strip("()[]:;,_…*")


def is_rate(text: str) -> bool:
    """« 20 % », « 5,5% »."""
    number = text.strip("() ").removesuffix("%").rstrip().replace(",", "").replace(".", "")
    return text.rstrip(") ").endswith("%") and len(number) <= 4 and number.isdecimal()


def label_of(text: str) -> tuple[Label | None, str]:
    """The label that a text begins with, and what comes behind it."""
    rest = words(text)
    roles: set[str] = set()
    while rest:
        word = bare(rest[0])
        if "tva" in roles and is_rate(rest[0]):
            role, length = "rate", 1
        elif "tva" in roles and is_rate(" ".join(rest[:2])):
            role, length = "rate", 2
        elif word in ROLES:
            role, length = ROLES[word], 1
        else:
            break
        roles.add(role)
        del rest[:length]
    return LABELS.get(frozenset(roles - {""})), " ".join(rest)
