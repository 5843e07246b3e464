"""Writes mails and sends them: here, and nowhere else.

    in line ── accepted by the server ──▶ sent
       │  ▲
       │  └── refused, or the server is away: later, and later again
       └──── for too long ──▶ given up, until the back office puts it back in line

`write` adds the row in the caller's transaction: it is there if and only if what it tells happened. A sender
*claims* a row before it talks to the server: under the row's lock, in a transaction of its own, it counts the
attempt and moves the next one away by MAIL_CLAIM_SECONDS. So no two senders hold the same mail, no lock is held while a
server takes its time, and a mail whose sender was killed has its turn again once the claim ends.

What the server accepted is written down as soon as the database takes it: a sender waits for one that restarts. One
gap is left, as with any mail server: killed after the server accepted a mail and before that was written down, a
sender leaves a mail that is sent again. Its Message-ID is made of its key, so it is the same both times,
and mail readers and servers that compare it show one message.
"""

import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import DateTimeField, QuerySet, Value
from django.utils import timezone

from .models import Mail, MailQuerySet

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=3)
WRITE_BATCH = 500
# For so long a sender waits for a database that is away, to write down what was sent; well within its claim.
NOTE_SECONDS = 120
NOTE_PAUSE_SECONDS = 0.5


def write(mails: Iterable[Mail]) -> None:
    """Put mails in line, within the caller's transaction; of one whose key is there already nothing happens."""
    Mail.objects.bulk_create(mails, batch_size=WRITE_BATCH, ignore_conflicts=True)


def write_each(rows: QuerySet) -> int:
    """As `write`, one mail for each row, without any of them leaving the database: for hundreds at once.

    In: rows whose `.values()` are made of `key`, `recipient`, `subject` and `body`, filtered by something. Out: how
    many were not there yet.
    """
    now = timezone.now()
    columns = {
        "created_at": Value(now, DateTimeField()),
        "queued_at": Value(now, DateTimeField()),
        "next_attempt_at": Value(now, DateTimeField()),
        "attempts": Value(0),
        "last_error": Value(""),
    }
    told = ("key", "recipient", "subject", "body")
    select = rows.order_by().annotate(**{f"new_{name}": value for name, value in columns.items()})
    sql, parameters = select.values_list(*told, *(f"new_{name}" for name in columns)).query.sql_with_params()
    with connection.cursor() as cursor:
        # Names of columns are ours, and what the rows hold goes as parameters.
        names = ", ".join(map(connection.ops.quote_name, (*told, *columns)))
        table = connection.ops.quote_name(Mail._meta.db_table)
        cursor.execute(f"INSERT INTO {table} ({names}) {sql} ON CONFLICT DO NOTHING", parameters)
        return cursor.rowcount


def send_due() -> int:
    """Send what is due; return how many mails the server took. Run twice, or by several, it does no harm.

    A server that cannot be reached ends the round, and costs the mail that found out its turn, not all of them.
    """
    sent = 0
    server: BaseEmailBackend | None = None
    try:
        while mail := _claim():
            if server is None:
                server = get_connection()
                try:
                    server.open()
                except (SMTPException, OSError) as error:
                    server = None
                    _postpone(mail, error)
                    break
            try:
                server.send_messages([message_of(mail)])
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one mail, the others have their turn
                _postpone(mail, error)
                _close(server)
                server = None
            else:
                _note_sent(mail)
                sent += 1
    finally:
        if server:
            _close(server)
    if sent:
        logger.info("mails sent: %d", sent)
    return sent


def put_back(mails: MailQuerySet) -> int:
    """Put those that were given up back in line, as if just written; return how many."""
    now = timezone.now()
    return mails.given_up().update(next_attempt_at=now, queued_at=now, attempts=0)


def purgeable() -> MailQuerySet:
    """What was sent or given up MAIL_RETENTION_DAYS ago."""
    return Mail.objects.settled(since=timedelta(days=settings.MAIL_RETENTION_DAYS))


def purge() -> int:
    """Remove it; return how many."""
    removed, _ = purgeable().delete()
    return removed


def message_of(mail: Mail) -> EmailMessage:
    """The mail as it goes out. Django refuses a header that holds a line break."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    return EmailMessage(
        mail.subject,
        mail.body,
        to=[mail.recipient],
        headers={
            "Message-ID": f"<{mail.key.replace(':', '.')}@{host}>",
            # No answer by a machine is wanted: an absence, a full box (RFC 3834).
            "Auto-Submitted": "auto-generated",
        },
    )


def _claim() -> Mail | None:
    """Take the next mail that is due, for MAIL_CLAIM_SECONDS; None when there is none that nobody else holds."""
    with transaction.atomic():
        mail = Mail.objects.due().select_for_update(skip_locked=True).first()
        if mail:
            mail.attempts += 1
            mail.next_attempt_at = timezone.now() + timedelta(seconds=settings.MAIL_CLAIM_SECONDS)
            mail.save(update_fields=["attempts", "next_attempt_at"])
    return mail


def _held(mail: Mail) -> MailQuerySet:
    """The claimed row, as long as the claim is this one."""
    return Mail.objects.filter(pk=mail.pk, attempts=mail.attempts, sent_at=None)


def _note_sent(mail: Mail) -> None:
    """Write down that the server took it, also where the database was restarted meanwhile: else it is sent again."""
    forgotten = {"body": ""} if mail.confidential else {}
    last_try = time.monotonic() + NOTE_SECONDS
    while True:
        try:
            _held(mail).update(sent_at=timezone.now(), next_attempt_at=None, last_error="", **forgotten)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > last_try:
                raise
            connection.close()
            time.sleep(NOTE_PAUSE_SECONDS)
        else:
            return


def _postpone(mail: Mail, error: Exception) -> None:
    """Set the next attempt, twice as far away as the last one; none any more when it has lasted too long."""
    # The exponent is bounded, so that the product is one that a timedelta holds.
    pause = min(FIRST_PAUSE * 2 ** min(mail.attempts - 1, 16), LONGEST_PAUSE)
    again = timezone.now() + pause
    given_up = again > mail.queued_at + GIVEN_UP_AFTER
    logger.log(
        logging.ERROR if given_up else logging.WARNING,
        "mail %s not sent, %s: %s",
        mail.key,
        "given up" if given_up else f"again in {pause}",
        type(error).__name__,
    )
    text = " ".join(f"{type(error).__name__}: {error}".replace("\x00", "").split())
    _held(mail).update(next_attempt_at=None if given_up else again, last_error=text[:500])


def _close(server: BaseEmailBackend) -> None:
    """Close the connection; it may be broken already."""
    try:
        server.close()
    except (SMTPException, OSError) as error:
        logger.debug("closing the connection to the mail server: %s", error)
