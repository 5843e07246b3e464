"""A deposit's reference: « DEP-7K3M-Q9TW-05XB-ZC2H ».

Crockford's base 32: no letter is taken for a digit. Eighty random bits: who has it was given it. At a thousand
guesses a second, finding one of a million deposits takes some 38 million years, so nothing bounds the guesses.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret - the letters of references
SYMBOLS = 16
GROUP = 4
PREFIX = "DEP"
LENGTH = len(PREFIX) + SYMBOLS + SYMBOLS // GROUP
# What may be typed for it, with spaces to spare.
TYPED_LENGTH = 80

_LIKENESSES = str.maketrans("OIL", "011")


def new_reference() -> str:
    """A reference that no other deposit has, by its randomness; the database has the last word."""
    return _written("".join(secrets.choice(ALPHABET) for _ in range(SYMBOLS)))


def read_reference(typed: str) -> str | None:
    """The reference that a person means, whatever the case, spaces and hyphens, and O for 0, I or L for 1.

    With or without its « DEP »; None for what cannot be one.
    """
    symbols = "".join(character for character in typed[:TYPED_LENGTH].upper() if character.isalnum())
    if len(symbols) == len(PREFIX) + SYMBOLS:
        symbols = symbols.removeprefix(PREFIX)
    symbols = symbols.translate(_LIKENESSES)
    if len(symbols) != SYMBOLS or not set(symbols) <= set(ALPHABET):
        return None
    return _written(symbols)


def _written(symbols: str) -> str:
    groups = (symbols[start : start + GROUP] for start in range(0, SYMBOLS, GROUP))
    return "-".join((PREFIX, *groups))
