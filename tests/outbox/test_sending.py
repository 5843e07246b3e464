"""The outbox: what is written is sent once, whatever the mail server does (a real one, on the loopback)."""

import os
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.checks import run_checks
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from outbox import sending, tasks
from outbox.models import Mail
from tests.constraints import Violations, refused_by
from tests.factories import UserFactory
from tests.mailserver import MailServer, mail_server
from tests.stack import free_port
from tests.threads import at_once

pytestmark = pytest.mark.django_db

violations = Violations()


@violations.of("mail_sent_is_out_of_line")
def sent_and_in_line():
    Mail.objects.create(key="k", recipient="a@b.example", sent_at=timezone.now())


@pytest.mark.parametrize(("constraint", "write"), violations.cases)
def test_the_database_refuses(constraint, write):
    with refused_by(constraint):
        write()


def mail(key: str = "essai:1:recu", recipient: str = "personne@essai.example", **fields) -> Mail:
    return Mail(key=key, recipient=recipient, subject="Dépôt DEP-1 reçu", body="Élodie, c’est reçu.", **fields)


@pytest.fixture
def smtp(settings):
    """Mails go by SMTP to this port, where nobody listens until a server is started."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return settings.EMAIL_PORT


@pytest.fixture
def server(smtp) -> MailServer:
    with mail_server(smtp) as server:
        yield server


def wait(duration: timedelta) -> None:
    """Let this much time pass for all that is in line."""
    for row in Mail.objects.exclude(next_attempt_at=None):
        row.next_attempt_at -= duration
        row.queued_at -= duration
        row.save(update_fields=["next_attempt_at", "queued_at"])


def test_a_mail_is_sent_once(server, settings):
    settings.PUBLIC_URL = "https://portail.example"
    sending.write([mail()])
    assert sending.send_due() == 1
    assert sending.send_due() == 0
    (message,) = server.received
    assert message["To"] == "personne@essai.example"
    assert message["Subject"] == "Dépôt DEP-1 reçu"
    assert message["Message-ID"] == "<essai.1.recu@portail.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().strip() == "Élodie, c’est reçu."
    row = Mail.objects.get()
    assert (row.attempts, row.next_attempt_at, row.last_error) == (1, None, "")
    assert row.sent_at


def test_what_is_written_twice_is_one_mail(server):
    for _ in range(2):
        sending.write([mail(), mail()])
    assert sending.send_due() == 1


def test_many_go_by_one_connection(server):
    sending.write([mail(key=f"essai:{rank}") for rank in range(5)])
    assert sending.send_due() == 5
    assert server.connections == 1


def test_a_server_that_is_away_costs_nothing_but_time(smtp):
    sending.write([mail(key=f"essai:{rank}") for rank in range(3)])
    assert sending.send_due() == 0
    # The first found out; the others keep their turn.
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert "ConnectionRefusedError" in Mail.objects.get(attempts=1).last_error
    with mail_server(smtp) as server:
        assert sending.send_due() == 2
        wait(timedelta(minutes=2))
        assert sending.send_due() == 1
        assert len(server.received) == 3


def test_without_a_server_named_mails_wait_and_nobody_reads_them(settings, capfd, caplog):
    settings.EMAIL_BACKEND = settings.NO_MAIL_SERVER
    sending.write([mail(key="a"), mail(key="b")])
    assert sending.send_due() == 0
    assert Mail.objects.in_line().count() == 2
    assert "EMAIL_URL names no mail server" in Mail.objects.get(attempts=1).last_error
    assert "Élodie" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(("backend", "warned"), [("outbox.backends.NoServer", True), ("smtp", False)])
def test_the_deploy_check_says_when_no_mail_leaves(settings, backend, warned):
    settings.EMAIL_BACKEND = backend
    ids = [message.id for message in run_checks(include_deployment_checks=True)]
    assert ("outbox.W001" in ids) == warned


def test_a_recipient_that_is_refused_holds_up_nobody(server):
    server.refuses = "inconnu@"
    sending.write([mail(key="a", recipient="inconnu@essai.example"), mail(key="b")])
    assert sending.send_due() == 1
    assert "550" in Mail.objects.get(key="a").last_error
    server.refuses = ""
    wait(timedelta(minutes=2))
    assert sending.send_due() == 1


@pytest.mark.parametrize(
    ("subject", "recipient"),
    [("Dépôt\r\nBcc: tous@essai.example", "a@essai.example"), ("Dépôt", "a@essai.example\nBcc: tous@essai.example")],
)
def test_a_line_break_makes_no_header(server, subject, recipient):
    sending.write([mail(key="a", recipient=recipient), mail(key="b")])
    Mail.objects.filter(key="a").update(subject=subject)
    assert sending.send_due() == 1
    assert [message["To"] for message in server.received] == ["personne@essai.example"]
    assert "Error" in Mail.objects.get(key="a").last_error


def test_each_pause_is_longer_and_then_it_is_given_up(smtp):
    sending.write([mail()])
    pauses = []
    while True:
        before = timezone.now()
        sending.send_due()
        row = Mail.objects.get()
        if row.next_attempt_at is None:
            break
        pauses.append(round((row.next_attempt_at - before).total_seconds() / 60))
        wait(row.next_attempt_at - before)
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert set(pauses[9:]) == {360}
    assert timedelta(minutes=sum(pauses)) <= timedelta(days=3) < timedelta(minutes=sum(pauses) + 360)


def test_a_sender_that_was_killed_leaves_the_mail_to_another(server, settings):
    """Killed after the claim: nobody sends it while the claim lasts, somebody does after."""
    sending.write([mail()])
    assert sending._claim()
    assert sending.send_due() == 0
    wait(timedelta(seconds=settings.MAIL_CLAIM_SECONDS))
    assert sending.send_due() == 1
    assert Mail.objects.get().attempts == 2


def test_what_a_broken_line_sends_again_is_the_same_message(server):
    """The server took it and the line broke before it said so: the one case of two, with one Message-ID."""
    sending.write([mail()])
    server.hangs_up = True
    assert sending.send_due() == 0
    server.hangs_up = False
    wait(timedelta(minutes=2))
    assert sending.send_due() == 1
    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"]


def test_a_mail_is_undone_with_what_it_tells():
    with transaction.atomic():
        sending.write([mail()])
        transaction.set_rollback(True)
    assert not Mail.objects.exists()


def test_what_is_settled_is_removed_in_the_end(settings):
    old = timezone.now() - timedelta(days=settings.MAIL_RETENTION_DAYS, minutes=1)
    sending.write(
        [
            mail("sent", queued_at=old, sent_at=old, next_attempt_at=None),
            mail("given up", queued_at=old, next_attempt_at=None),
            mail("in line", queued_at=old),
            mail("sent since", sent_at=timezone.now(), next_attempt_at=None),
        ]
    )
    assert tasks.purge() == 2
    assert set(Mail.objects.values_list("key", flat=True)) == {"in line", "sent since"}


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_mail_that_went_out_while_the_database_was_restarted_is_not_sent_again(server, settings):
    server_url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres", query="").geturl()
    sending.write([mail()])
    own = connection.connection.info.backend_pid

    def cut_the_line() -> None:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [own])

    server.on_mail = cut_the_line
    assert sending.send_due() == 1
    server.on_mail = None
    wait(timedelta(seconds=settings.MAIL_CLAIM_SECONDS))
    assert sending.send_due() == 0
    assert list(server.came().values()) == [1]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_several_senders_at_once_send_each_mail_once(server):
    sending.write([mail(key=f"essai:{rank}") for rank in range(30)])
    assert sum(at_once(*[sending.send_due] * 4)) == 30
    assert len({message["Message-ID"] for message in server.received}) == len(server.received) == 30


# --- The back office -------------------------------------------------------------------------------------------


@pytest.mark.ignore_template_errors
def test_the_back_office_sends_again_what_was_given_up(server):
    Mail.objects.bulk_create(
        [
            mail("given up", next_attempt_at=None, attempts=20),
            mail("sent", sent_at=timezone.now(), next_attempt_at=None),
        ]
    )
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    listing = reverse("admin:outbox_mail_changelist")
    shown = client.get(listing, {"etat": "abandonne"}).context["cl"].queryset
    assert [row.key for row in shown] == ["given up"]
    chosen = list(Mail.objects.values_list("pk", flat=True))
    answer = client.post(listing, {"action": "put_back", "_selected_action": chosen}, follow=True)
    assert "1 courriel de nouveau en file." in answer.content.decode()
    assert sending.send_due() == 1
    assert set(Mail.objects.values_list("attempts", flat=True)) == {0, 1}
