"""The antivirus, where the operator has one (CLAMAV_URL): every accepted PDF passes it, or is not kept.

ClamAV's daemon is spoken to here, with its INSTREAM command, in few lines: the client libraries that there are wait
without an end for one that sends a byte now and then, take an empty answer for a clean file unless asked twice,
reach no IPv6 address, and send ten thousand packets for a file of 10 Mo.
"""

import logging
import re
import socket
import time
from pathlib import Path

from django.conf import settings

from .pdf import PdfProblem, PdfRefused

logger = logging.getLogger(__name__)

CHUNK_BYTES = 128 * 1024
MAX_ANSWER_BYTES = 1024
CLEAN = b"stream: OK"
FOUND = re.compile(rb"stream: ([\x21-\x7e]{1,200}) FOUND")
PING_SECONDS = 1


class NoAnswer(Exception):  # noqa: N818 - an outcome, not an error of ours
    """The antivirus is away, hangs, or says what is no verdict."""


def scan(path: Path) -> None:
    """Let the antivirus read the file, if there is one; PdfRefused for what it finds, and where it does not answer.

    What it found is for the log alone: the person who made the file would learn what to change.
    """
    if settings.CLAMAV is None:
        return
    try:
        answer = _ask(b"zINSTREAM\0", path, seconds=settings.CLAMAV_SECONDS)
        found = FOUND.fullmatch(answer)
        if answer != CLEAN and not found:
            raise NoAnswer(f"no verdict but {answer[:80]!r}")  # its limit of size, an engine that failed, rubbish
    except (NoAnswer, OSError) as error:
        if not path.exists():
            raise
        logger.error("The antivirus gave no verdict: %s", error)  # noqa: TRY400 - the reason, without a traceback
        raise PdfRefused(PdfProblem.ANTIVIRUS_AWAY) from None
    if found:
        logger.warning("The antivirus found a signature.", extra={"signature": found[1].decode("ascii")})
        raise PdfRefused(PdfProblem.MALWARE)


def ping() -> bool:
    """Whether the antivirus answers at all; why not is for the log."""
    try:
        answer = _ask(b"zPING\0", None, seconds=PING_SECONDS)
    except (NoAnswer, OSError) as error:
        logger.warning("The antivirus does not answer: %s", error)
        return False
    return answer == b"PONG"


def _ask(command: bytes, path: Path | None, *, seconds: float) -> bytes:
    """Send a command, and the file if there is one; return the answer. NoAnswer or OSError for none in time."""
    deadline = time.monotonic() + seconds
    with _connection(min(seconds, settings.CLAMAV_CONNECT_SECONDS)) as line:
        try:
            _send(line, command, deadline)
            if path is not None:
                with path.open("rb") as file:
                    while chunk := file.read(CHUNK_BYTES):
                        _send(line, len(chunk).to_bytes(4) + chunk, deadline)
                _send(line, (0).to_bytes(4), deadline)
        except ConnectionError:
            pass  # it has answered before the end, as it does beyond its limit of size, and hung up
        return _receive(line, deadline)


def _connection(seconds: float) -> socket.socket:
    address = settings.CLAMAV
    assert address is not None  # noqa: S101 - nobody asks where there is none
    if isinstance(address, tuple):
        return socket.create_connection(address, seconds)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect(address)
    except OSError:
        line.close()
        raise
    return line


def _send(line: socket.socket, data: bytes, deadline: float) -> None:
    line.settimeout(_left(deadline))
    line.sendall(data)


def _receive(line: socket.socket, deadline: float) -> bytes:
    """The answer, up to the NUL that ends it."""
    answer = b""
    while not answer.endswith(b"\0"):
        line.settimeout(_left(deadline))
        received = line.recv(MAX_ANSWER_BYTES)
        answer += received
        if not received or len(answer) > MAX_ANSWER_BYTES:
            raise NoAnswer("it hung up" if not received else "it said too much")
    return answer[:-1]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NoAnswer("not in time")
    return left
