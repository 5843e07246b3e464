"""An account is closed, and may be opened again: nothing of it is deleted."""

from django.db import transaction
from django.utils import timezone

from trail.enums import Action
from trail.recording import record

from ..models import User
from .links import NotPossibleError

OWN = "Vous ne pouvez pas désactiver votre propre compte."
CLOSED_ALREADY = "Ce compte est déjà désactivé."
OPEN_ALREADY = "Ce compte est déjà actif."


@transaction.atomic
def close(person: User, by: User) -> None:
    """Let nobody in by this account any more: every session ends, links are void, roles and drafts stay.

    Raises NotPossibleError.
    """
    if person.pk == by.pk:
        raise NotPossibleError(OWN)
    if not User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
        raise NotPossibleError(CLOSED_ALREADY)
    person.is_active = False
    # Those of before are over for good, also once it is opened again.
    person.end_sessions()
    record(Action.CLOSE_ACCOUNT, person=by, on=person)


@transaction.atomic
def reopen(person: User, by: User) -> None:
    """Let its person in again, as before; the time that it may lie unused begins anew. Raises NotPossibleError."""
    now = timezone.now()
    if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True, active_since=now):
        raise NotPossibleError(OPEN_ALREADY)
    person.is_active, person.active_since = True, now
    record(Action.REOPEN_ACCOUNT, person=by, on=person)
