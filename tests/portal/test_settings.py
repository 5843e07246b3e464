"""The environment is read strictly: what cannot be parsed stops the start with one sentence (INTERFACE)."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import redis
from django.conf import settings
from kombu.utils.url import parse_url

from portal.settings import broker_socket


def start(name: str = "DEBUG", **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the settings as every process does at its start, in an environment that holds nothing else; print one."""
    return subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; print(settings.{name})"],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEBUG", "perhaps"),
        ("DEMO", "perhaps"),
        ("MAINTENANCE", "perhaps"),
        ("BEHIND_TLS", "2"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://someone@host:port/name"),
        ("REDIS_URL", "http://host/0"),
        ("REDIS_URL", "redis://host:port/0"),
        ("REDIS_URL", "redis://host/first"),
        ("TRANSMISSION_DELAY", "a quarter of an hour"),
        ("TRANSMISSION_DELAY", "-1"),
        ("DOCUMENT_STORAGE_URL", "s3://bucket"),
        ("DOCUMENT_ACCEL_LOCATION", "protege"),
        ("DOCUMENT_ACCEL_LOCATION", "/protege"),
        ("DOCUMENT_ACCEL_LOCATION", "//"),
        ("DOCUMENT_ACCEL_LOCATION", "/protege/../"),
        ("DOCUMENT_ACCEL_LOCATION", "/prot\négé/"),
        ("EMAIL_URL", "nonsense"),
        ("PUBLIC_URL", "portail.example"),
        ("PUBLIC_URL", "ftp://portail.example"),
        ("PUBLIC_URL", "https://portail.example/depots"),
        ("PUBLIC_URL", "https://someone@portail.example"),
        ("PUBLIC_URL", "https://portail.example:port"),
        ("MAIL_RETENTION_DAYS", "0"),
        ("EMAIL_URL", "smtp://host:port"),
        ("LOG_LEVEL", "LOUD"),
        ("ACCESSIBILITY_CONTACT", "the front desk"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "sixteen or more, with spaces"),
        ("SENTRY_DSN", "nonsense"),
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "https://key@sentry.example:port/1"),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_THREADS", "many"),
        ("CSRF_TRUSTED_ORIGINS", "portail.example"),
    ],
)
def test_a_value_that_cannot_be_parsed_stops_the_start(variable: str, value: str) -> None:
    attempt = start(SECRET_KEY="settings-test", **{variable: value})
    assert attempt.returncode == 1
    assert variable in attempt.stderr
    assert len(attempt.stderr.splitlines()) == 1, attempt.stderr


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"ALLOWED_HOSTS": "portail.example,www.portail.example"}, "http://portail.example"),
        ({"ALLOWED_HOSTS": "portail.example", "BEHIND_TLS": "1"}, "https://portail.example"),
        ({"ALLOWED_HOSTS": "*", "PUBLIC_URL": "https://portail.example:8443/"}, "https://portail.example:8443"),
    ],
)
def test_where_mails_lead(environment: dict[str, str], address: str) -> None:
    assert start("PUBLIC_URL", SECRET_KEY="settings-test", **environment).stdout == f"{address}\n"


@pytest.mark.parametrize("hosts", ["*", ".portail.example"])
def test_where_mails_lead_is_to_be_said_where_no_host_says_it(hosts: str) -> None:
    attempt = start(SECRET_KEY="settings-test", ALLOWED_HOSTS=hosts)
    assert attempt.returncode == 1
    assert "PUBLIC_URL" in attempt.stderr


def test_mails_may_go_to_a_folder_wherever_the_portal_is_started() -> None:
    told = start("EMAIL_FILE_PATH", SECRET_KEY="settings-test", EMAIL_URL="file:///srv/mails")
    assert told.stdout == "/srv/mails\n"


def test_without_secret_key_the_start_is_refused() -> None:
    attempt = start()
    assert attempt.returncode == 1
    assert "SECRET_KEY" in attempt.stderr
    assert len(attempt.stderr.splitlines()) == 1, attempt.stderr


def test_debug_does_without_secret_key() -> None:
    assert start(DEBUG="1").stdout == "True\n"


def test_debug_is_off_by_default() -> None:
    assert start(SECRET_KEY="settings-test").stdout == "False\n"


@pytest.mark.parametrize(
    "folder",
    [Path("/srv/portail/var"), Path("/srv/dossiers reçus 100 %/var"), Path("/srv") / ("long" * 30) / "var"],
    ids=["plain", "with spaces and signs", "too long for a socket"],
)
def test_the_embedded_broker_has_one_address_that_everyone_reads_alike(folder: Path) -> None:
    address = broker_socket(folder)
    path = unquote(urlsplit(address).path)
    assert len(os.fsencode(path)) <= 100
    assert broker_socket(folder) == address != broker_socket(folder / "other")
    client = redis.Redis.from_url(address)
    assert client.connection_pool.connection_kwargs["path"] == path
    celery = parse_url(address.replace("unix://", "redis+socket://", 1))
    assert f"/{celery['virtual_host']}" == path
