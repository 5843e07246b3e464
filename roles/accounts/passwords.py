"""What a password must be: strong enough by itself.

The CNIL's recommendation on passwords (deliberation no. 2022-100 of 21 July 2022) and ANSSI's guide on
authentication ask 80 bits of a password that nothing else stands behind. The CNIL gives three ways of reaching them,
and a person takes any: STRENGTHS. Log-ins are limited all the same (guard.py), and no password expires: both say that
it does more harm than good.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

MANY_KINDS_LENGTH = 12
LONG_LENGTH = 14
LONG_KINDS = 3
PASSPHRASE_WORDS = 7
# Of this house, and so the first that someone tries: what is left without them must be strong enough.
OWN_WORDS = ("portail", "dépôts", "dépôt", "depots", "depot", "opco", "factures", "facture", "convergence")
KINDS: tuple[Callable[[str], bool], ...] = (
    str.islower,
    str.isupper,
    str.isdigit,
    lambda sign: not sign.isalnum() and not sign.isspace(),
)
HINT = (
    "Au choix : 12 caractères ou plus, avec des minuscules, des majuscules, des chiffres et de la ponctuation ; "
    "14 caractères ou plus, avec trois de ces quatre sortes ; ou une phrase de 7 mots différents ou plus. "
    "Votre nom, votre adresse et des mots comme « portail » ou « facture » ne comptent pas."
)
TOO_WEAK = "Ce mot de passe n’est pas assez solide. Allongez-le, ou variez-en les caractères."


class Strength(NamedTuple):
    """What counts in a password: its characters, their kinds, its different words."""

    length: int
    kinds: int
    words: int


class StrengthValidator:
    """One of AUTH_PASSWORD_VALIDATORS: one of the three ways, without what anybody would try first."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that is not strong enough; HINT stands beside its field already."""
        if not is_strong(password, user):
            raise ValidationError(TOO_WEAK, code="password_too_weak")

    def get_help_text(self) -> str:
        return HINT


def is_strong(password: str, user: Any = None) -> bool:
    """Whether one of the three ways is taken."""
    length, kinds, words = strength(without_what_is_known(password, user))
    return (
        (length >= MANY_KINDS_LENGTH and kinds == len(KINDS))
        or (length >= LONG_LENGTH and kinds >= LONG_KINDS)
        or words >= PASSPHRASE_WORDS
    )


def strength(text: str) -> Strength:
    """What counts in it. A sign that only repeats those before it adds nothing: « aaaa », « 1234 », « 4321 »."""
    counted = [sign for rank, sign in enumerate(text) if not _goes_on(text, rank)]
    return Strength(
        length=len(counted),
        kinds=sum(any(kind(sign) for sign in counted) for kind in KINDS),
        words=len({word.lower() for word in re.findall(r"[^\W\d_]{2,}", text)}),
    )


def without_what_is_known(password: str, user: Any = None) -> str:
    """The password without the house's words and the person's own names."""
    known = [*OWN_WORDS]
    if user is not None:
        names = (user.first_name, user.last_name, *re.split(r"[@.+_-]", user.email))
        known += [name for name in names if len(name) >= 3]
    # The longest first, so that a part of one leaves nothing of it.
    pattern = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return re.sub(pattern, "", password, flags=re.IGNORECASE)


def _goes_on(text: str, rank: int) -> bool:
    """Whether this sign continues the two before it by the same step: the same sign, or the next, up or down."""
    if rank < 2:
        return False
    first, second, third = (ord(sign) for sign in text[rank - 2 : rank + 1])
    return third - second == second - first and abs(third - second) <= 1
