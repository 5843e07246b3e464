"""What people do, and how long each of their actions waits for the server.

An action is what one does with one press: its request and the redirections that it leads to. Its time is the sum of
what each request waits *without its transfer*: from the last byte sent to the first byte of the answer. On loopback
the last byte is sent once the server's system has it, which may be before the server has read it: what reading,
hashing and checking a file takes is in that time, what the line takes is not. The pictures of a page are asked for
after it, and are actions of their own.
"""

import http.client
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import Request

from tests.chaos import report
from tests.http_client import Answer, HttpClient

TIMEOUT_SECONDS = 30
# A form without a file is smaller.
FILE_BYTES = 50_000
# Answers of a picture that is being drawn, or that there is not: browsers ask again, or show an icon.
PICTURE_LATER = 503
# Kinds of actions, in the order in which they are told; the name, what is asked, the address.
PLACES = {
    "start": r"/dossiers/[^/]+/factures/ajouter/",
    "documents": r"/dossiers/[^/]+/documents/",
    "receipt": r"/depots/[^/]+/recepisse/",
    "facture": r"/depots/[^/]+/facture/",
    "details": r"/depots/[^/]+/details/",
    "justificatifs": r"/depots/[^/]+/justificatifs/",
    "transmettre": r"/depots/[^/]+/transmettre/",
    "picture": r"/documents/[^/]+/.+",
    "other": r".*",
}


@dataclass
class Action:
    """One action: its kind, what it waited for the server, what its sending took, what went wrong."""

    kind: str
    seconds: float = 0
    sending_seconds: float = 0
    errors: list[str] = field(default_factory=list)


def kind_of(request: Request) -> str:
    """What a request is for, as « details, sent »."""
    path = urlsplit(request.full_url).path
    place = next(name for name, pattern in PLACES.items() if re.fullmatch(pattern, path))
    if request.data is None:
        return place
    assert isinstance(request.data, bytes)
    return f"{place}, file sent" if len(request.data) > FILE_BYTES else f"{place}, sent"


class TimedClient(HttpClient):
    """A client that times what it asks: an action goes on until `begin` is called."""

    def __init__(self, base: str, actions: list[Action]) -> None:
        super().__init__(base)
        self._actions = actions
        self._action: Action | None = None

    def begin(self) -> None:
        """What is asked from now on belongs to another action, of the kind of its first request."""
        self._action = None

    def _open(self, request: Request) -> Answer:
        action = self._action
        if action is None:
            action = self._action = Action(kind_of(request))
            self._actions.append(action)
        self.cookies.add_cookie_header(request)
        address = urlsplit(request.full_url)
        line = http.client.HTTPConnection(address.netloc, timeout=TIMEOUT_SECONDS)
        begun = time.perf_counter()
        try:
            line.request(request.get_method(), request.selector, request.data, dict(request.header_items()))
            sent = time.perf_counter() if request.data else begun
            response = line.getresponse()
            answered = time.perf_counter()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            action.errors.append(f"{action.kind}: {error!r}")
            raise
        finally:
            line.close()
        action.seconds += answered - sent
        action.sending_seconds += sent - begun
        later = action.kind == "picture" and response.status == PICTURE_LATER
        if response.status >= 400 and not later:
            action.errors.append(f"{action.kind}: status {response.status}")
        self.cookies.extract_cookies(response, request)  # type: ignore[arg-type]
        return Answer(response.status, response.headers.get("Location", ""), content, response.headers)


def by_kind(actions: Iterable[Action]) -> dict[str, list[Action]]:
    """The actions of each kind, in the order in which they are told."""
    order = list(PLACES)
    found: dict[str, list[Action]] = {}
    for action in sorted(actions, key=lambda action: (order.index(action.kind.partition(",")[0]), action.kind)):
        found.setdefault(action.kind, []).append(action)
    return found


def table(actions: Sequence[Action]) -> Iterable[str]:
    """How long each kind of action waited, in milliseconds."""
    heads = "".join(f" {head:>7}" for head in ("n", "p50", "p95", "p99", "max", "errors"))
    yield f"{'action (ms, without the transfer)':<34}{heads}"
    for kind, these in by_kind(actions).items():
        times = "".join(f" {1000 * value:>7.0f}" for value in report.percentiles([action.seconds for action in these]))
        yield f"{kind:<34} {len(these):>7}{times} {sum(len(action.errors) for action in these):>7}"


def too_slow(actions: Sequence[Action], limit: float) -> Iterable[str]:
    """The kinds of actions whose 95th percentile is not below the limit, in seconds."""
    for kind, these in by_kind(actions).items():
        _, p95, _, _ = report.percentiles([action.seconds for action in these])
        if p95 >= limit:
            yield f"{kind}: {p95:.2f} s"
