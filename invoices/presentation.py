"""Words as the screens say them: quotations, durations."""

from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Any

from django.template import Context, Template
from django.utils import timezone


def quoted(text: str) -> str:
    """« text », never broken from its marks at the end of a line."""
    return f"«\u00a0{text}\u00a0»"


def counted(count: int, noun: str) -> str:
    """« 1 dossier », « 10 dossiers »."""
    return f"{count} {noun}{'s' if count > 1 else ''}"


def minutes(duration: timedelta) -> str:
    """« 15 minutes », « 1 minute », « 8 secondes »: rounded up, never less than a second."""
    seconds = max(1, ceil(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} seconde{'s' if seconds > 1 else ''}"
    count = ceil(seconds / 60)
    return f"{count} minute{'s' if count > 1 else ''}"


def remaining(until: datetime) -> str | None:
    """How long until then, in words; None once it has passed."""
    left = until - timezone.now()
    return minutes(left) if left > timedelta(0) else None


def written(value: Any, filter_name: str) -> str:
    """A value as the pages write it: by a filter that every template has, and that lives in a layer above."""
    return _writing(filter_name).render(Context({"value": value}, autoescape=False))


@cache
def _writing(filter_name: str) -> Template:
    return Template("{{ value|" + filter_name + " }}")
