"""What was typed at a step while the session had ended: it waits for its person to log in again (RULES.md §5).

It waits in the anonymous session of the browser that sent it, which Django keeps through the log-in, under a new
key. It is shown at its step and saved only once the person goes on, by a request of theirs: the button that was
pressed is not pressed again, which is said where the page would not show it, and files are not kept.
"""

import json
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from ..models import Draft
from . import stamps
from .forms import typed_at
from .steps import SEND

SESSION_KEY = "saisies"
MAX_BYTES = 20 * 1024  # of all that waits in one session; the oldest goes first
# Buttons that change the draft within a step: who comes back expects to see that they did.
CHOICES = {"associer", "dissocier", "ajouter-piece", "retirer-piece"}

Undone = Literal["", "choice", "send"]


class Kept(TypedDict):
    """What waits for one address: the fields by their names, as typed in a page of this stamp; whether files came too;
    what the button would have done that is not done; and when.
    """

    typed: dict[str, str]
    stamp: str
    files: bool
    undone: Undone
    at: str


def keep(request: HttpRequest, depot: UUID, step: str) -> None:
    """Keep what an anonymous request typed at a step: its text fields, that files came, and what it asked for.

    The request has passed the CSRF check. Who does not know the address of a draft makes no session. A page that
    keeps what is typed by itself (js/keep.js) asks for nothing, and has it still.
    """
    typed = {} if step == SEND else typed_at(step, request.POST)
    files = any(request.FILES.values())
    undone = _undone(step, request.POST)
    nothing = stamps.KEEP in request.POST or not (any(typed.values()) or files or undone)
    if nothing or not Draft.objects.filter(pk=depot, deleted_at=None).exists():
        return
    waiting: dict[str, Kept] = request.session.get(SESSION_KEY, {})
    waiting.pop(request.path, None)
    waiting[request.path] = {
        "typed": typed,
        "stamp": request.POST.get(stamps.FIELD, "")[: stamps.LONGEST],
        "files": files,
        "undone": undone,
        "at": timezone.now().isoformat(),
    }
    while len(json.dumps(waiting)) > MAX_BYTES:
        del waiting[next(iter(waiting))]
    request.session[SESSION_KEY] = waiting


def _undone(step: str, posted: QueryDict) -> Undone:
    """What the button that was pressed would have done, beside keeping what is typed and leading to a step."""
    if "wizard_goto_step" in posted:
        return ""
    if step == SEND:
        return "send"
    return "choice" if CHOICES & posted.keys() else ""


def waits_for(request: HttpRequest, path: str) -> bool:
    """Whether something that was typed at this address waits for the log-in."""
    kept: Kept | None = request.session.get(SESSION_KEY, {}).get(path)
    return kept is not None and kept["undone"] != "send"


def waiting(request: HttpRequest, *, since: datetime | None) -> Kept | None:
    """What waits for the step of this address, unless the step's draft was saved since."""
    kept: Kept | None = request.session.get(SESSION_KEY, {}).get(request.path)
    if kept and since and datetime.fromisoformat(kept["at"]) < since:
        forget(request)
        return None
    return kept


def forget(request: HttpRequest) -> None:
    """Drop what waits for this address: it was saved, or it is no step of this person's."""
    waiting: dict[str, Kept] = request.session.get(SESSION_KEY, {})
    if waiting.pop(request.path, None):
        request.session[SESSION_KEY] = waiting


def sentence(kept: Kept) -> str:
    """What to say above a step that shows it."""
    if kept["undone"] == "send":
        return "Votre session avait expiré : rien n’a été envoyé. Relisez, puis pressez de nouveau « Transmettre »."
    said = "Votre session avait expiré : ce que vous aviez saisi est là"
    said += ", mais votre dernière action n’a pas été faite." if kept["undone"] else "."
    return f"{said} Choisissez de nouveau le fichier : il n’a pas été gardé." if kept["files"] else said
