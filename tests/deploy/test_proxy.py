"""nginx before a server that writes down what reaches it: what comes through, what does not, and when."""

import gzip
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.catalogue import LIMITS
from tests.nginx import TEMPLATE, Proxy, find, version
from tests.stack import free_port, wait_until

PAGE = b"<!doctype html><title>Page</title>" + b"<p>Une ligne comme une autre.</p>" * 500
SECRET = b"what lies beside the documents"
MIB = 2**20


@dataclass
class Recorder:
    """The upstream: answers with a page, and keeps what it was asked and how long a body took to arrive."""

    requests: list[tuple[str, dict[str, str], int, float]] = field(default_factory=list)
    connections: int = 0
    busy: int = 0
    # By path: status and further headers. Any other gets 200 and the page.
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)

    def headers(self) -> dict[str, str]:
        """The headers of the last request, by name in lower case."""
        return self.requests[-1][1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorder: Recorder

    def setup(self) -> None:
        super().setup()
        self.recorder.connections += 1

    def do_GET(self) -> None:
        self.recorder.busy += 1
        began = time.monotonic()
        length = int(self.headers.get("Content-Length", 0))
        received = 0
        while received < length and (chunk := self.rfile.read(min(MIB, length - received))):
            received += len(chunk)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.recorder.requests.append((self.path, headers, received, time.monotonic() - began))
        self.recorder.busy -= 1
        status, further = self.recorder.answers.get(self.path, (200, {}))
        self.send_response(status)
        for name, value in ({"Content-Type": "text/html; charset=utf-8"} | further).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(PAGE)

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *arguments: object) -> None:
        """Nothing: the recorder keeps what matters."""


class Upstream(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def recorder(upstream: Upstream) -> Recorder:
    """A new sheet for each test."""
    Handler.recorder = Recorder()
    return Handler.recorder


def address(upstream: Upstream) -> str:
    return f"127.0.0.1:{upstream.server_port}"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    proxy = Proxy(folder, upstream=address(upstream))
    (proxy.documents / "2026").mkdir()
    (proxy.documents / "2026/facture.pdf").write_bytes(b"%PDF-1.7 the document")
    (folder / "secret.txt").write_bytes(SECRET)
    call_command("error_pages", proxy.pages)
    with proxy:
        yield proxy


def ask(proxy: Proxy, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str):
    """One request over a connection of its own; header names are written with « _ » for « - »."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def raw(proxy: Proxy, request: bytes) -> bytes:
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", proxy.port), 30) as line:
        line.sendall(request)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
        return answer


# --- What the portal is told ----------------------------------------------------------------------------------------

FORGED = {
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Ssl": "on",
    "X_Forwarded_Protocol": "ssl",
    "X_Forwarded_For": "192.0.2.7",
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Port": "443",
    "X_Forwarded_Prefix": "/evil",
    "X_Forwarded_Server": "evil.example",
    "X_Real_IP": "192.0.2.7",
    "Forwarded": "for=192.0.2.7;proto=https;host=evil.example",
    "X_Request_ID": "chosen-by-the-browser",
    "X_Accel_Redirect": "/protege/2026/facture.pdf",
    "X_Accel_Buffering": "no",
    "Proxy": "http://evil.example",
}


def test_what_a_browser_says_in_a_proxys_name_does_not_arrive(proxy: Proxy, recorder: Recorder) -> None:
    _, body = ask(proxy, **FORGED)
    assert body == PAGE
    told = {
        name: value for name, value in recorder.headers().items() if name.replace("-", "_") in map(str.lower, FORGED)
    }
    assert re.fullmatch(r"[0-9a-f]{32}", told.pop("x-request-id"))
    assert told == {"x-forwarded-proto": "http", "x-forwarded-for": "127.0.0.1"}


def test_headers_with_an_underscore_do_not_pass_for_those_with_a_dash(proxy: Proxy, recorder: Recorder) -> None:
    raw(
        proxy,
        b"GET / HTTP/1.1\r\nHost: depots.example\r\nConnection: close\r\n"
        b"X_Forwarded_Proto: https\r\nX_Request_ID: mine\r\nSCRIPT_NAME: /evil\r\n\r\n",
    )
    assert recorder.headers()["x-forwarded-proto"] == "http"
    assert not [name for name in recorder.headers() if "_" in name]


def test_the_host_comes_with_its_port(proxy: Proxy, recorder: Recorder) -> None:
    ask(proxy, Host="depots.example:8443")
    assert recorder.headers()["host"] == "depots.example:8443"


def test_a_balancer_is_believed(upstream: Upstream, recorder: Recorder, tmp_path: Path) -> None:
    with Proxy(tmp_path, upstream=address(upstream), PORTAL_BALANCER="127.0.0.0/8") as proxy:
        told = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.7"}
        ask(proxy, **told, X_Request_ID="balancer-0123456789")
        assert recorder.headers()["x-forwarded-proto"] == "https"
        assert recorder.headers()["x-forwarded-for"] == "192.0.2.7"
        assert recorder.headers()["x-request-id"] == "balancer-0123456789"
        ask(proxy, **told, X_Request_ID="two words")
        assert re.fullmatch(r"[0-9a-f]{32}", recorder.headers()["x-request-id"])
        ask(proxy, X_Forwarded_Proto="gopher")
        assert recorder.headers()["x-forwarded-proto"] == "http"


def test_connections_to_the_portal_are_used_again(proxy: Proxy, recorder: Recorder) -> None:
    browser = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    for _ in range(20):
        browser.request("GET", "/")
        assert browser.getresponse().read() == PAGE
    browser.close()
    assert len(recorder.requests) == 20
    assert recorder.connections <= 1  # none, where one was left from before


def test_the_log_names_nobody(proxy: Proxy, recorder: Recorder) -> None:
    ask(proxy, "/dossiers/?q=Lemoine", Referer="http://127.0.0.1/dossiers/?q=Lemoine", Cookie="sessionid=abcdef")
    request_id = recorder.headers()["x-request-id"]
    line = wait_until(lambda: [line for line in proxy.log().splitlines() if request_id in line], "the line")[0]
    assert json.loads(line)["path"] == "/dossiers/"
    assert json.loads(line)["status"] == 200
    for personal in ("Lemoine", "abcdef", "127.0.0.1"):
        assert personal not in line


@pytest.mark.parametrize("kind", ["mot-de-passe", "invitation"])
def test_the_log_holds_no_link_to_a_password(proxy: Proxy, recorder: Recorder, kind: str) -> None:
    ask(proxy, f"/{kind}/MQ/secret:1tkAAA:signature/")
    request_id = recorder.headers()["x-request-id"]
    line = wait_until(lambda: [line for line in proxy.log().splitlines() if request_id in line], "the line")[0]
    assert json.loads(line)["path"] == f"/{kind}/…"
    assert "signature" not in line


# --- Uploads --------------------------------------------------------------------------------------------------------


def slowly(proxy: Proxy, body: bytes, seconds: float) -> bytes:
    """Send a body in so many seconds, and return the first line of the answer."""
    head = f"POST /depots/1/facture/ HTTP/1.1\r\nHost: depots.example\r\nContent-Length: {len(body)}\r\n\r\n"
    pieces = 20
    with socket.create_connection(("127.0.0.1", proxy.port), 30) as line:
        line.sendall(head.encode())
        for piece in range(pieces):
            line.sendall(body[piece * len(body) // pieces : (piece + 1) * len(body) // pieces])
            time.sleep(seconds / pieces)
        return line.recv(65536).partition(b"\r\n")[0]


def test_a_slow_upload_reaches_the_portal_once_it_is_here(proxy: Proxy, recorder: Recorder) -> None:
    """Thirty lines of 70 kB/s; the portal's threads are free meanwhile, and have each body at once."""
    body = bytes(200_000)
    with ThreadPoolExecutor(30) as people:
        answers = [people.submit(slowly, proxy, body, 3) for _ in range(30)]
        time.sleep(1)
        assert (len(recorder.requests), recorder.busy) == (0, 0)
        began = time.monotonic()
        assert ask(proxy)[1] == PAGE
        assert time.monotonic() - began < 1.5
        recorder.requests.clear()
        assert {answer.result() for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert [received for _, _, received, _ in recorder.requests] == [len(body)] * 30
    assert max(seconds for *_, seconds in recorder.requests) < 1.5


def test_ten_files_of_the_greatest_size_pass(proxy: Proxy, recorder: Recorder) -> None:
    body = bytes(10 * LIMITS.file_bytes + 1000)
    assert ask(proxy, "/depots/1/justificatifs/", "POST", body)[0].status == 200
    assert recorder.requests[-1][2] == len(body)


@pytest.mark.parametrize(
    ("path", "size"),
    [("/depots/1/justificatifs/", 102 * MIB), ("/dossiers/D1/documents/ajouter/", 102 * MIB), ("/connexion/", 2 * MIB)],
)
def test_a_body_that_is_far_too_large_gets_our_page(proxy: Proxy, recorder: Recorder, path: str, size: int) -> None:
    """At once: a browser that would send hundreds of megabytes need not."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(size))
    connection.endheaders(bytes(1000))
    response = connection.getresponse()
    assert response.status == 413
    assert "Envoi trop volumineux" in response.read().decode()
    connection.close()
    assert recorder.requests == []


def test_a_body_without_a_length_is_counted(proxy: Proxy, recorder: Recorder) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    head = (
        b"POST /connexion/ HTTP/1.1\r\nHost: depots.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert b" 413 " in raw(proxy, head + chunk * 17).partition(b"\r\n")[0]
    assert recorder.requests == []
    assert b" 200 " in raw(proxy, head + chunk + b"0\r\n\r\n").partition(b"\r\n")[0]
    assert recorder.requests[-1][1]["content-length"] == "65536"


# --- Compression ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/dossiers/"])
@pytest.mark.parametrize(
    ("site", "compressed"),
    [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False), (None, False)],
)
def test_only_what_no_other_site_asked_for_is_compressed(proxy: Proxy, path, site, compressed) -> None:
    asked = {"Accept_Encoding": "gzip"} | ({"Sec_Fetch_Site": site} if site else {})
    response, body = ask(proxy, path, **asked)
    assert response.getheader("Content-Encoding") == ("gzip" if compressed else None)
    assert (gzip.decompress(body) if compressed else body) == PAGE
    if compressed:
        assert "Accept-Encoding" in response.getheader("Vary")


def test_files_are_not_compressed(proxy: Proxy, recorder: Recorder) -> None:
    recorder.answers["/depots/export.csv"] = (200, {"Content-Type": "text/csv"})
    response, _ = ask(proxy, "/depots/export.csv", Accept_Encoding="gzip", Sec_Fetch_Site="same-origin")
    assert response.getheader("Content-Encoding") is None


# --- What nginx serves itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/protege/2026/facture.pdf",
        "/protege//2026/facture.pdf",
        "//protege/2026/facture.pdf",
        "/%70rotege/2026/facture.pdf",
        "/dossiers/../protege/2026/facture.pdf",
        "/protege/../secret.txt",
        "/protege/%2e%2e/secret.txt",
        "/protege/..%2fsecret.txt",
        "/protege../secret.txt",
        "/erreurs/413.html",
        "/erreurs/../secret.txt",
        "/erreurs../run/nginx.conf",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_nothing_internal_is_reached_from_outside(proxy: Proxy, recorder: Recorder, path: str, method: str) -> None:
    """It is an address that the portal does not know, and is asked about like any other."""
    recorder.answers[path] = recorder.answers["/protege/2026/facture.pdf"] = (404, {})
    head = f"{method} {path} HTTP/1.1\r\nHost: depots.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    answer = raw(proxy, head.encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ", b"HTTP/1.1 200 "))
    for content in (b"the document", SECRET, b"worker_processes", b"trop volumineux"):
        assert content not in answer


@pytest.mark.parametrize("target", ["/protege/../secret.txt", "/protege/%2e%2e/secret.txt", "/protege/..%2fsecret.txt"])
def test_not_even_the_portal_leads_out_of_the_folder(proxy: Proxy, recorder: Recorder, target: str) -> None:
    recorder.answers["/documents/1/"] = (200, {"X-Accel-Redirect": target})
    response, body = ask(proxy, "/documents/1/")
    assert response.status in (404, 500, 502)
    assert SECRET not in body


def test_a_file_that_vanished_meanwhile_is_the_portals_404(proxy: Proxy, recorder: Recorder) -> None:
    recorder.answers["/documents/1/"] = (200, {"X-Accel-Redirect": "/protege/2026/absent.pdf"})
    recorder.answers["/protege/2026/absent.pdf"] = (404, {})
    response, body = ask(proxy, "/documents/1/")
    assert response.status == 404
    assert body == PAGE


# --- Where the portal does not answer -------------------------------------------------------------------------------


def test_a_portal_that_is_away_gets_our_page(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path, upstream=f"127.0.0.1:{free_port()}")
    call_command("error_pages", proxy.pages)
    with proxy:
        response, body = ask(proxy, "/dossiers/")
        assert response.status == 502
        assert "momentanément indisponible" in body.decode()
        assert response.getheader("Cache-Control") == "no-store"
        assert response.getheader("X-Content-Type-Options") == "nosniff"
        assert "default-src 'none'" in response.getheader("Content-Security-Policy")
        assert response.getheader("Server") == "nginx"
        with urlopen(f"http://127.0.0.1:{proxy.health_port}/", timeout=5) as health:
            assert health.status == 200


# --- Headers --------------------------------------------------------------------------------------------------------

WALLS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": settings.FURTHER_HEADERS["Permissions-Policy"],
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def headers_of(answer: bytes) -> list[tuple[str, str]]:
    """The headers of a raw answer, in order."""
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


HEAD = b"Host: depots.example\r\nConnection: close\r\n"
OWN_ANSWERS = {
    "no request": (400, b"GET\r\n\r\n"),
    "no host": (400, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    "a header twice": (400, b"GET / HTTP/1.1\r\n" + HEAD + b"Host: other.example\r\n\r\n"),
    "a header too long": (400, b"GET / HTTP/1.1\r\n" + HEAD + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n"),
    "an address too long": (414, b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n"),
    "TRACE": (405, b"TRACE / HTTP/1.1\r\n" + HEAD + b"\r\n"),
    "a body too large": (413, b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 9999999\r\n\r\n"),
    "a length of nothing": (400, b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n"),
    "two lengths": (
        400,
        b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ),
}


@pytest.mark.parametrize("kind", OWN_ANSWERS)
def test_what_nginx_answers_itself_has_the_portals_walls(proxy: Proxy, recorder: Recorder, kind: str) -> None:
    status, request = OWN_ANSWERS[kind]
    answer = raw(proxy, request)
    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert recorder.requests == []
    told = headers_of(answer)
    assert len({name for name, _ in told}) == len(told)
    assert dict(told).items() >= WALLS.items()
    assert "default-src 'none'" in dict(told)["Content-Security-Policy"]
    assert dict(told)["Server"] == "nginx"
    assert "Strict-Transport-Security" not in dict(told)


def test_where_the_portal_is_away_too(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path, upstream=f"127.0.0.1:{free_port()}", PORTAL_BALANCER="127.0.0.0/8")
    call_command("error_pages", proxy.pages)
    with proxy:
        for scheme, transport in (("http", None), ("https", "max-age=31536000; includeSubDomains; preload")):
            response, _ = ask(proxy, "/dossiers/", X_Forwarded_Proto=scheme)
            assert response.status == 502
            assert dict(response.getheaders()).items() >= WALLS.items()
            assert response.getheader("Strict-Transport-Security") == transport


def test_what_the_portal_says_is_said_once_and_unchanged(proxy: Proxy, recorder: Recorder) -> None:
    own = {name: f"of the portal: {name}" for name in (*WALLS, "Content-Security-Policy", "Strict-Transport-Security")}
    for path, status in (("/", 200), ("/absent/", 404), ("/casse/", 500), ("/ferme/", 503), ("/ailleurs/", 302)):
        recorder.answers[path] = (status, own)
        told = headers_of(raw(proxy, f"GET {path} HTTP/1.1\r\n".encode() + HEAD + b"\r\n"))
        assert [(name, value) for name, value in sorted(told) if name in own] == sorted(own.items())


def test_a_part_of_a_document_that_there_is_not_has_the_portals_headers(proxy: Proxy, recorder: Recorder) -> None:
    own = {name: f"of the portal: {name}" for name in WALLS}
    recorder.answers["/documents/1/"] = (200, own | {"X-Accel-Redirect": "/protege/2026/facture.pdf"})
    response, _ = ask(proxy, "/documents/1/", Range="bytes=99999-")
    assert response.status == 416
    assert dict(response.getheaders()).items() >= own.items()


def test_nobody_is_waited_for_longer_than_a_minute() -> None:
    """Of what is slow on purpose; the times themselves are longer than a test may take."""
    text = TEMPLATE.read_text()
    times = dict(re.findall(r"(client_header_timeout|client_body_timeout|send_timeout) (\d+)s;", text))
    assert {name: int(seconds) <= 60 for name, seconds in times.items()} == dict.fromkeys(
        ("client_header_timeout", "client_body_timeout", "send_timeout"), True
    )


# --- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def example() -> Callable[[str], str]:
    """A block of docs/deploy.md, by the file name that its first line tells."""
    text = (settings.BASE_DIR / "docs/deploy.md").read_text()

    def block(name: str) -> str:
        return re.search(rf"```\w+\n# {re.escape(name)}\n(.*?)```", text, re.S)[1]

    return block


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl, to make a certificate")
def test_tls_as_documented(upstream: Upstream, recorder: Recorder, tmp_path: Path, example) -> None:
    port = free_port()
    proxy = Proxy(tmp_path, upstream=address(upstream))
    certificate, key = proxy.tls / "fullchain.pem", proxy.tls / "privkey.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    configuration = example("tls/tls.conf").replace("/etc/nginx/tls", str(proxy.tls)).replace("8443", str(port))
    if version(find() or Path("nginx")) < (1, 25, 1):
        configuration = configuration.replace("http2 on;", "")
    (proxy.tls / "tls.conf").write_text(configuration)
    with proxy:
        trusting = ssl.create_default_context(cafile=certificate)
        with urlopen(f"https://127.0.0.1:{port}/", context=trusting, timeout=10) as response:
            assert response.read() == PAGE
        assert recorder.headers()["x-forwarded-proto"] == "https"
        ask(proxy, X_Forwarded_Proto="https")
        assert recorder.headers()["x-forwarded-proto"] == "http"
