"""Who sees the portal in whose place, from when to when: kept in the session of the one who looks, and nowhere else.

The person's own sessions, last log-in and failed log-ins know nothing of it; what one must prove to be let into the
back office, the one who looks has proved before. Both are known to the trail: an event of a person who is seen is one
of who looks, and says as whom (trail/recording.py).
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from trail.enums import Action
from trail.recording import record

from ..accounts.lifetimes import in_words
from ..models import User

SESSION_KEY = "view_as"
PERMISSION = "roles.view_as_user"

NOT_PERMITTED = "Vos droits ne permettent pas de voir le portail comme quelqu’un d’autre."
ONESELF = "C’est votre propre compte."
STAFF = "Ce compte ouvre le back-office : personne ne voit le portail à sa place."
CLOSED = "Ce compte est désactivé."
GONE = "Ce compte n’existe plus."
ELSEWHERE = "Vous n’êtes plus sur un réseau d’où le back-office s’ouvre."


class State(TypedDict):
    """What the session holds: who is seen, by whom, since when."""

    person: int
    by: int
    since: float


@dataclass(frozen=True)
class Viewing:
    """One request of somebody who sees the portal as `person`; `over`: the sentence that says why no more."""

    staff: User
    person: User | None
    since: float
    over: str | None

    @property
    def until(self) -> datetime:
        """When it ends by itself."""
        ends = self.since + settings.VIEW_AS_LIFETIME.total_seconds()
        return datetime.fromtimestamp(ends, tz=timezone.get_current_timezone())


def why_not(staff: User, person: User) -> str | None:
    """Why this member of the staff may not see the portal as this person; None when they may."""
    if not (staff.is_staff and staff.has_perm(PERMISSION)):
        return NOT_PERMITTED
    if person.pk == staff.pk:
        return ONESELF
    if person.is_staff or person.is_superuser:
        return STAFF
    return None if person.is_active else CLOSED


def begin(request: HttpRequest, person: User) -> str | None:
    """See the portal as this person from the next request on; the sentence that says why not, where it may not be."""
    staff = cast(User, request.user)
    if refusal := why_not(staff, person):
        return refusal
    request.session[SESSION_KEY] = State(person=person.pk, by=staff.pk, since=time.time())
    record(Action.VIEW_AS, person=staff, on=person)
    return None


def of(request: HttpRequest, staff: User | AnonymousUser) -> Viewing | None:
    """As whom this request sees the portal; everything that allows it is asked again, as of now."""
    state: State | None = request.session.get(SESSION_KEY)
    if state is None or not isinstance(staff, User) or state["by"] != staff.pk:
        return None
    person = User.objects.filter(pk=state["person"]).first()
    if person is None:
        over: str | None = GONE
    elif not 0 <= time.time() - state["since"] < settings.VIEW_AS_LIFETIME.total_seconds():
        over = time_is_up()
    elif not _back_office_is_near(request):
        over = ELSEWHERE
    else:
        over = why_not(staff, person)
    return Viewing(staff, person, state["since"], over)


def end(request: HttpRequest, viewing: Viewing) -> None:
    """Be oneself again, and have the trail say so."""
    del request.session[SESSION_KEY]
    record(Action.VIEW_AS_END, person=viewing.staff, on=viewing.person)


def end_with(session: SessionBase | dict[str, Any]) -> None:
    """Have the trail say so of a session that is about to go, if somebody saw the portal as another in it.

    Who only closes the browser ends nothing: the session does, when it is removed.
    """
    state: State | None = session.get(SESSION_KEY)
    if state:
        people = User.objects.in_bulk([state["by"], state["person"]])
        record(Action.VIEW_AS_END, person=people.get(state["by"]), on=people.get(state["person"]))


def time_is_up() -> str:
    """The sentence for who has looked for as long as one may."""
    longest = in_words(settings.VIEW_AS_LIFETIME)
    return f"Le temps est passé : on voit le portail comme un autre pendant {longest} au plus."


def _back_office_is_near(request: HttpRequest) -> bool:
    """Whether the request comes from where there is a back office (ADMIN_NETWORKS)."""
    try:
        reverse("admin:index", urlconf=getattr(request, "urlconf", None))
    except NoReverseMatch:
        return False
    return True
