"""What the layers above know of a dossier, for its page in the back office: they say it, this layer does not ask them.

An app says so when it starts: `told_before_status(of_a_status)`, `told_on_the_page(of_a_dossier)`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .enums import DossierStatus
from .models import Dossier


@dataclass(frozen=True)
class Consequence:
    """What another status brings about, in a sentence, and the people whom it concerns, in words."""

    sentence: str
    people: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """What hangs on a dossier: how it is called, how much of it there is, and the address of its list."""

    label: str
    text: str
    address: str


StatusTeller = Callable[[Dossier, DossierStatus], Iterable[Consequence]]
PageTeller = Callable[[Dossier], Iterable[Line]]

_of_status: list[StatusTeller] = []
_of_page: list[PageTeller] = []


def told_before_status(teller: StatusTeller) -> None:
    """Have this told before a dossier's status is changed by hand."""
    if teller not in _of_status:
        _of_status.append(teller)


def told_on_the_page(teller: PageTeller) -> None:
    """Have this told on the page of a dossier."""
    if teller not in _of_page:
        _of_page.append(teller)


def of_status(dossier: Dossier, status: DossierStatus) -> list[Consequence]:
    """What the change from the dossier's status to this one brings about."""
    return [consequence for teller in _of_status for consequence in teller(dossier, status)]


def of_page(dossier: Dossier) -> list[Line]:
    """What hangs on the dossier."""
    return [line for teller in _of_page for line in teller(dossier)]
