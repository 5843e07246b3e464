"""What operators see of a whole main job on the real portal: logs, error reports, metrics; they name nobody."""

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_string, policy
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote_plus
from urllib.request import Request, urlopen

import pytest
import redis
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from portal.demo import dossiers as demo_dossiers
from portal.demo.places import COMPANIES, FORMATECH_LYON, HORIZON_LYON
from portal.environment import broker_socket
from roles.models import Establishment
from tests.http_client import Answer, HttpClient
from tests.invoices.test_stack import status
from tests.stack import Stack, wait_until
from tests.wizard import Wizard, pdf

pytestmark = pytest.mark.embedded

EMAIL = "saisie_prestataire@demo.example"
PASSWORD = "Cheval-agrafe-pile-7291"
WRONG_PASSWORD = "Cheval-agrafe-pile-7292"
NUMBER = "SECRET-2026/118"
IBAN = "FR7630006000011234567890189"
FILE_NAME = f"Facture de la stagiaire {IBAN}.pdf"
TOKEN = "a-token-of-the-tests"
SENTRY_KEY = "0123456789abcdef"


@dataclass
class Browser(HttpClient):
    """A browser that remembers what it was answered."""

    answers: list[Answer] = field(default_factory=list)

    def _open(self, request: Request) -> Answer:
        self.answers.append(super()._open(request))
        return self.answers[-1]


class Sink(ThreadingHTTPServer):
    """A Sentry that keeps what it is sent: `events`, and the `bodies` that they came in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies: list[str] = []
        self.dsn = f"http://{SENTRY_KEY}@127.0.0.1:{self.server_port}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for body in self.bodies for line in body.splitlines() if line]
        return [line for line in lines if "event_id" in line and "level" in line]


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append(body.decode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        yield sink
        sink.shutdown()


@pytest.fixture(scope="module")
def stack(sink: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    mails = tmp_path_factory.mktemp("mails")
    with Stack(
        transmission_delay=3,
        embedded=True,
        DJANGO_SETTINGS_MODULE="tests.invoices.quick_sweep",
        EMAIL_URL=f"file://{mails}",
        LOG_FORMAT="json",
        LOG_LEVEL="DEBUG",
        METRICS_TOKEN=TOKEN,
        SENTRY_DSN=sink.dsn,
    ) as stack:
        yield stack


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    wanted = demo_dossiers.Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, DossierStatus.A_FACTURER)
    sites = {site.name: Establishment(name=site.name) for *_, sites in COMPANIES for site in sites}
    return dict(zip(demo_dossiers.requests(), demo_dossiers.build(sites), strict=True))[wanted]


@pytest.fixture(scope="module")
def client(stack: Stack) -> Browser:
    """A provider's browser, logged in at the second attempt; meanwhile a task fails in the worker."""
    stack.python(f"""
from invoices.tasks import transmit
from roles.models import User
person = User.objects.get(email={EMAIL!r})
person.set_password({PASSWORD!r})
person.save(update_fields=["password"])
transmit.delay({EMAIL!r})
""")
    client = Browser(stack.url)
    client.get("/connexion/")
    assert client.post("/connexion/", {"username": EMAIL, "password": WRONG_PASSWORD}).status_code == 200
    assert client.post("/connexion/", {"username": EMAIL, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture(scope="module")
def overheard(stack: Stack, client: Browser) -> list[str]:
    """Every command that the broker is given from now on, its messages in clear."""
    commands: list[str] = []

    def listen() -> None:
        with stack.broker() as broker, suppress(redis.RedisError):
            broker.connection_pool.connection_kwargs["socket_timeout"] = None  # it may be quiet for long
            with broker.monitor() as monitor:
                heard.set()
                commands.extend(in_clear(told["command"]) for told in monitor.listen())

    heard = threading.Event()
    threading.Thread(target=listen, daemon=True).start()
    assert heard.wait(10)
    return commands


def in_clear(command: str) -> str:
    """The command, and what its message's body stands for in base 64."""
    bodies = re.findall(r'"body\W+([\w+/=]+)', command)
    return command + "".join(b64decode(body).decode() for body in bodies)


@pytest.fixture(scope="module")
def job(stack: Stack, client: HttpClient, dossier: Dossier, overheard: list[str]) -> Wizard:
    """A main job in which things go wrong: an address that is not there, a refused file, a storage that fails."""
    client.get("/dossiers/", {"q": dossier.beneficiary})
    client.get(f"/dossiers/{dossier.number}/nulle-part/{EMAIL}")
    wizard = Wizard.start(client, dossier)
    wizard.facture("non", SimpleUploadedFile(FILE_NAME, b"no PDF", content_type="application/pdf"))
    incoming = stack.folder / "documents" / "incoming"
    incoming.rename(incoming.with_name("elsewhere"))
    incoming.write_bytes(b"")
    assert wizard.facture("non", pdf(FILE_NAME)).status_code == 500
    incoming.unlink()
    incoming.with_name("elsewhere").rename(incoming)
    wizard.facture("non", pdf(FILE_NAME))
    wizard.details(number=NUMBER)
    wizard.justificatifs()
    assert wizard.send().status_code == 302
    wait_until(lambda: status(wizard, NUMBER) == "Transmis", "it is transmitted")
    return wizard


def lines(stack: Stack, *processes: str) -> list[dict[str, Any]]:
    """What these processes have logged; AssertionError for a line that is not a JSON object."""
    found = []
    for line in stack.log().splitlines():
        name, _, rest = line.partition(" | ")
        if name.strip() in processes:
            assert rest.startswith("{"), line
            found.append(json.loads(rest))
    return found


def personal(client: HttpClient, dossier: Dossier) -> set[str]:
    """All that a person typed, is called, or holds as a secret."""
    cookies = {cookie.value for cookie in client.cookies}
    names = set(dossier.beneficiary.split()) | {dossier.number}
    return (
        {EMAIL, PASSWORD, WRONG_PASSWORD, NUMBER, IBAN, FILE_NAME, FILE_NAME.removesuffix(".pdf"), TOKEN}
        | cookies
        | names
    )


def metrics(stack: Stack, token: str = TOKEN) -> str:
    request = Request(f"{stack.url}/metriques/", headers={"Authorization": f"Bearer {token}"})
    with urlopen(request, timeout=10) as response:
        return response.read().decode()


def value(stack: Stack, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", metrics(stack), re.M)
    return float(found[1]) if found else 0


def test_every_line_is_json_and_names_nobody(stack: Stack, job: Wizard, client: HttpClient, dossier: Dossier) -> None:
    told = lines(stack, "web", "worker", "beat")
    assert {line["logger"] for line in told} >= {"portal.requests", "gunicorn.error", "invoices.transmission"}
    secrets = personal(client, dossier)
    assert [line for line in told if any(secret in json.dumps(line, ensure_ascii=False) for secret in secrets)] == []


def test_a_request_is_followed_into_the_worker(stack: Stack, job: Wizard, overheard: list[str]) -> None:
    accepted = [line for line in lines(stack, "web") if line.get("deposit") == str(job.depot)]
    assert [line["event"] for line in accepted] == ["deposit accepted"]
    request_id = accepted[0]["request_id"]
    asked = [line for line in lines(stack, "web") if line.get("request_id") == request_id]
    assert (
        asked[-1].items() >= {"route": "/depots/<uuid:depot>/<etape:etape>/", "method": "POST", "status": 302}.items()
    )
    assert isinstance(asked[-1]["user"], int)
    done = [line for line in lines(stack, "worker") if str(job.depot) in line.get("deposits", [])]
    assert len(done) == 1, done
    assert any(request_id in command and str(job.depot) in command for command in overheard)
    # On a busy machine the sweep may come first, or the trigger of a deposit of the demo, which no request asked for.
    assert done[0].get("request_id", request_id) == request_id


def test_failures_have_tracebacks(stack: Stack, job: Wizard) -> None:
    failures = {line["logger"]: line for line in lines(stack, "web", "worker") if "exception" in line}
    assert "FileExistsError: [Errno 17] File exists" in failures["django.request"]["exception"]
    assert failures["django.request"]["event"] == "Internal Server Error"
    assert "invoices/uploads.py" in failures["django.request"]["exception"]
    assert failures["celery.app.trace"]["exception"].endswith("builtins.ValueError")
    assert failures["celery.app.trace"]["task"] == "invoices.tasks.transmit"


def test_error_reports_say_where_and_name_nobody(
    stack: Stack, sink: Sink, job: Wizard, client: HttpClient, dossier: Dossier
) -> None:
    wait_until(lambda: len(sink.events) >= 2, "both failures are reported", 10)
    kinds = {event["exception"]["values"][-1]["type"]: event for event in sink.events if "exception" in event}
    assert set(kinds) == {"FileExistsError", "ValueError"}
    assert kinds["FileExistsError"]["exception"]["values"][-1]["value"] == "[Errno 17] File exists"
    assert kinds["FileExistsError"]["tags"]["request_id"]
    assert kinds["ValueError"]["tags"]["task"] == "invoices.tasks.transmit"
    text = "".join(sink.bodies)
    assert [secret for secret in personal(client, dossier) if secret in text] == []
    assert "User-Agent" not in text


def test_the_processes_count_together(stack: Stack, job: Wizard) -> None:
    sample = 'portail_request_seconds_count{route="/connexion/",status="2xx"}'
    before = value(stack, sample)
    for _ in range(20):
        with urlopen(f"{stack.url}/connexion/", timeout=10):
            pass
    assert value(stack, sample) == before + 20
    assert value(stack, 'portail_uploads_refused_total{reason="not_pdf"}') == 1
    assert value(stack, 'portail_deposits{state="pending"}') == 0


def test_metrics_name_nobody(stack: Stack, job: Wizard, client: HttpClient, dossier: Dossier) -> None:
    text = metrics(stack)
    assert "portail_request_seconds_count" in text
    assert [secret for secret in personal(client, dossier) if secret in text] == []


def test_subjects_of_mails_name_nobody(stack: Stack, job: Wizard, client: HttpClient, dossier: Dossier) -> None:
    """A subject shows on locked screens and in the logs of mail servers."""
    folder = Path(stack.env["EMAIL_URL"].removeprefix("file://"))

    def subjects() -> list[str]:
        text = "".join(path.read_text() for path in folder.iterdir())
        mails = re.split(r"^-{79}$", text, flags=re.M)
        return [message_from_string(mail.lstrip(), policy=policy.default)["Subject"] for mail in mails if mail.strip()]

    wait_until(lambda: len(subjects()) >= 2, "both mails are sent")
    assert all(re.fullmatch(r"Dépôt DEP(-[0-9A-Z]{4}){4} (reçu|transmis)", subject) for subject in subjects())
    secrets = personal(client, dossier)
    assert [subject for subject in subjects() if any(secret in subject for secret in secrets)] == []


def test_the_broker_is_told_ids_alone(overheard: list[str], job: Wizard, client: HttpClient, dossier: Dossier) -> None:
    assert any("invoices.tasks.transmit" in command and str(job.depot) in command for command in overheard)
    secrets = personal(client, dossier)
    assert [command for command in overheard if any(secret in command for secret in secrets)] == []


def test_addresses_name_nobody(job: Wizard, client: Browser, dossier: Dossier) -> None:
    """They stay in histories and in the logs of proxies. A dossier's is its number, and `q` what a person searches."""
    pages = [answer.content.decode(errors="replace") for answer in client.answers]
    linked = {unescape(address) for page in pages for address in re.findall(r'(?:href|src|action)="([^"]*)"', page)}
    addresses = {unquote_plus(address) for address in linked | {answer.url for answer in client.answers}}
    assert len(addresses) > 30
    secrets = personal(client, dossier) - {dossier.number}
    searches = re.compile(r"(?<=[?&]q=)[^&#]*")
    # The demo's log-in page offers the demo's accounts, and leads nowhere else.
    told = {searches.sub("", address) for address in addresses if not address.startswith("?compte=")}
    assert [address for address in told if any(secret in address for secret in secrets)] == []


def test_no_other_site_is_told_the_address_of_a_page(client: Browser, job: Wizard) -> None:
    assert {answer.headers["Referrer-Policy"] for answer in client.answers} == {"same-origin"}


def test_metrics_are_for_who_has_the_token(stack: Stack) -> None:
    with pytest.raises(HTTPError) as refused:
        metrics(stack, "another-token-than-that")
    with refused.value:
        assert refused.value.code == 401


def test_a_second_beat_does_no_harm(stack: Stack, client: HttpClient, dossier: Dossier, tmp_path) -> None:
    shared = {
        "DATABASE_URL": f"sqlite:///{stack.folder.resolve() / 'portal.sqlite3'}",
        "REDIS_URL": broker_socket(stack.folder.resolve()),
        "VAR_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "celery", "--app", "portal", "--quiet", "beat"]
    with subprocess.Popen(command, env=stack.env | shared, cwd=settings.BASE_DIR, stderr=subprocess.PIPE) as second:
        try:
            wait_until(lambda: list(tmp_path.glob("beat-schedule*")), "the second beat keeps its schedule")
            wizard = Wizard.start(client, dossier)
            wizard.to_last_step("non", number="BEATS-1")
            wizard.send()
            stack.flush_broker()  # so that the sweeps have to do it
            wait_until(lambda: status(wizard, "BEATS-1") == "Transmis", "it is transmitted")
            time.sleep(2.5)  # another sweep of each
            assert second.poll() is None
        finally:
            second.terminate()
            second.communicate(timeout=10)
    done = [line for line in lines(stack, "worker") if str(wizard.depot) in line.get("deposits", [])]
    assert len(done) == 1, done
