"""A mail server for one run: takes every mail, sends none, and remembers which came how often."""

import socketserver
from collections import Counter
from email.parser import BytesHeaderParser


class Conversation(socketserver.StreamRequestHandler):
    """One client, as far as SMTP goes here."""

    server: "MailSink"

    def handle(self) -> None:
        self._say("220 chaos")
        while line := self.rfile.readline():
            match line[:4].upper().strip():
                case b"EHLO" | b"HELO" | b"MAIL" | b"RCPT" | b"RSET" | b"NOOP":
                    self._say("250 ok")
                case b"DATA":
                    self._say("354 go on")
                    message = b"".join(iter(self.rfile.readline, b".\r\n"))
                    self.server.came[BytesHeaderParser().parsebytes(message)["Message-ID"]] += 1
                    self._say("250 taken")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("502 no")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailSink(socketserver.ThreadingTCPServer):
    """Listens on a port of 127.0.0.1; `came` counts the mails by Message-ID."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Conversation)
        self.came: Counter[str] = Counter()
