"""Makes the requests, and counts what they were answered."""

import traceback
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO

from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.answers import sent
from tests.fuzz.asking import Asked, requests_to
from tests.fuzz.place import Place


@dataclass
class Report:
    """How many requests of each address got which status; and the faults, each with what was asked."""

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.answers.total()

    def table(self) -> str:
        """Addresses by rows, statuses by columns."""
        statuses = sorted({status for *_, status in self.answers})
        rows = sorted({(address, method) for address, method, _ in self.answers})
        lines = [f"{'address':46}" + "".join(f"{status:>8}" for status in statuses)]
        for address, method in rows:
            counts = (self.answers[address, method, status] or "·" for status in statuses)
            lines.append(f"{method:5}{address:41}" + "".join(f"{count:>8}" for count in counts))
        sums = (sum(n for (*_, found), n in self.answers.items() if found == status) for status in statuses)
        return "\n".join([*lines, f"{'':46}" + "".join(f"{count:>8}" for count in sums)])


class Upload(BytesIO):
    """A file as a browser sends it, whatever it is called."""

    content_type = "application/pdf"

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def send(browser: Client, asked: Asked) -> HttpResponseBase:
    """Make the request and read the whole answer."""
    if asked.method == "POST":
        uploads = {name: Upload(*file) for name, file in asked.files.items()}
        answer = browser.post(asked.path, asked.fields | uploads)
    else:
        answer = browser.generic(asked.method, asked.path)
    return sent(answer)


def run(place: Place, *, requests: int, number: int) -> Report:
    """Make so many requests, the same ones for the same seed; each begins from the same rows."""
    report = Report()

    def drive(asked: Asked) -> None:
        # What the log-out or a closed session did to one request is not carried to the next.
        browser = place.browsers[asked.who]
        cookies = browser.cookies.copy()
        status = 500
        try:
            with transaction.atomic():
                status = send(browser, asked).status_code
                transaction.set_rollback(True)
        except Exception:  # noqa: BLE001 - a fault of any kind is what is looked for
            report.faults.append(f"{asked}\n{traceback.format_exc(limit=-4)}")
        else:
            if status >= 500:
                report.faults.append(f"{asked}\n{status}")
        browser.cookies = cookies
        report.answers[asked.address, asked.method, status] += 1

    while report.total < requests:
        bounded = settings(
            max_examples=requests - report.total,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(number + report.total)(bounded(given(requests_to(place))(drive)))()
    return report
