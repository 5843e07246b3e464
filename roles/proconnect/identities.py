"""Which account an identity of ProConnect opens: the one that its `sub` is linked to, whatever its e-mail says since.

The first time, the account of the e-mail that ProConnect gives; accounts are made by invitation, never here. An
employer's provider vouches for that e-mail, and no one else does; so an account of the back office is linked only
where a second factor was shown too, ours or the provider's.
"""

from typing import TypedDict

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from trail.enums import Action
from trail.recording import record

from ..models import User
from ..second_factor import devices

SESSION_KEY = "proconnect"


class Word(TypedDict):
    """What ProConnect vouches for: who (`sub`), whether by more than a password, and its token for the log-out."""

    sub: str
    strong: bool
    id_token: str


class LinkRefusedError(Exception):
    """The identity opens no account; `reason` is a short name of why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def person_of(sub: str, email: str, *, email_verified: bool, strong: bool) -> User:
    """The account that this identity opens. Raises LinkRefusedError: unknown, other_identity, staff."""
    linked = User.objects.filter(proconnect_sub=sub).first()
    if linked:
        if not linked.is_active:
            raise LinkRefusedError("unknown")
        return linked
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None or not email_verified:
        raise LinkRefusedError("unknown")
    if person.proconnect_sub is not None:
        raise LinkRefusedError("other_identity")
    if person.is_staff and not strong and not devices.exists_for(person):
        raise LinkRefusedError("staff")
    return person


def link(person: User, sub: str) -> None:
    """Let the identity open this account from now on. Raises LinkRefusedError when either is taken meanwhile."""
    if person.proconnect_sub == sub:
        return
    try:
        with transaction.atomic():
            taken = User.objects.filter(pk=person.pk, proconnect_sub=None).update(proconnect_sub=sub)
            if taken:
                record(Action.PROCONNECT_LINK, person=person, on=person)
    except IntegrityError:
        taken = 0
    if not taken:
        raise LinkRefusedError("other_identity")
    person.proconnect_sub = sub


def unlink(person: User, *, by: User) -> bool:
    """Let the person's identity open nothing any more, until it is linked anew; whether there was one."""
    with transaction.atomic():
        linked = User.objects.filter(pk=person.pk).exclude(proconnect_sub=None).update(proconnect_sub=None)
        if linked:
            record(Action.PROCONNECT_UNLINK, person=by, on=person)
    return linked > 0


def remember(request: HttpRequest, word: Word) -> None:
    """Keep in the session of a person who came by ProConnect what the rest of it needs."""
    request.session[SESSION_KEY] = word


def word_of(request: HttpRequest) -> Word | None:
    """What ProConnect vouched for when this session began, if it began there."""
    return request.session.get(SESSION_KEY)


def is_strong(request: HttpRequest) -> bool:
    """Whether ProConnect vouched for a second factor when this session began."""
    word = word_of(request)
    return bool(word and word["strong"])
