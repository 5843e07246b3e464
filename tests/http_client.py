"""A browser for tests that talk to a real server over HTTP, with the names of Django's test client."""

from dataclasses import dataclass, field
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart


@dataclass
class Answer:
    """A response, with the names that Django's test client gives to its parts."""

    status_code: int
    url: str
    content: bytes
    headers: Message


class NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


@dataclass
class HttpClient:
    """A browser of few words: cookies, GET, multipart POST; redirections are told, not followed.

    `headers` go with every request.
    """

    base: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: CookieJar = field(default_factory=CookieJar)

    def log_in(self, username: str, password: str) -> None:
        """Log in by the log-in page; AssertionError when it does not let the person in."""
        self.get("/connexion/")
        answer = self.post("/connexion/", {"username": username, "password": password})
        assert answer.status_code == 302, answer.content.decode()

    def get(self, path: str, data: dict[str, str] | None = None, **headers: str) -> Answer:
        query = f"?{urlencode(data)}" if data else ""
        return self._open(Request(f"{self.base}{path}{query}", headers=headers))

    def post(self, path: str, data: dict[str, Any]) -> Answer:
        token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        body = encode_multipart(BOUNDARY, data | {"csrfmiddlewaretoken": token})
        return self._open(Request(self.base + path, body, {"Content-Type": MULTIPART_CONTENT}))

    def _open(self, request: Request) -> Answer:
        opener = build_opener(NoRedirect, HTTPCookieProcessor(self.cookies))
        for name, value in self.headers.items():
            request.add_header(name, value)
        try:
            response = opener.open(request, timeout=30)
        except HTTPError as told:
            response = told
        with response:
            return Answer(response.status, response.headers.get("Location", ""), response.read(), response.headers)
