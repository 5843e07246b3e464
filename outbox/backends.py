"""Where mails go when no server is named."""

from collections.abc import Sequence
from typing import NoReturn

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class NoServer(BaseEmailBackend):
    """Takes nothing, as a server that is away: mails wait in line, and go out once EMAIL_URL names a server.

    They name people, dossiers and invoices: outside a demo they are not for standard output, which is the log.
    """

    def open(self) -> NoReturn:
        raise ConnectionError("EMAIL_URL names no mail server")

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.open()
