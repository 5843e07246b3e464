"""The webhook (HANDOVER_WEBHOOK_URL): a signed POST tells the OPCO's own system that a manifest is there."""

import hashlib
import hmac
import json
import time
from http.client import HTTPException, HTTPResponse
from typing import NoReturn
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.utils import timezone

from ..models import Handover
from .manifest import VERSION, name_of

EVENT = "deposit.handed_over"


class WebhookError(OSError):
    """The receiver did not take it; says why."""


class _NoRedirect(HTTPRedirectHandler):
    """Whoever answers for the receiver's address does not send what is signed for it elsewhere."""

    def redirect_request(self, *answer: object) -> None:
        return None


_opener = build_opener(_NoRedirect)


def post(handover: Handover) -> None:
    """Tell of a hand-over; OSError unless the receiver answers 2xx, WebhookError where it answers something else."""
    body = json.dumps(message(handover)).encode()
    timestamp = str(int(time.time()))
    request = Request(  # noqa: S310 - the scheme was looked at when the portal started
        settings.HANDOVER_WEBHOOK_URL,
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": f"portail-depots/{settings.VERSION}",
            "X-Portail-Timestamp": timestamp,
            "X-Portail-Signature": f"sha256={signature(timestamp, body)}",
        },
    )
    try:
        answer: HTTPResponse = _opener.open(request, timeout=settings.HANDOVER_WEBHOOK_SECONDS)
        answer.close()
    except HTTPError as error:
        error.close()
        _refused(error.code)
    except HTTPException as error:  # what is answered is no HTTP
        raise WebhookError(type(error).__name__) from error


def message(handover: Handover) -> dict[str, object]:
    """What is told: which deposit, and its manifest's name, version and SHA-256."""
    deposit, delivered_at = handover.deposit, handover.delivered_at
    return {
        "event": EVENT,
        "reference": deposit.reference,
        "deposit": str(deposit.pk),
        "manifest": {"name": name_of(deposit), "version": VERSION, "sha256": handover.manifest_sha256},
        "handed_over_at": delivered_at and timezone.localtime(delivered_at).isoformat(timespec="seconds"),
    }


def signature(timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of « timestamp.body » with HANDOVER_WEBHOOK_SECRET, in hexadecimal."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(settings.HANDOVER_WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()


def _refused(status: int) -> NoReturn:
    raise WebhookError(f"HTTP {status}")
