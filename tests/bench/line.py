"""One person's connection to a server, logged in, kept open: what a request takes on it, and nothing else."""

from collections.abc import Mapping
from http.client import HTTPConnection
from statistics import median
from time import perf_counter, sleep
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.bench.data import PASSWORD
from tests.http_client import HttpClient

SECONDS = 60
PIECE = 64 * 1024
# Requests of which one figure is the median.
TIMES = 5


class Line:
    """From `with` to its end, a person (by e-mail) at the server of this address, logged in there or `at` another."""

    def __init__(self, url: str, person: str, *, at: str = "") -> None:
        client = HttpClient(at or url)
        client.log_in(person, PASSWORD)
        cookies = {cookie.name: cookie.value for cookie in client.cookies}
        self._token = cookies["csrftoken"]
        self._headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str, *, expect: str = "") -> float:
        """The seconds from asking for a page to its last byte; AssertionError unless it is one, and says `expect`."""
        begun = perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = perf_counter() - begun
        assert answer.status == 200, f"{path}: {answer.status}"
        assert expect in content.decode(), f"{path} does not say {expect!r}"
        return seconds

    def form(self, data: Mapping[str, Any]) -> bytes:
        """A form of this person's, filled in, with its files, as a browser sends it."""
        return encode_multipart(BOUNDARY, data | {"csrfmiddlewaretoken": self._token})

    def post(self, path: str, form: bytes, *, lasting: float = 0) -> float:
        """The seconds from the first byte of a form to the last of the answer; AssertionError unless it was taken.

        `lasting`: for so many seconds it is on its way, piece by piece, as from a slow line.
        """
        begun = perf_counter()
        self._connection.putrequest("POST", path)
        for name, value in {**self._headers, "Content-Type": MULTIPART_CONTENT, "Content-Length": len(form)}.items():
            self._connection.putheader(name, str(value))
        self._connection.endheaders()
        size = PIECE if lasting else len(form)
        for start in range(0, len(form), size):
            self._connection.send(form[start : start + size])
            sleep(lasting * size / len(form))
        answer = self._connection.getresponse()
        answer.read()
        seconds = perf_counter() - begun
        assert answer.status in (302, 204), f"{path}: {answer.status}"
        return seconds

    def median(self, path: str, *, expect: str = "", times: int = TIMES) -> float:
        """The median of asking for a page so many times: the figure of a round."""
        return median(self.get(path, expect=expect) for _ in range(times))
