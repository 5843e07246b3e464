"""One person who deposits, over HTTP, without JavaScript, and is not put off by a line that breaks."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import count
from typing import Any, TypeVar

from django.utils import timezone

from tests.chaos.browser import Browser, Form, LineBrokenError, Page
from tests.chaos.orders import PASSWORD, Account, Order, Paper
from tests.http_client import Answer
from tests.threads import at_once

# After a line broke; and for how long a person tries.
PAUSE_SECONDS = 0.3
PATIENCE_SECONDS = 90
REFUSALS_BORNE = 3
# Before the end of the delay, to open the page on which « Annuler le dépôt » is pressed.
TO_OPEN_A_PAGE_SECONDS = 1.5
STEPS = ["facture", "details", "justificatifs", "transmettre"]
STEP = re.compile(rf"/depots/(?P<depot>[0-9a-f-]{{36}})/(?P<step>{'|'.join(STEPS)})/")
# Where « Transmettre » leads once the deposit is accepted: to the dossier's documents, or to the receipt.
ACCEPTED = re.compile(r"/dossiers/[^/]+/documents/|/depots/[0-9a-f-]{36}/recepisse/")
T = TypeVar("T")


class Told(StrEnum):
    """What a person was told."""

    YES = "yes"
    NO = "no"
    # The line broke: it may have happened, or not.
    NOTHING = "nothing"


@dataclass
class Sighting:
    """What the « Documents » tab of an associated dossier showed, between two moments."""

    dossier: str
    asked_at: float
    answered_at: float
    shown: bool


@dataclass
class Record:
    """What became of an order, as its client saw it. Times are time.time()'s."""

    order: Order
    email: str
    # Each start of the wizard, the last one being that which was sent.
    starts: list[str] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    told: Told = Told.NOTHING
    why: str = ""
    pressed_at: float = 0
    answered_at: float = 0
    broken_lines: int = 0
    refusals: list[str] = field(default_factory=list)
    cancel_pressed_at: float | None = None
    cancel_told: Told | None = None
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def depot(self) -> str:
        """The uuid of the deposit, which is that of its draft."""
        return self.starts[-1]


class GaveUpError(Exception):
    """The person was refused what they may do, or lost patience; the words are what they would complain with."""


class RefusedError(Exception):
    """The step was shown again, with these words."""


class Depositor:
    """A client with an account: two browsers, one to deposit with, the other for what waits for its moment."""

    def __init__(self, account: Account, urls: list[str], statuses: list[str], ended: threading.Event) -> None:
        self.account = account
        self._ended = ended
        self._browser = self._new_browser(urls, statuses)
        # A session keeps one request's messages: two browsers at the same time need one each.
        self._other = self._new_browser(urls, statuses)
        self._other_is_free = threading.Lock()

    def _new_browser(self, urls: list[str], statuses: list[str]) -> Browser:
        return Browser(urls, statuses)

    def log_in(self) -> None:
        """Log both browsers in."""
        for browser in (self._browser, self._other):
            self._patiently(lambda browser=browser: browser.log_in(self.account.email, PASSWORD))

    # --- The four steps ----------------------------------------------------------------------------------------

    def deposit(self, order: Order) -> Record:
        """Make a deposit, whatever it takes, and tell what one was told."""
        record = Record(order, self.account.email)
        try:
            page = self._patiently(lambda: self._start(record))
            page = self._step(page, lambda page: self._invoice(page, record), record)
            page = self._step(page, lambda page: self._details(page, order), record)
            page = self._step(page, lambda page: self._supporting(page, record), record)
            self._send(page, record)
        except GaveUpError as error:
            record.why = str(error)
        return record

    def _start(self, record: Record) -> Page:
        page = self._browser.open(f"/dossiers/{record.order.origin}/factures/ajouter/")
        found = STEP.fullmatch(page.path)
        if not found:
            raise GaveUpError(f"no start: {page.path} says {complaint(page)}")
        record.starts.append(found["depot"])
        return page

    def _invoice(self, page: Page, record: Record) -> Page:
        order = record.order
        record.papers = [order.invoice]
        typed = {
            "facture-covers_tuition": "oui" if order.covers_tuition else "non",
            "facture-facture": order.invoice.upload(),
        }
        return self._leave(page, typed)

    def _details(self, page: Page, order: Order) -> Page:
        if len(order.associated) > 1:
            page = self._press(page, {"details-recherche": self.account.place}, ("rechercher", "1"))
        for number in order.associated:
            page = self._associate(page, number)
        typed = {
            "details-number": order.number,
            "details-issue_date": f"{timezone.localdate():%d/%m/%Y}",
            "details-amount_ht": f"{order.amount_ht:.2f}".replace(".", ","),
            "details-amount_ttc": f"{order.amount_ttc:.2f}".replace(".", ","),
        }
        return self._leave(page, typed)

    def _associate(self, page: Page, number: str) -> Page:
        pick = ("associer", number)
        if ("dissocier", number) in _form(page).buttons:
            return page
        if pick not in _form(page).buttons:
            page = self._press(page, {"details-recherche": number}, ("rechercher", "1"))
        if pick not in _form(page).buttons:
            raise GaveUpError(f"{number} is not found to associate: {complaint(page)}")
        return self._press(page, {}, pick)

    def _supporting(self, page: Page, record: Record) -> Page:
        order = record.order
        if order.extra and "justificatifs-piece1" not in _form(page).names:
            page = self._press(page, {"justificatifs-type": order.extra.type.value}, ("ajouter-piece", "1"))
        names = _form(page).names
        papers = {
            "justificatifs-certificat": order.certificate if order.covers_tuition else None,
            "justificatifs-piece1": order.extra,
        }
        sent = {name: paper for name, paper in papers.items() if paper and name in names}
        record.papers = [order.invoice, *sent.values()]
        return self._leave(page, {name: paper.upload() for name, paper in sent.items()})

    def _send(self, page: Page, record: Record) -> None:
        """Press « Transmettre » until one is told something."""
        step = page.path
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            form = _form(page)
            record.pressed_at = time.time()
            times = 2 if record.order.pressed_twice else 1
            pressed = at_once(*[partial(self._sent, form)] * times)
            answers = [answer for answer in pressed if answer is not None]
            record.answered_at = time.time()
            for answer in answers:
                if answer.status_code == 302 and ACCEPTED.fullmatch(answer.url):
                    record.told = Told.YES
                    return
            if answers:
                record.told = Told.NO
                page = self._patiently(partial(self._browser.follow, step, answers[0]))
                raise GaveUpError(f"refused: {page.path} says {complaint(page)}")
            record.broken_lines += 1
            # Nobody knows whether it was sent: the step says so, opened again.
            page = self._patiently(lambda: self._browser.open(step))
            if ACCEPTED.fullmatch(page.path):
                record.told = Told.YES
                return
            if page.path != step or time.monotonic() > deadline:
                raise GaveUpError(f"not sent: {page.path} says {complaint(page)}")

    def _sent(self, form: Form) -> Answer | None:
        try:
            return self._browser.submit(form, {})
        except LineBrokenError:
            return None

    # --- What waits for its moment -----------------------------------------------------------------------------

    def cancel(self, record: Record, moment: float) -> None:
        """Press « Annuler le dépôt » of an accepted deposit at a moment; who finds no such button presses none."""
        with self._other_is_free:
            page = self._in_time(lambda: self._other.open(f"/dossiers/{record.order.origin}/documents/"), moment)
            form = page and page.form(f"/depots/{record.depot}/annuler/")
            if form is None:
                return
            time.sleep(max(0, moment - time.time()))
            record.cancel_pressed_at = time.time()
            record.cancel_told = Told.NOTHING
            try:
                page = self._other.follow(form.path, self._other.submit(form, {}))
            except LineBrokenError:
                return
        title = f"Facture {record.order.number}"
        if f"Dépôt annulé : {title}" in page.text:
            record.cancel_told = Told.YES
        else:
            assert f"Le dépôt n’a pas été annulé : {title}" in page.text, page.text
            record.cancel_told = Told.NO

    def look(self, record: Record, dossier: str) -> None:
        """See whether an associated dossier shows the deposit; nothing is seen when the line breaks."""
        with self._other_is_free:
            asked_at = time.time()
            try:
                pages = self._pages(lambda rank: self._other.open(f"/dossiers/{dossier}/documents/", page=rank))
                shown = any(f"Facture {record.order.number}" in page.text for page in pages)
            except LineBrokenError:
                return
        record.sightings.append(Sighting(dossier, asked_at, time.time(), shown))

    def finds(self, record: Record, dossier: str) -> bool:
        """Whether any page of a dossier's « Documents » tab shows the deposit as « Transmis »."""
        title = rf"Facture {record.order.number} .*?\b(Transmis|En cours de transmission|Annulé)\b"

        def patiently(rank: str) -> Page | None:
            ask = partial(self._other.open, f"/dossiers/{dossier}/documents/", page=rank)
            return self._in_time(ask, time.time() + PATIENCE_SECONDS)

        found = (re.search(title, page.text) for page in self._pages(patiently))
        return next((match[1] == "Transmis" for match in found if match), False)

    @staticmethod
    def _pages(ask: Callable[[str], Page | None]) -> Iterator[Page]:
        """The pages of a list, newest first; what is asked beyond the last is the last again."""
        before = ""
        for rank in count(1):
            page = ask(str(rank))
            if page is None or page.text == before:
                return
            yield page
            before = page.text

    # --- Patience ----------------------------------------------------------------------------------------------

    def _leave(self, page: Page, typed: Mapping[str, Any]) -> Page:
        """Fill in a step and press its main button.

        RefusedError when the step is shown again, GaveUpError when it leads to another than the next one.
        """
        left = self._press(page, typed)
        if left.path == page.path:
            raise RefusedError(complaint(left))
        here, there = STEP.fullmatch(page.path), STEP.fullmatch(left.path)
        if not here or not there or STEPS.index(there["step"]) != STEPS.index(here["step"]) + 1:
            raise GaveUpError(f"{page.path} led to {left.path}: {complaint(left)}")
        return left

    def _press(self, page: Page, typed: Mapping[str, Any], button: tuple[str, str] | None = None) -> Page:
        form = _form(page)
        return self._browser.follow(form.path, self._browser.submit(form, typed, button))

    def _step(self, page: Page, action: Callable[[Page], Page], record: Record) -> Page:
        """Do what a step asks; when the line breaks, open the step again and do what is missing.

        What was refused is tried again too, a few times: a file may have been read too slowly by a busy machine.
        """
        path = page.path
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return action(page)
            except LineBrokenError as error:
                if time.monotonic() > deadline:
                    raise GaveUpError(f"{path}: {error}") from error
            except RefusedError as error:
                record.refusals.append(str(error))
                if len(record.refusals) > REFUSALS_BORNE:
                    raise GaveUpError(f"refused at {path}: {error}") from error
            page = self._patiently(lambda: self._browser.open(path))

    def _patiently(self, action: Callable[[], T]) -> T:
        """Do it again until the line holds; GaveUpError when patience or the run is over."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return action()
            except LineBrokenError as error:
                if self._ended.wait(PAUSE_SECONDS) or time.monotonic() > deadline:
                    raise GaveUpError(str(error)) from error

    def _in_time(self, action: Callable[[], T], moment: float) -> T | None:
        """Do it again until the line holds, but not beyond a moment."""
        while time.time() < moment:
            try:
                return action()
            except LineBrokenError:
                time.sleep(PAUSE_SECONDS)
        return None


def _form(page: Page) -> Form:
    """The form of a step; GaveUpError where the page is not one's own step."""
    form = page.form(page.path)
    if form is None:
        raise GaveUpError(f"no form at {page.path}: {complaint(page)}")
    return form


def complaint(page: Page) -> str:
    """What a page says against what was done; without that, how it begins."""
    return page.text.rpartition("À corriger avant de continuer")[2][:300]
