"""Words as the screens say them: quotations, durations."""

from datetime import datetime, timedelta
from math import ceil

from django.utils import timezone


def quoted(text: str) -> str:
    """« text », never broken from its marks at the end of a line."""
    return f"«\u00a0{text}\u00a0»"


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
