"""What a step's page shows beside its form: the rail with the gauges, and the fields for files (RULES.md §5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..deposits import deposited_before
from ..models import Deposit, Document
from ..presentation import quoted
from . import told
from .forms import CERTIFICATE_SLOT, INVOICE_SLOT, Situation, StepForm
from .steps import STEP_TITLES


def first_incomplete(checked: Mapping[str, StepForm], before: str) -> str | None:
    """The first step before this one that is not complete; `checked` has the validated forms in order."""
    for step, form in checked.items():
        if step == before:
            return None
        if not form.is_valid():
            return step
    return None


def rail_step(step: str, current: str, checked: Mapping[str, StepForm]) -> dict[str, Any]:
    """One step of the rail: where it stands, whether it can be gone to, and its gauge, which the last has not."""
    gauge = checked[step].gauge() if step in checked else None
    return {
        "number": list(STEP_TITLES).index(step) + 1,
        "step": step,
        "title": STEP_TITLES[step],
        "gauge": gauge,
        "state": "current" if step == current else "done" if gauge and gauge.full else "todo",
        "reachable": step != current and first_incomplete(checked, before=step) is None,
    }


def send_note(incomplete: list[str]) -> str:
    """Beside « Transmettre »: why it is disabled, or that nothing is missing (§5.4)."""
    if not incomplete:
        return "Toutes les étapes sont complètes."
    *firsts, last = (quoted(STEP_TITLES[step]) for step in incomplete)
    titles = f"{', '.join(firsts)} et {last}" if firsts else last
    if len(incomplete) == 1:
        return f"Il reste une étape à compléter : {titles}."
    return f"Il reste des étapes à compléter : {titles}."


@dataclass(frozen=True)
class Repeat:
    """Where a file of the draft is already: in a deposit made before, or under another name in the same draft."""

    deposit: Deposit | None
    twin: Document | None


def repeats(situation: Situation) -> dict[str, Repeat]:
    """The files of the draft that are somewhere already, by their fields: worth a warning, not a refusal.

    Of two fields with one file, the second is told. As many queries for thirty files as for one.
    """
    before = deposited_before([document.sha256 for document in situation.ordered_documents], situation.person)
    first: dict[str, Document] = {}
    found = {}
    for document in situation.ordered_documents:
        twin = first.setdefault(document.sha256, document)
        if twin != document or document.sha256 in before:
            found[document.slot] = Repeat(before.get(document.sha256), None if twin == document else twin)
    return found


def file_field(form: StepForm, slot: str, repeated: Mapping[str, Repeat]) -> dict[str, Any]:
    """A field for a file: what it holds, whether it must, whether « Retirer » goes with it, what to tell of it."""
    held = form.situation.documents.get(slot)
    required = slot == INVOICE_SLOT or (slot == CERTIFICATE_SLOT and form.situation.certificate_required)
    return {
        "field": form[slot],
        "document": held,
        "repeat": repeated.get(slot),
        "told": list(told.of_invoice(form.situation)) if slot == INVOICE_SLOT else [],
        "tag": "Obligatoire" if required else "",
        "removable": slot not in (INVOICE_SLOT, CERTIFICATE_SLOT) or held,
    }
