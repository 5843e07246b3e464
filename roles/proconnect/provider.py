"""What the portal asks of ProConnect, and what it believes of the answers.

mozilla-django-oidc speaks to the provider; here stands what it leaves open. Tokens *and* userinfo are signed (RS256 or
ES256, nothing else) by a key of the provider's own set, made by this issuer for this client, not expired, and about
the same person. Where the endpoints are is read from the provider's own document at the first log-in, not at the start.
"""

import secrets
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from .identities import Word

ALGORITHMS = ["RS256", "ES256"]
# Seconds that clocks may differ by.
LEEWAY = 30
TIMEOUT_SECONDS = 5
DOCUMENT_SECONDS = 3600
# The levels of ProConnect at which the person has shown a second factor to their provider.
STRONG = {
    "eidas2",
    "eidas3",
    "https://proconnect.gouv.fr/assurance/self-asserted-2fa",
    "https://proconnect.gouv.fr/assurance/consistency-checked-2fa",
}


class AwayError(Exception):
    """The provider does not answer, or not as a provider does."""


class UntrustedError(Exception):
    """Something that came back is not what the provider signed for us."""


class Endpoints(NamedTuple):
    """Who the provider is, as its tokens say it, and where it does what."""

    issuer: str
    authorization: str
    token: str
    userinfo: str
    jwks: str
    end_session: str


class Claims(NamedTuple):
    """Whom the provider vouches for."""

    word: Word
    email: str
    email_verified: bool


_known: dict[str, tuple[float, Endpoints]] = {}


def endpoints() -> Endpoints:
    """The provider's endpoints, read anew every hour. Raises AwayError."""
    issuer = settings.PROCONNECT_ISSUER
    read_at, found = _known.get(issuer, (0.0, None))
    if found is None or time.monotonic() - read_at > DOCUMENT_SECONDS:
        try:
            response = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=TIMEOUT_SECONDS)
            response.raise_for_status()
            found = _endpoints_of(response.json(), issuer)
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise AwayError from error
        _known[issuer] = time.monotonic(), found
    return found


def _endpoints_of(document: dict[str, Any], issuer: str) -> Endpoints:
    """ValueError for a document of another issuer, or that leads to another machine."""
    if document["issuer"].rstrip("/") != issuer:
        raise ValueError("another issuer")
    found = Endpoints(
        document["issuer"],
        document["authorization_endpoint"],
        document["token_endpoint"],
        document["userinfo_endpoint"],
        document["jwks_uri"],
        document["end_session_endpoint"],
    )
    own = urlsplit(issuer)
    if any(urlsplit(address)[:2] != own[:2] for address in found[1:]):
        raise ValueError("endpoints elsewhere")
    return found


def setting(name: str, *default: Any) -> Any:
    """What mozilla-django-oidc asks the settings for, from ours; for the rest its own defaults."""
    ours: dict[str, Any] = {
        "OIDC_RP_CLIENT_ID": settings.PROCONNECT_CLIENT_ID,
        "OIDC_RP_CLIENT_SECRET": settings.PROCONNECT_CLIENT_SECRET,
        "OIDC_RP_SIGN_ALGO": "RS256",  # it only asks whether keys are public ones
        "OIDC_RP_SCOPES": "openid email",
        "OIDC_USE_PKCE": True,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "proconnect:return",
        # A level below which ProConnect lets nobody through; it says in its token which one was reached.
        "OIDC_AUTH_REQUEST_EXTRA_PARAMS": {"acr_values": "eidas1"},
        "OIDC_TIMEOUT": TIMEOUT_SECONDS,
    }
    if name in ours:
        return ours[name]
    where = {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization",
        "OIDC_OP_TOKEN_ENDPOINT": "token",
        "OIDC_OP_USER_ENDPOINT": "userinfo",
        "OIDC_OP_JWKS_ENDPOINT": "jwks",
    }
    if name in where:
        return getattr(endpoints(), where[name])
    return default[0]


class Provider(OIDCAuthenticationBackend):
    """Exchanges a code for claims that may be believed. Not one of Django's backends: it finds no account."""

    get_settings = staticmethod(setting)

    def claims(self, request: HttpRequest, code: str, nonce: str, code_verifier: str) -> Claims:
        """Whom the code stands for. Raises AwayError and UntrustedError."""
        try:
            tokens = self.get_token(
                {
                    "client_id": self.OIDC_RP_CLIENT_ID,
                    "client_secret": self.OIDC_RP_CLIENT_SECRET,
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": request.build_absolute_uri(reverse("proconnect:return")),
                    "code_verifier": code_verifier,
                }
            )
            id_token = tokens["id_token"]
            told = self.verify_token(id_token, nonce=nonce)
            about = self.get_userinfo(tokens["access_token"], id_token, told)
            strong = told.get("acr") in STRONG
            word: Word = {"sub": _text(told["sub"]), "strong": strong, "id_token": id_token}
            return Claims(word, _text(about["email"]), about.get("email_verified", True) is True)
        except requests.HTTPError as error:
            # A code that was used, or is another's, is refused with 400; what else fails is the provider's affair.
            refused = error.response is not None and error.response.status_code < 500
            raise (UntrustedError if refused else AwayError) from error
        except requests.RequestException as error:
            raise AwayError from error
        except (jwt.PyJWTError, SuspiciousOperation, KeyError, ValueError, TypeError, AttributeError) as error:
            raise UntrustedError from error

    def verify_token(self, token: str, **expected: Any) -> dict[str, Any]:
        """What the id token says; jwt.PyJWTError or UntrustedError unless it was made for us, for this very log-in."""
        told = self.signed(token, "iss", "aud", "exp", "iat", "sub")
        nonce = told.get("nonce")
        if not isinstance(nonce, str) or not constant_time_compare(nonce, expected["nonce"]):
            raise UntrustedError("nonce")
        return told

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """What userinfo says, signed, about the person of the id token."""
        response = requests.get(
            self.OIDC_OP_USER_ENDPOINT,
            headers={"Authorization": f"Bearer {access_token}"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        response.raise_for_status()
        if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/jwt":
            raise UntrustedError("userinfo is not signed")
        about = self.signed(response.text, "iss", "aud", "sub")
        if about["sub"] != payload["sub"]:
            raise UntrustedError("userinfo of somebody else")
        return about

    def signed(self, token: str, *required: str) -> dict[str, Any]:
        """The claims of a token that a key of the provider signed, by this issuer for this client alone."""
        if jwt.get_unverified_header(token).get("alg") not in ALGORITHMS:
            raise UntrustedError("algorithm")
        claims: dict[str, Any] = jwt.decode(
            token,
            self.retrieve_matching_jwk(token),
            algorithms=ALGORITHMS,
            issuer=endpoints().issuer,
            audience=settings.PROCONNECT_CLIENT_ID,
            leeway=LEEWAY,
            options={"require": list(required)},
        )
        if claims["aud"] not in (settings.PROCONNECT_CLIENT_ID, [settings.PROCONNECT_CLIENT_ID]):
            raise UntrustedError("for others too")
        return claims


def _text(value: object) -> str:
    """TypeError for what is not a text that says something."""
    if not isinstance(value, str) or not value or len(value) > 255 or "\x00" in value:
        raise TypeError("not a text")
    return value


def logged_out(request: HttpRequest, word: Word) -> HttpResponse | None:
    """The page that leads on to ProConnect's own log-out, and back; None while it is away.

    A page and no redirection: the answer to a form may lead nowhere else (CSP, form-action), whatever further
    providers ProConnect passes through.
    """
    try:
        address = endpoints().end_session
    except AwayError:
        return None
    query = {
        "id_token_hint": word["id_token"],
        "post_logout_redirect_uri": request.build_absolute_uri(reverse("login")),
        "state": secrets.token_urlsafe(16),
    }
    return render(request, "roles/proconnect_logged_out.html", {"address": f"{address}?{urlencode(query)}"})
