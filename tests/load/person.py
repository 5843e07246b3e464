"""One person in the wizard, who reads, thinks and types before each action."""

import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from invoices.enums import DocumentType
from tests.chaos.browser import Browser, Form, LineBrokenError, Page
from tests.chaos.client import Depositor, Record, Told
from tests.chaos.orders import PASSWORD, Account, Order, Paper, make_order
from tests.http_client import Answer
from tests.load.stopwatch import Action, TimedClient


class UnhurriedBrowser(Browser):
    """A browser whose person thinks before each action; it shows a page's pictures, and keeps them as browsers do."""

    def __init__(
        self, urls: Sequence[str], statuses: list[str], actions: list[Action], think: Callable[[], None]
    ) -> None:
        self._actions = actions
        self._think = think
        self._etags: dict[str, str] = {}
        super().__init__(urls, statuses)

    def _new_client(self) -> TimedClient:
        self._timed = TimedClient(self._urls[0], self._actions)
        return self._timed

    def open(self, path: str, **query: str) -> Page:
        self._think()
        self._timed.begin()
        return super().open(path, **query)

    def submit(self, form: Form, typed: Mapping[str, Any], button: tuple[str, str] | None = None) -> Answer:
        self._think()
        self._timed.begin()
        return super().submit(form, typed, button)

    def follow(self, path: str, answer: Answer) -> Page:
        page = super().follow(path, answer)
        for picture in page.pictures:
            self._show(picture)
        return page

    def _show(self, picture: str) -> None:
        self._timed.begin()
        known = {"If-None-Match": self._etags[picture]} if picture in self._etags else {}
        try:
            answer = self._timed.get(picture, **known)
        except (OSError, http.client.HTTPException) as error:
            raise LineBrokenError(repr(error)) from error
        if etag := answer.headers.get("ETag"):
            self._etags[picture] = etag


class Person(Depositor):
    """A client that makes one deposit after the other, each with a certificate, and looks at what it gave."""

    def __init__(
        self,
        account: Account,
        urls: list[str],
        actions: list[Action],
        ended: threading.Event,
        dice: Random,
        pause: float,
    ) -> None:
        self._actions = actions
        self._dice = dice
        self._mean_pause = self._pause = pause
        super().__init__(account, urls, [], ended)
        # Nothing waits for its moment here: one browser is enough.
        self._other = self._browser

    def _new_browser(self, urls: list[str], statuses: list[str]) -> Browser:
        return UnhurriedBrowser(urls, statuses, self._actions, self._think)

    def _think(self) -> None:
        time.sleep(self._dice.uniform(0.5, 1.5) * self._pause)

    def log_in(self) -> None:
        """Log in, without a thought."""
        self.hurry()
        self._patiently(lambda: self._browser.log_in(self.account.email, PASSWORD))
        self._pause = self._mean_pause

    def hurry(self) -> None:
        """Think no more."""
        self._pause = 0

    def work(self, until: float, orders: Callable[[Account], Order]) -> list[Record]:
        """Make deposits, the last one begun before `until` (time.monotonic()); what became of each."""
        # Not all of them at the same moment.
        time.sleep(self._dice.uniform(0, 4) * self._pause)
        records = []
        while time.monotonic() < until and not self._ended.is_set():
            record = self.deposit(orders(self.account))
            records.append(record)
            if record.told == Told.YES:
                for address in (f"/depots/{record.depot}/recepisse/", f"/dossiers/{record.order.origin}/documents/"):
                    self._patiently(lambda address=address: self._browser.open(address))
        return records


def make_plain_order(seed: int, rank: int, account: Account, megabytes: float) -> Order:
    """As for `make chaos`: a deposit of an invoice and a certificate of this size, and nothing unusual."""
    order = make_order(seed, rank, account, 0)

    def paper(type_: DocumentType) -> Paper:
        return Paper(type_, f"{type_.lower()}-{rank:05}.pdf", f"scan {megabytes} MB")

    return replace(
        order,
        covers_tuition=True,
        invoice=paper(DocumentType.FACTURE),
        certificate=paper(DocumentType.CERTIFICAT_REALISATION),
        extra=None,
        pressed_twice=False,
        look=None,
        early_trigger=False,
        duplicate_triggers=False,
    )
