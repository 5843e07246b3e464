"""Where formtools keeps a wizard's state: in the draft's row, not in a session."""

from typing import Any

from django.utils import timezone
from formtools.wizard.storage.base import BaseStorage

from roles.http import PersonRequest

from ..models import Draft
from .steps import INVOICE


class DraftRequest(PersonRequest):
    """A request of the wizard, with the draft that its address names."""

    draft: Draft


class DraftStorage(BaseStorage):
    """formtools' storage over `Draft.data`, which the view has read, and locked when it saves.

    What was typed at a step is kept as typed, right or wrong; a form says whether it is right. Files are
    not kept here: each has its row from its arrival (invoices.documents).

    In `extra_data`: `dossiers`, the ids of the associated dossiers in the order chosen; `pieces`, the fields
    added for supporting documents, as [{"slot": …, "type": …}], and `pieces_added`, how many there ever
    were; `mentioned`, the ids of the dossiers that the file of each field mentions, once one came; `attempted`, the
    steps that the person has wanted to leave forwards, whose errors are shown from then on.
    """

    def __init__(self, prefix: str, request: DraftRequest, file_storage: None = None) -> None:
        super().__init__(prefix, request, file_storage)
        self.draft = request.draft
        if not self.draft.data:
            self.init_data()
            self.data[self.extra_data_key] = {"dossiers": [], "pieces": [], "pieces_added": 0, "attempted": []}

    @property
    def data(self) -> dict[str, Any]:
        return self.draft.data

    @data.setter
    def data(self, value: dict[str, Any]) -> None:
        self.draft.data = value

    def get_step_files(self, step: str) -> None:
        """Nothing: the draft's documents are the files."""

    def set_step_files(self, step: str, files: Any) -> None:
        """Nothing, for the same reason."""

    def reset(self) -> None:
        """Nothing: a draft that was sent is gone with its state."""

    def update_response(self, response: Any) -> None:
        """Nothing to clean up after a response."""

    def save(self) -> None:
        """Write the state to the draft's row, whose lock the caller holds."""
        self.draft.saved_at = timezone.now()
        self.draft.save(update_fields=["data", "saved_at"])


def answered_tuition(draft: Draft) -> bool:
    """Whether « Oui » is answered in the draft: its invoice covers tuition costs."""
    typed = draft.data.get("step_data", {}).get(INVOICE, {})
    return typed.get(f"{INVOICE}-covers_tuition", [])[-1:] == ["oui"]


def associated_ids(draft: Draft) -> list[int]:
    """The ids of the dossiers that are associated in the draft."""
    return draft.data.get("extra_data", {}).get("dossiers", [])
