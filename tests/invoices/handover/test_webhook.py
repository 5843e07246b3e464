"""The webhook: signed, after the manifest, never followed elsewhere, tried until it is taken."""

import hashlib
import hmac
import json
import re
import time
from datetime import datetime, timedelta

import pytest
from django.conf import settings as project

from invoices import tasks
from invoices.models import Handover
from tests.bucket import hung_server
from tests.invoices.handover.conftest import files_in, transmitted, wait
from tests.invoices.handover.test_manifest import validator
from tests.stack import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]

HOUR = timedelta(hours=1)


def verification() -> dict:
    """The function of the document, as its reader would take it."""
    text = (project.BASE_DIR / "docs/handover/README.md").read_text()
    (code,) = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    told: dict = {}
    exec(code, told)
    return told


def test_it_tells_of_a_manifest_that_is_there(webhook, folder, settings):
    deposit = transmitted()
    tasks.hand_over()
    ((path, headers, body),) = webhook.received
    assert path == "/remises"
    told = json.loads(body)
    validator("webhook-1").validate(told)
    manifest = (folder / told["manifest"]["name"]).read_bytes()
    assert told["manifest"] == {
        "name": f"{deposit.reference}.json",
        "version": 1,
        "sha256": hashlib.sha256(manifest).hexdigest(),
    }
    assert (told["event"], told["reference"], told["deposit"]) == (
        *("deposit.handed_over", deposit.reference),
        str(deposit.pk),
    )
    row = Handover.objects.get()
    assert datetime.fromisoformat(told["handed_over_at"]) == row.delivered_at.replace(microsecond=0)
    assert headers["content-type"] == "application/json"
    timestamp = headers["x-portail-timestamp"]
    assert abs(int(timestamp) - time.time()) < 60
    signed = hmac.new(settings.HANDOVER_WEBHOOK_SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    assert headers["x-portail-signature"] == f"sha256={signed.hexdigest()}"
    assert (row.next_attempt_at, row.last_error) == (None, "")
    assert row.announced_at >= row.delivered_at
    tasks.hand_over()
    assert len(webhook.received) == 1


def test_the_document_s_verification_takes_it_and_nothing_else(webhook, settings):
    transmitted()
    tasks.hand_over()
    ((_, headers, body),) = webhook.received
    accepts, secret = verification()["is_the_portal"], settings.HANDOVER_WEBHOOK_SECRET.encode()
    timestamp, signature = headers["x-portail-timestamp"], headers["x-portail-signature"]
    assert accepts(secret, timestamp, signature, body)
    assert not accepts(secret, timestamp, signature, body + b" ")
    assert not accepts(secret, str(int(timestamp) + 1), signature, body)
    assert not accepts(b"x" * 32, timestamp, signature, body)
    old = str(int(timestamp) - 3_600)
    late = hmac.new(secret, old.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert not accepts(secret, old, f"sha256={late}", body)


@pytest.mark.parametrize("status", [300, 302, 307, 400, 404, 500, 503])
def test_what_does_not_take_it_is_told_again(webhook, folder, status):
    webhook.status = status
    webhook.headers = {"Location": "/ailleurs"}
    deposit = transmitted()
    tasks.hand_over()
    row = Handover.objects.get()
    assert row.delivered_at
    assert row.announced_at is None
    assert row.last_error == f"Le webhook n’a pas accepté l’annonce (HTTP {webhook.status})."
    # No redirection is followed.
    assert [path for path, *_ in webhook.received] == ["/remises"]
    webhook.status = 200
    wait(HOUR)
    tasks.hand_over()
    assert Handover.objects.get().announced_at
    first, second = (json.loads(body) for *_, body in webhook.received)
    assert first == second
    # What was delivered is not delivered again for it.
    assert len(files_in(folder)) == 3
    assert (folder / f"{deposit.reference}.json").stat().st_mtime <= row.delivered_at.timestamp()


@pytest.mark.parametrize("how", ["refuses connections", "hangs"])
def test_a_receiver_that_is_away_delays_no_delivery(webhook, settings, folder, how):
    settings.HANDOVER_WEBHOOK_SECONDS = 0.3
    deposits = [transmitted() for _ in range(3)]
    taken = settings.HANDOVER_WEBHOOK_URL
    with hung_server() as hung:
        settings.HANDOVER_WEBHOOK_URL = hung if how == "hangs" else f"http://127.0.0.1:{free_port()}/"
        began = time.monotonic()
        tasks.hand_over()
        assert time.monotonic() - began < 5
    assert {f"{deposit.reference}.json" for deposit in deposits} <= set(files_in(folder))
    # One of them was tried.
    failed = Handover.objects.exclude(last_error="").get()
    assert failed.last_error.startswith("Le webhook ne répond pas (")
    settings.HANDOVER_WEBHOOK_URL = taken
    wait(HOUR)
    tasks.hand_over()
    assert len(webhook.received) == 3


def test_without_a_manifest_nothing_is_told(webhook, folder):
    folder.rmdir()
    transmitted()
    tasks.hand_over()
    assert webhook.received == []


def test_a_webhook_that_is_taken_away_settles_what_waits_for_it(webhook, settings):
    webhook.status = 500
    transmitted()
    tasks.hand_over()
    settings.HANDOVER_WEBHOOK_URL = ""
    wait(HOUR)
    tasks.hand_over()
    row = Handover.objects.get()
    assert (row.next_attempt_at, row.announced_at, row.last_error) == (None, None, "")


def test_what_was_delivered_before_there_was_a_webhook_is_not_told(folder, settings):
    transmitted()
    tasks.hand_over()
    from tests.webhook import receiver

    with receiver() as server:
        settings.HANDOVER_WEBHOOK_URL, settings.HANDOVER_WEBHOOK_SECRET = server.url, "x" * 32
        tasks.hand_over()
        assert server.received == []
