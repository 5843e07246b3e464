"""Where what is recorded comes from: the address of the request under way and its id; a worker has no address.

The id is the one that the log lines tell (portal/observe), and that goes along into the tasks a request asks for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from structlog.contextvars import get_contextvars

# Not among structlog's: what is bound there stands in every log line, and an address is personal.
_address: ContextVar[str | None] = ContextVar("trail_address", default=None)


def address_of(request: HttpRequest) -> str | None:
    """The address that the request came from, as far as it can be believed; None when there is none.

    Behind a proxy (BEHIND_TLS) it is the last that `X-Forwarded-For` names, the one that the proxy itself wrote;
    what stands before it anyone may have written.
    """
    given = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_TLS:
        given = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        address = ip_address(given)
    except ValueError:
        return None
    # A server that listens on IPv6 tells of IPv4 as ::ffff:192.0.2.7.
    return str(getattr(address, "ipv4_mapped", None) or address)


@contextmanager
def coming_from(request: HttpRequest) -> Iterator[None]:
    """Within it, what is recorded comes from this request."""
    token = _address.set(address_of(request))
    try:
        yield
    finally:
        _address.reset(token)


def present_address() -> str | None:
    """The address of the request under way, if there is one."""
    return _address.get()


def present_request_id() -> str:
    """The id of the request under way, or of the one that asked for this task; empty when there is none."""
    return str(get_contextvars().get("request_id", ""))
