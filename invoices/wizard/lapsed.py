"""What was typed at a step while the session had ended: it waits for its person to log in again (RULES.md §5).

It waits in the anonymous session of the browser that sent it, which Django keeps through the log-in, under a new
key. It is shown at its step and saved only once the person goes on, by a request of theirs: the button that was
pressed is not pressed again, and files are not kept.
"""

import json
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from ..models import Draft
from .forms import typed_at
from .steps import SEND

SESSION_KEY = "saisies"
MAX_BYTES = 20 * 1024  # of all that waits in one session; the oldest goes first


class Kept(TypedDict):
    """What waits for one address: the fields by their names, whether files came too, and when."""

    typed: dict[str, str]
    files: bool
    at: str


def keep(request: HttpRequest, depot: UUID, step: str) -> None:
    """Keep what an anonymous request typed at a step: its text fields, and that files came.

    The request has passed the CSRF check. Who does not know the address of a draft makes no session.
    """
    typed = typed_at(step, request.POST)
    files = any(request.FILES.values())
    nothing = step == SEND or not (any(typed.values()) or files)
    if nothing or not Draft.objects.filter(pk=depot, deleted_at=None).exists():
        return
    waiting: dict[str, Kept] = request.session.get(SESSION_KEY, {})
    waiting.pop(request.path, None)
    waiting[request.path] = {"typed": typed, "files": files, "at": timezone.now().isoformat()}
    while len(json.dumps(waiting)) > MAX_BYTES:
        del waiting[next(iter(waiting))]
    request.session[SESSION_KEY] = waiting


def waits_for(request: HttpRequest, path: str) -> bool:
    """Whether something that was typed at this address waits for the log-in."""
    return path in request.session.get(SESSION_KEY, {})


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
    said = "Votre session avait expiré : ce que vous aviez saisi est là."
    return f"{said} Choisissez de nouveau le fichier : il n’a pas été gardé." if kept["files"] else said
