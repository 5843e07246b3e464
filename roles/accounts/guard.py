"""Who may try to log in: django-axes, told what an e-mail address and an IP address are here.

After LOGIN_FAILURES wrong passwords for one e-mail address from one IP address, neither is listened to for
LOGIN_PAUSE; after LOGIN_FAILURES_OF_AN_ADDRESS from one IP address, that address is not, for any account. Counted is
what was typed, whether there is such an account or not, so the answer tells nothing of accounts.

No limit on an e-mail address alone: anybody could close anybody's account with it. What stands against guessing from
many addresses is the strength that passwords must have (passwords.py).
"""

import logging
from ipaddress import IPv6Address, ip_address
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from trail.enums import Action, Result
from trail.origin import address_of
from trail.recording import record

from ..models import FailedLogIn, User, as_stored

logger = logging.getLogger(__name__)

# Why it was locked, in the trail.
ACCOUNT_LOCKED, ADDRESS_LOCKED = "account", "address"
# Who has one address of IPv6 has all that begin with its first 64 bits.
OWN_BITS = 64


class LogInGuard(AxesDatabaseHandler):
    """django-axes' own, which asks of the IP address alone too, and tells the trail."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return super().is_locked(request, credentials) or self._fails_everywhere(request)

    def user_login_failed(
        self, sender: str, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count it. The first that is one too many is told; those that come during the pause count for nothing."""
        if request is None or getattr(request, "axes_locked_out", False):
            return
        super().user_login_failed(sender, credentials, request, **kwargs)
        reason = ACCOUNT_LOCKED
        if self._fails_everywhere(request):
            reason = ADDRESS_LOCKED
            request.axes_locked_out = True  # type: ignore[attr-defined]
        if is_locked_out(request):
            email = email_of(request, credentials)
            person = User.objects.filter(email=email).first()
            logger.warning("log-in locked", extra={"user": person.pk if person else None, "reason": reason})
            record(Action.LOCK_OUT, person=person, result=Result.REFUSED, reason=reason)

    def _fails_everywhere(self, request: HttpRequest) -> bool:
        """Whether too many log-ins failed from the request's IP address, whoever's they were."""
        recent = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
            attempt_time__gte=get_cool_off_threshold(request),
        )
        failures = recent.aggregate(total=Sum("failures_since_start"))["total"] or 0
        return failures >= settings.LOGIN_FAILURES_OF_AN_ADDRESS


def is_locked_out(request: HttpRequest | None) -> bool:
    """Whether this very request was refused without a look at its password, or will the next one be."""
    return bool(getattr(request, "axes_locked_out", False))


def email_of(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:  # noqa: ARG001 - as axes calls it
    """The e-mail address that is tried, as the accounts have it: no case and no space counts apart.

    No account has a longer one than a failure's row has room for: what is beyond does not count apart either.
    """
    room = AccessAttempt._meta.get_field("username").max_length
    return as_stored((credentials or {}).get("username"))[:room]


def network_of(request: HttpRequest) -> str | None:
    """The IP address that counts: the one the request comes from, of IPv6 the network; None when there is none."""
    told = address_of(request)
    address = ip_address(told) if told else None
    if not isinstance(address, IPv6Address):
        return told
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> OWN_BITS << OWN_BITS))


def recent(failed: QuerySet) -> QuerySet:
    """Of these failed log-ins, those that count now; `together` is how many count as one, whatever the browser."""
    alike = failed.model._base_manager.filter(username=OuterRef("username"), ip_address=OuterRef("ip_address"))
    total = alike.values("username").annotate(total=Sum("failures_since_start")).values("total")
    return failed.filter(attempt_time__gte=timezone.now() - settings.LOGIN_PAUSE).annotate(
        together=Coalesce(Subquery(total), F("failures_since_start"))
    )


def locked() -> QuerySet:
    """The failed log-ins that hold up the next one, whatever its password."""
    return recent(FailedLogIn.objects.all()).filter(together__gte=settings.LOGIN_FAILURES)


def unlock(user: User) -> int:
    """Forget the failed log-ins of this account, from wherever they came; return from how many places."""
    return AxesProxyHandler.reset_attempts(username=user.email)
