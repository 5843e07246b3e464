"""What a step's page was made from, so that a tab that was left open erases nothing (RULES.md §5).

The page carries a stamp: of each field that one types into for the deposit, a short hash of what the draft held when
the page was made. A field that comes back as it was shown was not touched in that page: where the draft holds
something else by now, another tab put it there, and it stays. What was typed in the page wins, and so does a field
that was emptied there; where another tab saved something else meanwhile, the person is told first. A page's script
marks the fields that it saw change: « name!hash » (js/keep.js).
"""

import hashlib
import re
from collections.abc import Mapping

from .forms import DetailsForm
from .steps import DETAILS, INVOICE

FIELD = "vu"
LONGEST = 1000
# What the page's script asks for: to keep what is typed before any button is pressed; the answer's header with the
# stamp of the page from then on.
KEEP = "garder"
HEADER = "Draft-Stamp"
# Not the search, nor the list of types: they ask for something on the page, and are no part of what is deposited.
STAMPED = {
    INVOICE: (f"{INVOICE}-covers_tuition",),
    DETAILS: tuple(f"{DETAILS}-{name}" for name, _ in DetailsForm.TYPED),
}


def stamp(step: str, held: Mapping[str, str]) -> str:
    """The stamp of a page that shows what the draft holds of this step: « name:hash name:hash »."""
    return _written({name: _hash(held.get(name, "")) for name in STAMPED.get(step, ())})


def changed_elsewhere(step: str, stamped: str, typed: Mapping[str, str], held: Mapping[str, str]) -> set[str]:
    """The fields that come back as their page showed them, while the draft holds something else by now."""
    seen = _read(stamped)
    return {
        name
        for name in STAMPED.get(step, ())
        if typed.get(name, "") != held.get(name, "") and _hash(typed.get(name, "")) == seen.get(name)
    }


def contested(step: str, stamped: str, typed: Mapping[str, str], held: Mapping[str, str]) -> set[str]:
    """The fields in which something was typed, while the draft holds neither that nor what their page had shown."""
    shown = _read(stamped) | _read(stamped, touched=True)
    untouched = changed_elsewhere(step, stamped, typed, held)
    return {
        name
        for name in STAMPED.get(step, ())
        if name in typed
        and name not in untouched
        and typed[name] != held.get(name, "")
        and shown.get(name, "") not in ("", _hash(held.get(name, "")))
    }


def still_as_seen(step: str, stamped: str, typed: Mapping[str, str], held: Mapping[str, str]) -> dict[str, str]:
    """What is typed in the fields of which the draft holds what their page showed, or this very text."""
    seen = _read(stamped)
    return {
        name: typed[name]
        for name in STAMPED.get(step, ())
        if name in typed and (_hash(held.get(name, "")) == seen.get(name) or held.get(name) == typed[name])
    }


def renewed(stamped: str, kept: Mapping[str, str]) -> str:
    """The stamp of the same page once the draft holds what was kept of it; the other fields as they were."""
    return _written(_read(stamped) | {name: _hash(text) for name, text in kept.items()})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]


def _read(stamped: str, *, touched: bool = False) -> dict[str, str]:
    """The hashes by field, of those that the page's script saw change or of the others; of no stamp, nothing."""
    return dict(re.findall(rf"([a-z_-]+){'!' if touched else ':'}([0-9a-f]+)", stamped[:LONGEST]))


def _written(hashes: Mapping[str, str]) -> str:
    return " ".join(f"{name}:{hashed}" for name, hashed in hashes.items())
