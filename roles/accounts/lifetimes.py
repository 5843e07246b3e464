"""How long something lasts, in the words of a sentence: the settings say it once, and every sentence asks them."""

from datetime import timedelta

UNITS = ((timedelta(days=1), "jour"), (timedelta(hours=1), "heure"), (timedelta(minutes=1), "minute"))


def in_words(duration: timedelta) -> str:
    """« 7 jours », « 1 heure », « 15 minutes »: in the largest unit of which it is a whole number; whole minutes."""
    unit, word = next(((unit, word) for unit, word in UNITS if not duration % unit), UNITS[-1])
    count = duration // unit
    return f"{count}\u00a0{word}{'s' if count > 1 else ''}"
