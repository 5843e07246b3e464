"""Writes events: here, and nowhere else.

An event is written in its caller's transaction: with the change that it tells of, or not at all. What changes
nothing, a refusal or a view, is written by itself; and where it cannot be written, nothing is given: the callers
record before they answer, so a person reads no document of which the trail does not tell.

No event holds the content of a file, an amount, bank details, a password, or what was typed into a search.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import CharField, JSONField, Model, QuerySet, Value
from django.db.models.functions import Cast, Replace

from . import origin
from .enums import Action, Result
from .models import EMAIL_LENGTH, LABEL_LENGTH, Event

Person = AbstractBaseUser | AnonymousUser | None
Details = Mapping[str, str | int | bool]

DETAIL_LENGTH = 1_000


def record(
    action: Action,
    *,
    person: Person = None,
    side: str = "",
    on: Model | None = None,
    deposit: UUID | None = None,
    result: Result = Result.DONE,
    reason: str = "",
    details: Details | None = None,
) -> None:
    """Write one event, within the caller's transaction if there is one.

    `person` is who did it (of one who is seen by the back office, who looks), `side` on whose behalf, `on` the thing it
    was done to (its `trail_label` names it, or its words), `deposit` the id of the deposit or draft that it belongs to
    (without one the thing's `trail_deposit`), `reason` a short name of why it was refused. From where is known
    (trail/origin.py). Raises django.db.Error.
    """
    event(action, person=person, side=side, on=on, deposit=deposit, result=result, reason=reason, details=details).save(
        force_insert=True
    )


def record_all(events: Iterable[Event]) -> None:
    """Write several at once, made by `event`."""
    Event.objects.bulk_create(events)


def event(
    action: Action,
    *,
    person: Person = None,
    side: str = "",
    on: Model | None = None,
    deposit: UUID | None = None,
    result: Result = Result.DONE,
    reason: str = "",
    details: Details | None = None,
) -> Event:
    """An event that is not written yet; as `record`."""
    # Somebody of the back office looks in this person's place: it is they who do it, and the details say as whom.
    viewer: AbstractBaseUser | None = getattr(person, "viewed_by", None)
    if viewer and person:
        details = {**(details or {}), "viewed_as": person.get_username(), "viewed_as_id": id_of(person.pk)}
        person = viewer
    return Event(
        action=action,
        result=result,
        reason=reason,
        person_id=person.pk if person else None,
        email=person.get_username()[:EMAIL_LENGTH] if person else "",
        side=side,
        subject_type=on._meta.label_lower if on else "",
        subject_id="" if on is None else id_of(on.pk),
        subject_label=_without_nul(label_of(on))[:LABEL_LENGTH] if on else "",
        deposit=deposit or getattr(on, "trail_deposit", None),
        address=origin.present_address(),
        request_id=origin.present_request_id(),
        details={
            name: _without_nul(value)[:DETAIL_LENGTH] if isinstance(value, str) else value
            for name, value in (details or {}).items()
        },
    )


def record_each(action: Action, rows: QuerySet) -> None:
    """Write one event for each row, which nobody did, without any of them leaving the database: for hundreds at once.

    In: rows filtered by something, whose `.values()` are made of `side`, `subject_label`, `deposit` and `request_id`.
    Each is the thing itself, too.
    """
    columns = {
        "action": Value(action.value),
        "result": Value(Result.DONE.value),
        "subject_type": Value(rows.model._meta.label_lower),
        # As `id_of` writes it; SQLite stores it so.
        "subject_id": Replace(Cast("pk", CharField()), Value("-"), Value("")),
        "details": Value({}, JSONField()),
        **dict.fromkeys(("reason", "email"), Value("")),
    }
    told = ("side", "subject_label", "deposit", "request_id")
    select = rows.order_by().annotate(**{f"event_{name}": value for name, value in columns.items()})
    sql, parameters = select.values_list(*told, *(f"event_{name}" for name in columns)).query.sql_with_params()
    with connection.cursor() as cursor:
        # Names of columns are ours, and what the rows hold goes as parameters.
        names = ", ".join(map(connection.ops.quote_name, (*told, *columns)))
        table = connection.ops.quote_name(Event._meta.db_table)
        cursor.execute(f"INSERT INTO {table} ({names}) {sql}", parameters)


def label_of(thing: Model) -> str:
    """How the trail names a thing: by what says which one it is, and no more of a person than that takes."""
    return str(getattr(thing, "trail_label", thing))


def id_of(key: Any) -> str:
    """A thing's key as the trail keeps it; a UUID without its hyphens, as some databases write it."""
    if key is None:
        return ""
    return key.hex if isinstance(key, UUID) else str(key)


def _without_nul(text: str) -> str:
    """PostgreSQL refuses it, and a name that somebody sent may hold it."""
    return text.replace("\x00", "")
