"""What the closing of an account means to the layers above, told before it is done: they know it, this layer does not.

An app says so when it starts: `told_before_closing(of_a_person)`.
"""

from collections.abc import Callable, Iterable

from .models import User

Teller = Callable[[User], Iterable[str]]

_tellers: list[Teller] = []


def told_before_closing(teller: Teller) -> None:
    """Have this function's sentences told of each person whose account is about to be closed."""
    if teller not in _tellers:
        _tellers.append(teller)


def of_closing(person: User) -> list[str]:
    """What hangs on this account, in sentences."""
    return [sentence for teller in _tellers for sentence in teller(person)]
