"""The mail server of a run counts each mail that it takes."""

import smtplib
import threading
from email.message import EmailMessage

from tests.chaos.mail import MailSink
from tests.stack import free_port


def test_a_mail_that_comes_twice_is_counted_twice() -> None:
    port = free_port()
    with MailSink(port) as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        for identity in ("<one@chaos>", "<two@chaos>", "<one@chaos>"):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Message-ID"] = "portail@essai.example", "camille@essai.example", identity
            mail.set_content("Dépôt reçu.\n.\nUne ligne d’un seul point ne finit pas le message.")
            with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
                client.send_message(mail)
        sink.shutdown()
    assert sink.came == {"<one@chaos>": 2, "<two@chaos>": 1}
