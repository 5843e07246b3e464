"""What logs and reports say of an exception: its kind and place always, its message where no person wrote it."""

import logging
import smtplib
import sys

import pytest
from django.db import IntegrityError, transaction

from invoices.models import Deposit
from portal.observe.logs import formatter
from portal.observe.privacy import message_of, traceback_of
from roles.enums import Role
from tests.factories import DossierFactory, make_deposit, person_with

SECRET = "Élodie Martin"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        RuntimeError(SECRET),
        FileNotFoundError(2, "No such file or directory", SECRET),
        OSError(SECRET),
        smtplib.SMTPRecipientsRefused({SECRET: (550, b"no such user")}),
        smtplib.SMTPDataError(554, SECRET.encode()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_message_that_may_quote_a_person_is_left_out(error: Exception) -> None:
    assert SECRET not in message_of(error)


def test_the_message_of_a_machine_is_kept() -> None:
    assert message_of(AttributeError("'NoneType' object has no attribute 'pk'")).startswith("'NoneType'")
    assert (
        message_of(FileNotFoundError(2, "No such file or directory", SECRET)) == "[Errno 2] No such file or directory"
    )


def test_a_constraint_is_named_and_the_row_is_not(db) -> None:
    dossier = DossierFactory()
    deposit = make_deposit(dossier, person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider))
    Deposit.objects.filter(pk=deposit.pk).update(number_key=SECRET, covers_tuition=True)
    copied = ("side", "perimeter_id", "origin_id", "depositor_id", "number_key", "covers_tuition", "submitted_at")
    values = Deposit.objects.filter(pk=deposit.pk).values(*copied, "transmit_at")[0]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Deposit.objects.create(**values)
    said = message_of(refused.value)
    assert "number" in said
    assert SECRET not in said


def test_a_traceback_has_its_causes_and_no_values() -> None:
    def read(name: str) -> None:
        try:
            int(name)
        except ValueError as error:
            raise TypeError("not a number") from error

    with pytest.raises(TypeError) as raised:
        read(SECRET)
    told = traceback_of(raised.value)
    assert told.index("builtins.ValueError\n") < told.index("which led to") < told.index("TypeError: not a number")
    assert "int(name)" in told
    assert SECRET not in told


def told(logger: str, message: str, *arguments: object, level: int = logging.ERROR) -> str:
    """A line as it is written."""
    record = logging.LogRecord(logger, level, "", 1, message, arguments, None)
    return formatter(as_json=True).format(record)


@pytest.mark.parametrize(
    ("logger", "message", "arguments", "kept"),
    [
        ("django.request", "%s: %s", ("Internal Server Error", f"/{SECRET}"), "Internal Server Error"),
        ("django.security.SuspiciousFileOperation", f"path traversal in {SECRET}", (), "request refused"),
        ("django.security.csrf", "Forbidden (%s): %s", ("Referer", f"/?q={SECRET}"), "request refused"),
        ("gunicorn.error", "Error handling request %s %s", ("GET", f"/?q={SECRET}"), "Error handling request … …"),
        ("gunicorn.error", f"Invalid request from ip=192.0.2.7: GET /?q={SECRET}", (), "Invalid request"),
        ("gunicorn.error", "WORKER TIMEOUT (pid:%s)", (1234,), "WORKER TIMEOUT (pid:1234)"),
    ],
)
def test_what_servers_quote_of_requests_is_left_out(logger, message, arguments, kept) -> None:
    line = told(logger, message, *arguments)
    assert f'"event": "{kept}"' in line
    assert SECRET not in line
    assert "192.0.2.7" not in line


def test_people_read_the_same_in_lines_of_their_own() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        record = logging.LogRecord("portal", logging.ERROR, "", 1, "it %s", ("failed",), sys.exc_info())
    text = formatter(as_json=False).format(record)
    assert "it failed" in text.splitlines()[0]
    assert text.endswith("builtins.ValueError")
    assert SECRET not in text
