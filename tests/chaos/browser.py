"""A browser without JavaScript: pages, their forms as they stand, redirections, cookies."""

import http.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from tests.http_client import Answer, HttpClient

MOST_REDIRECTIONS = 5


class LineBrokenError(Exception):
    """No answer, half an answer, or an answer that the server has failed (5xx): nobody knows what it has done."""


@dataclass
class Form:
    """A form: `fields` with what they hold, `names` of all that may be filled in, `buttons` with what they add."""

    path: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """What a page says (`text`), its forms, by address, and the pictures of documents that it shows."""

    def __init__(self, path: str, content: bytes) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.pictures: list[str] = []
        self._named: dict[str, Form] = {}
        self._form: Form | None = None
        # Buttons of the rail come before the form that they belong to.
        self._waiting: list[tuple[str, tuple[str, str]]] = []
        self._words: list[str] = []
        self.feed(content.decode())
        for name, button in self._waiting:
            self._named[name].buttons.append(button)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        name, value = told.get("name"), told.get("value") or ""
        if tag == "form":
            self._form = Form(urlsplit(told.get("action") or self.path).path)
            self.forms.append(self._form)
            if identity := told.get("id"):
                self._named[identity] = self._form
        elif tag == "img" and (source := told.get("src") or "").startswith("/documents/"):
            self.pictures.append(source)
        elif not name or "disabled" in told:
            return
        elif tag == "button" and (owner := told.get("form")):
            self._waiting.append((owner, (name, value)))
        elif self._form is None:
            return
        elif tag == "button":
            self._form.buttons.append((name, value))
        elif tag in ("input", "select"):
            self._form.names.add(name)
            kind = told.get("type")
            if kind != "file" and (kind not in ("radio", "checkbox") or "checked" in told):
                self._form.fields[name] = value

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def form(self, path: str) -> Form | None:
        """The form that is sent to this address, if the page has it."""
        return next((form for form in self.forms if form.path == path), None)


class Browser:
    """One person's browser, which knows all the web servers: when one does not answer, it asks the next.

    `statuses` gets the status of each answer, and a word for each that did not come.
    """

    def __init__(self, urls: Sequence[str], statuses: list[str]) -> None:
        self._urls = list(urls)
        self._statuses = statuses
        self._http = self._new_client()

    def _new_client(self) -> HttpClient:
        """What speaks to the first of the servers."""
        return HttpClient(self._urls[0])

    def log_in(self, email: str, password: str) -> None:
        """Log in; LineBrokenError when the line breaks."""
        page = self.open("/connexion/")
        form = page.form("/connexion/")
        assert form, page.text
        answer = self.submit(form, {"username": email, "password": password})
        assert answer.status_code == 302, answer.content.decode()

    def open(self, path: str, **query: str) -> Page:
        """The page at an address, redirections followed; LineBrokenError when the line breaks."""
        answer = self._ask(lambda: self._http.get(path, query))
        return self.follow(path, answer)

    def submit(self, form: Form, typed: Mapping[str, Any], button: tuple[str, str] | None = None) -> Answer:
        """Fill in a form and press one of its buttons, the main one unless named; the answer, as it came.

        LineBrokenError when the line breaks; AssertionError for a field or a button that the form has not.
        """
        assert button is None or button in form.buttons, f"{button} is not one of {form.buttons}"
        assert typed.keys() <= form.names, f"{typed.keys() - form.names} are not among {form.names}"
        pressed = dict([button]) if button else {}
        return self._ask(lambda: self._http.post(form.path, {**form.fields, **typed, **pressed}))

    def follow(self, path: str, answer: Answer) -> Page:
        """The page that an answer is, or that it leads to."""
        for _ in range(MOST_REDIRECTIONS):
            if answer.status_code not in (301, 302):
                break
            path = answer.url
            answer = self._ask(lambda path=path: self._http.get(path))
        return Page(urlsplit(path).path, answer.content)

    def _ask(self, request: Callable[[], Answer]) -> Answer:
        try:
            answer = request()
        except (OSError, http.client.HTTPException) as error:
            self._statuses.append("no answer")
            self._ask_the_next()
            raise LineBrokenError(repr(error)) from error
        self._statuses.append(str(answer.status_code))
        if answer.status_code >= 500:
            self._ask_the_next()
            raise LineBrokenError(f"status {answer.status_code}")
        return answer

    def _ask_the_next(self) -> None:
        self._urls = [*self._urls[1:], self._urls[0]]
        self._http.base = self._urls[0]
