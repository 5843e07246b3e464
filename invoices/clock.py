"""The database's clock: the one by which a deposit waits, is due, and is cancelled in time (RULES.md §6)."""

from datetime import timedelta

from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now


def database_now(shift: timedelta = timedelta(0)) -> CombinedExpression:
    """The database's present time, moved by `shift`, as an expression.

    Always a sum, even of nothing: SQLite compares times as text, and writes a sum in another precision than
    its bare clock, so that the two would compare the wrong way round within a millisecond.
    """
    return Now() + shift
