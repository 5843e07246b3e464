"""What a request's body must be before Django reads it: whole, and UTF-8.

One that ends before its Content-Length is a broken line, not a shorter request. Servers hand over what arrived as if
that were all. A form cut short could then do what nobody asked: « Modifier », whose name comes last, would be read as
the form's main button, « Transmettre » (RULES.md §5.4).

A charset is not for a request to choose. Django reads the query in it while it makes the request, before anything of
ours could answer, and Python has charsets that are none for text.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO


class WholeBody:
    """The input of a request; reading it raises ConnectionResetError where it ends early, as of a broken line.

    Django then answers as it does to those: nothing of the request is used, no file of it kept.
    """

    def __init__(self, body: BinaryIO, length: int) -> None:
        self._body = body
        self._missing = length

    def read(self, size: int = -1) -> bytes:
        return self._told(self._body.read(size), wanted=self._missing if size < 0 else size)

    def readline(self, size: int = -1) -> bytes:
        return self._told(self._body.readline(size), wanted=1 if size else 0)

    def _told(self, data: bytes, wanted: int) -> bytes:
        if len(data) < min(wanted, self._missing):
            raise ConnectionResetError("The request's body ended before its Content-Length.")
        self._missing -= len(data)
        return data


def whole_bodies(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application, with every body whole or broken."""

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdecimal():
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(length))
        return application(environ, start_response)

    return checked


CHARSET = re.compile(r""";\s*charset\*?\s*=\s*("[^"]*"|[^;]*)""", re.IGNORECASE)
# Of the environment: the request names another charset (portal.middleware.PlainRequestsMiddleware answers).
FOREIGN_CHARSET = "portal.foreign_charset"


def utf_8_alone(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application, with no charset in any request; whether there was another than UTF-8 is told beside it."""

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        content_type = environ.get("CONTENT_TYPE", "")
        named = CHARSET.findall(content_type)
        if named:
            environ["CONTENT_TYPE"] = CHARSET.sub("", content_type)
            environ[FOREIGN_CHARSET] = any(charset.strip('" ').lower() != "utf-8" for charset in named)
        return application(environ, start_response)

    return checked
