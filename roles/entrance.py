"""The one way into a session: what was proved so far, what is still asked for, and who comes in.

    password, ProConnect ──▶ log_in ──▶ no second factor ───────────────────────▶ in
                                └─────▶ second factor: waits for a code ──▶ enter ┘

Who has a second factor is not logged in before the code: meanwhile the session says who waits, for five minutes and
five wrong codes. Whoever has looked at a password, or at ProConnect's word, calls `log_in` and answers with what it
returns; nothing else calls Django's `login`.
"""

import time
from dataclasses import dataclass
from typing import TypedDict

import django_otp
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp.models import Device

from .models import User
from .proconnect import identities
from .proconnect.identities import Word
from .second_factor import devices

SESSION_KEY = "second_factor"
WAITING_SECONDS = 300
WRONG_CODES = 5


class Waits(TypedDict):
    """What the session holds between the first proof and the code."""

    person: int
    hash: str
    backend: str
    since: float
    wrong: int
    next_page: str
    word: Word | None


@dataclass(frozen=True)
class Waiting:
    """A person of whom a code is asked, and where they go then."""

    person: User
    next_page: str
    waits: Waits | None  # None: they are in, and prove more than they did


def log_in(request: HttpRequest, person: User, next_page: str, word: Word | None = None) -> HttpResponseRedirect:
    """Let a person in who gave a right password or comes with ProConnect's `word`, or ask them for a code first.

    In: `next_page`, an address of the portal; staff without a role on dossiers who asked for none of their own go to
    the back office. Raises identities.LinkRefusedError.
    """
    next_page = _own_page(person, next_page)
    if (word and word["strong"]) or not devices.exists_for(person):
        return _enter(request, person, next_page, word)
    waits: Waits = {
        "person": person.pk,
        "hash": person.get_session_auth_hash(),
        "backend": _backend_of(person),
        "since": time.time(),
        "wrong": 0,
        "next_page": next_page,
        "word": word,
    }
    request.session.cycle_key()
    request.session[SESSION_KEY] = waits
    return redirect("second_factor:code")


def waiting(request: HttpRequest) -> Waiting | None:
    """Of whom this browser's session may show a code, if it still may."""
    person = request.user
    if isinstance(person, User):
        if is_verified(request) or not devices.exists_for(person):
            return None
        return Waiting(person, local_page(request, request.GET.get("next", "")), None)
    waits: Waits | None = request.session.get(SESSION_KEY)
    if waits is None or not 0 <= time.time() - waits["since"] < WAITING_SECONDS:
        return None
    # As of now: an account closed meanwhile, or a password changed, ends the wait.
    known = User.objects.filter(pk=waits["person"], is_active=True).first()
    if known is None or not constant_time_compare(waits["hash"], known.get_session_auth_hash()):
        return None
    known.backend = waits["backend"]
    return Waiting(known, waits["next_page"], waits)


def enter(request: HttpRequest, waiting: Waiting, device: Device) -> HttpResponseRedirect:
    """Let in who has shown a right code. Raises identities.LinkRefusedError."""
    if waiting.waits:
        return _enter(request, waiting.person, waiting.next_page, waiting.waits["word"], device)
    request.session.cycle_key()
    django_otp.login(request, device)
    return HttpResponseRedirect(waiting.next_page)


def count_wrong_code(request: HttpRequest, waiting: Waiting) -> bool:
    """Note that a code was wrong; whether another may be tried before the first proof is asked for again."""
    if waiting.waits is None:
        return True
    waiting.waits["wrong"] += 1
    if waiting.waits["wrong"] >= WRONG_CODES:
        del request.session[SESSION_KEY]
        return False
    request.session[SESSION_KEY] = waiting.waits
    return True


def is_verified(request: HttpRequest) -> bool:
    """Whether this session began with a second factor, ours or the one that ProConnect vouches for."""
    return request.user.is_verified() or identities.is_strong(request)  # type: ignore[union-attr]


def local_page(request: HttpRequest, address: str) -> str:
    """The address, if it is the portal's own; the first page otherwise.

    It came with the request: HttpResponseRedirect takes it, not `redirect`, which would look for a view of that name.
    """
    if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return address
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _own_page(person: User, wanted: str) -> str:
    """Where a person begins: with the dossiers, unless they asked for something else, or have none to look for."""
    if wanted == resolve_url(settings.LOGIN_REDIRECT_URL) and person.is_staff and not person.role_assignments.exists():
        return reverse("admin:index")
    return wanted


def _enter(
    request: HttpRequest, person: User, next_page: str, word: Word | None, device: Device | None = None
) -> HttpResponseRedirect:
    if word:
        identities.link(person, word["sub"])
    request.session.pop(SESSION_KEY, None)
    auth.login(request, person, backend=_backend_of(person))
    if device:
        django_otp.login(request, device)
    if word:
        identities.remember(request, word)
    return HttpResponseRedirect(next_page)


def _backend_of(person: User) -> str:
    """Who reads the person again at each request; an account that is closed is not found there."""
    return getattr(person, "backend", settings.AUTHENTICATION_BACKENDS[-1])
