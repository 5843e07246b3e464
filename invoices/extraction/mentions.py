"""Numbers and names in a text, by which a dossier may be known (dossiers/querysets.py tells which are of one).

A number has letters or marks and digits, « CPRO-2026-004217 »; a name is two to four words with capitals that stand
together, and each part of a longer run of them, since nobody knows where in it the name begins.
"""

from collections.abc import Iterable, Iterator

from invoices.extraction.labels import MONTHS, bare
from invoices.extraction.values import LONGEST, MOST_MENTIONS

LEAST_DIGITS, LONGEST_NUMBER = 4, 40
LEAST_WORDS, MOST_WORDS = 2, 4
MARKS = '()[]{}«»"“”.,;:!?*/|'
# Within a name, in small letters too.
PARTICLES = {"de", "du", "des", "la", "le", "d", "van", "von", "der", "den", "el", "al", "ben", "da", "dos"}
# With a capital at times, and of no name.
NO_NAMES = {
    *MONTHS,
    *("m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "nom", "prenom", "prenoms"),
    *("les", "un", "une", "et", "ou", "par", "pour", "sur", "en", "a"),
    *("stagiaire", "beneficiaire", "salarie", "apprenti", "apprentie", "alternant", "alternante"),
    *("apprenant", "candidat", "candidate", "participant", "facture", "avoir", "date", "numero", "total"),
    *("montant", "tva", "ht", "ttc", "siret", "siren", "formation", "formateur", "formatrice"),
    *("certificat", "realisation", "attestation", "dossier", "contrat", "convention", "client"),
    *("entreprise", "societe", "organisme", "adresse", "page", "rue", "avenue", "boulevard", "place"),
    *("cedex", "france", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "je"),
    *("soussigne", "soussignee", "fait"),
}


def mentions(lines: Iterable[str]) -> list[str]:
    """So many at most, each once, numbers first."""
    numbers: dict[str, None] = {}
    names: dict[str, None] = {}
    for line in lines:
        words = line.split()
        numbers |= dict.fromkeys(word for word in (word.strip(MARKS) for word in words) if _is_number(word))
        names |= dict.fromkeys(_names(words))
        if len(numbers) + len(names) > 4 * MOST_MENTIONS:
            break
    return [*numbers, *names][:MOST_MENTIONS]


def _is_number(word: str) -> bool:
    digits = sum(map(str.isdigit, word))
    return (
        digits >= LEAST_DIGITS
        and digits < len(word) <= LONGEST_NUMBER
        and not word.replace(".", "").replace("-", "").isdecimal()
        and word.isascii()
        and all(letter.isalnum() or letter in "._-" for letter in word)
    )


def _names(words: list[str]) -> Iterator[str]:
    for run in _runs(words):
        for start in range(len(run) - 1):
            for stop in range(start + LEAST_WORDS, min(start + MOST_WORDS, len(run)) + 1):
                part = run[start:stop]
                if part[0][0].isupper() and part[-1][0].isupper() and len(name := " ".join(part)) <= LONGEST:
                    yield name


def _runs(words: list[str]) -> Iterator[list[str]]:
    """Words that may be of a name, as long as they follow each other."""
    run: list[str] = []
    for word in words:
        name = word.strip(MARKS)
        if run and bare(name).rstrip("'") in PARTICLES and name == word:
            run.append(name)
            continue
        may_be = name[:1].isupper() and bare(name) not in NO_NAMES and all(map(_is_of_name, name))
        if may_be and word[0] == name[0]:
            run.append(name)
        else:
            yield run
            run = [name] if may_be else []
        if run and word[-1] != name[-1:]:
            yield run
            run = []
    yield run


def _is_of_name(letter: str) -> bool:
    return letter.isalpha() or letter in "-'’"
