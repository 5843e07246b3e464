"""Durations in words, as the screens say them."""

from datetime import datetime, timedelta
from math import ceil

from django.utils import timezone


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
