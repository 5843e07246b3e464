"""A mail server for tests: on the loopback, of few words, and as unfriendly as asked."""

import email
import email.policy
import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails over SMTP. `refuses` recipients that begin with it; `hangs_up` right after it took a mail.

    `on_mail`, where there is one, is called when a mail is in, before its sender is told.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Conversation)
        self.received: list[EmailMessage] = []
        self.connections = 0
        self.refuses = ""
        self.hangs_up = False
        self.on_mail: Callable[[], None] | None = None

    @property
    def port(self) -> int:
        return self.server_address[1]

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.received]

    def came(self) -> Counter[str]:
        """How often each mail came, by its Message-ID."""
        return Counter(message["Message-ID"] for message in self.received)


class Conversation(socketserver.StreamRequestHandler):
    """One client, from its greeting to its « QUIT »."""

    server: MailServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.server.connections += 1
        self.say("220 tests")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "QUIT":
                return self.say("221 bye")
            if verb == "RCPT" and self.server.refuses and self.server.refuses in line:
                self.say("550 no such person")
            elif verb == "DATA":
                self.say("354 go on")
                self.take()
                if self.server.on_mail:
                    self.server.on_mail()
                if self.server.hangs_up:
                    return None
                self.say("250 taken")
            else:
                self.say("250 ok")
        return None

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.server.received.append(message)


@contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    """A mail server that answers until the end of the block."""
    with MailServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
