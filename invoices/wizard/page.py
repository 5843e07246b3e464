"""What a step's page shows beside its form: the rail with the gauges, and the fields for files (RULES.md §5)."""

from collections.abc import Mapping
from typing import Any

from ..presentation import quoted
from .forms import CERTIFICATE_SLOT, INVOICE_SLOT, StepForm
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


def file_field(form: StepForm, slot: str) -> dict[str, Any]:
    """A field for a file: what it holds, whether it must, and whether « Retirer » goes with it."""
    held = form.situation.documents.get(slot)
    required = slot == INVOICE_SLOT or (slot == CERTIFICATE_SLOT and form.situation.certificate_required)
    return {
        "field": form[slot],
        "document": held,
        "tag": "Obligatoire" if required else "",
        "removable": slot not in (INVOICE_SLOT, CERTIFICATE_SLOT) or held,
    }
