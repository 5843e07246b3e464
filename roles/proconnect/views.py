"""To ProConnect and back: every end that is not a log-in is the log-in page, with a sentence."""

import logging
import time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_POST
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from trail.enums import Action, Result
from trail.recording import record

from .. import entrance
from ..http import PersonRequest
from ..models import User
from . import identities
from .provider import AwayError, Provider, UntrustedError, setting

logger = logging.getLogger(__name__)

# Between the button and the way back.
STATE_SECONDS = 600
STATES = "oidc_states"
NEXT_PAGE = "oidc_login_next"

REFUSALS = {
    "denied": "ProConnect ne vous a pas identifié : la demande a été refusée ou interrompue.",
    "state": "Cette identification par ProConnect a expiré, ou a déjà servi. Recommencez.",
    "away": "ProConnect ne répond pas. Réessayez dans quelques minutes, ou connectez-vous par mot de passe.",
    "untrusted": "La réponse de ProConnect n’a pas pu être vérifiée. Recommencez, ou connectez-vous par mot de passe.",
    "unknown": "Aucun compte du portail ne correspond à votre identité ProConnect. Les comptes sont ouverts sur "
    "invitation : demandez-la à votre OPCO, ou à la personne qui gère les rôles dans votre société.",
    "other_identity": "Votre compte est associé à une autre identité ProConnect. Connectez-vous par mot de passe, "
    "ou adressez-vous à votre OPCO.",
    "staff": "Votre compte ouvre le back-office : connectez-vous une première fois par mot de passe, et activez la "
    "double authentification.",
}


def refused(request: HttpRequest, reason: str, person: User | None = None) -> HttpResponse:
    """As `turned_away`; the trail has the reason too."""
    record(Action.PROCONNECT, person=person, result=Result.REFUSED, reason=reason)
    return turned_away(request, reason)


def turned_away(request: HttpRequest, reason: str) -> HttpResponse:
    """The log-in page, with the sentence of this refusal; the log has its name."""
    logger.warning("ProConnect opened nothing", extra={"reason": reason})
    messages.error(request, REFUSALS[reason])
    return redirect("login")


@method_decorator(login_not_required, name="dispatch")
class StartView(View):
    """« S’identifier avec ProConnect »: a link and no form, since forms lead nowhere else (CSP, form-action)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            return Departure.as_view()(request)
        except AwayError:
            return refused(request, "away")


class Departure(OIDCAuthenticationRequestView):
    """mozilla-django-oidc's way there: state, nonce and PKCE (S256) of this log-in kept in the session."""

    get_settings = staticmethod(setting)


@method_decorator(login_not_required, name="dispatch")
class ReturnView(View):
    """Where ProConnect sends people back to."""

    def get(self, request: HttpRequest) -> HttpResponse:
        departure = self.departure(request)
        if departure is None:  # of no log-in that began here: anybody could fill the trail with these
            return turned_away(request, "state")
        if not 0 <= time.time() - departure["added_on"] < STATE_SECONDS:
            return refused(request, "state")
        if "code" not in request.GET or "error" in request.GET:
            return refused(request, "denied")
        next_page = entrance.local_page(request, request.session.pop(NEXT_PAGE, None) or "")
        person = None
        try:
            claims = Provider().claims(
                request, request.GET["code"], nonce=departure["nonce"], code_verifier=departure["code_verifier"]
            )
            person = identities.person_of(
                claims.word["sub"], claims.email, email_verified=claims.email_verified, strong=claims.word["strong"]
            )
            with transaction.atomic():
                record(Action.PROCONNECT, person=person)
                return entrance.log_in(request, person, next_page, claims.word)
        except AwayError:
            return refused(request, "away")
        except UntrustedError:
            return refused(request, "untrusted")
        except identities.LinkRefusedError as refusal:
            return refused(request, refusal.reason, person)

    def departure(self, request: HttpRequest) -> dict[str, Any] | None:
        """What the session kept for this way back, which is taken from it: each leads in once; None of no other."""
        departures: dict[str, dict[str, Any]] = request.session.get(STATES, {})
        departure = departures.pop(request.GET.get("state", ""), None)
        if departure is None:
            return None
        request.session[STATES] = departures
        # Kept right away: a second request with the same state, while ProConnect is asked, finds it gone.
        request.session.save()
        return departure


@require_POST
def unlink(request: PersonRequest) -> HttpResponse:
    """« Dissocier de ProConnect » on « Mon compte »: one's identity opens nothing, until one comes by it again.

    Not for who has no password: they would have no way in left.
    """
    if not request.user.has_usable_password():
        messages.warning(request, "Choisissez d’abord un mot de passe : sans ProConnect, il sera votre seul accès.")
    elif identities.unlink(request.user, by=request.user):
        messages.success(request, "Votre compte est dissocié de ProConnect. Connectez-vous désormais par mot de passe.")
    return redirect("roles:account")
