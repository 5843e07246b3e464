"""What one person may hold and send: uploads an hour, bytes not yet deposited, drafts (the limits are settings).

Generous for people at work, and a bound for an account that was stolen. Two requests at once never both get the last
place: the uploads are counted by one conditional write, the rest under the lock of the person's allowance.
"""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, F, Q, Sum, When

from dossiers.models import Dossier
from roles.enums import Side
from roles.models import User

from .clock import database_now
from .models import Allowance, Document, Draft
from .pdf import PdfProblem, PdfRefused

HOUR = timedelta(hours=1)


def why_no_upload(person: User) -> PdfProblem | None:
    """What would be said of any file that the person sent now, for the page to say before it is sent."""
    if not _has_upload_left(person):
        return PdfProblem.TOO_MANY_UPLOADS
    return None if _bytes_held(person) < settings.DRAFT_BYTES_PER_PERSON else PdfProblem.NO_ROOM


def claim_upload(person: User) -> None:
    """Count one upload, whatever becomes of it; raises PdfRefused where none is left, or nothing more can be held.

    The hour begins with its first upload, and the next one with the first after its end.
    """
    if not _claim(person):  # the first one has no allowance yet
        _make_sure_of_allowance(person)
        if not _claim(person):
            raise PdfRefused(PdfProblem.TOO_MANY_UPLOADS)
    if _bytes_held(person) >= settings.DRAFT_BYTES_PER_PERSON:
        raise PdfRefused(PdfProblem.NO_ROOM)


def take_room(person: User, size: int) -> None:
    """Make sure that the person may hold so many bytes more; PdfRefused where they may not.

    Within the transaction that writes the document: until its end nobody else takes the same room.
    """
    _lock(person)
    if _bytes_held(person) + size > settings.DRAFT_BYTES_PER_PERSON:
        raise PdfRefused(PdfProblem.NO_ROOM)


def begin_draft(person: User, origin: Dossier, side: Side) -> Draft:
    """A new draft; PermissionDenied with the reason where the person has as many as they may.

    Starts of which nothing was saved, an hour old, make room: nobody is shown them.
    """
    with transaction.atomic():
        _lock(person)
        drafts = Draft.objects.filter(owner=person, deleted_at=None)
        if drafts.count() >= settings.DRAFTS_PER_PERSON:
            drafts.filter(saved_at=None, documents=None, created_at__lte=database_now(-HOUR)).delete()
            if drafts.count() >= settings.DRAFTS_PER_PERSON:
                raise PermissionDenied(too_many_drafts())
        return Draft.objects.create(owner=person, origin=origin, side=side)


def too_many_drafts() -> str:
    """The sentence for whoever has as many drafts as they may."""
    return (
        f"Vous avez déjà {settings.DRAFTS_PER_PERSON}\u00a0brouillons, le maximum. "
        "Transmettez-en ou supprimez-en, puis ajoutez cette facture."
    )


def _bytes_held(person: User) -> int:
    """What lies in the storage for the person and is in no deposit: in drafts, and replaced or removed a while ago.

    With what the storage was sent and did not confirm: it may lie there, and counts until the purge has looked.
    """
    held = Document.objects.filter(uploaded_by=person, deposit=None).aggregate(bytes=Sum("size"))
    return held["bytes"] or 0


def _has_upload_left(person: User) -> bool:
    used = Allowance.objects.filter(
        person=person, begun_at__gt=database_now(-HOUR), uploads__gte=settings.UPLOADS_PER_HOUR
    )
    return not used.exists()


def _claim(person: User) -> bool:
    over = Q(begun_at__lte=database_now(-HOUR))
    claimed = Allowance.objects.filter(over | Q(uploads__lt=settings.UPLOADS_PER_HOUR), person=person).update(
        uploads=Case(When(over, then=1), default=F("uploads") + 1),
        begun_at=Case(When(over, then=database_now()), default=F("begun_at")),
    )
    return bool(claimed)


def _make_sure_of_allowance(person: User) -> None:
    """One row a person, made at the first need; two requests may both try."""
    if not Allowance.objects.filter(person=person).exists():
        Allowance.objects.bulk_create([Allowance(person=person)], ignore_conflicts=True)


def _lock(person: User) -> None:
    rows = Allowance.objects.filter(person=person).select_for_update().values_list("pk")
    if not rows.first():
        _make_sure_of_allowance(person)
        rows.get()
