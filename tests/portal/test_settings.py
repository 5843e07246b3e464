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

from portal.environment import (
    Bucket,
    broker_socket,
    document_stores,
    handover_of,
    place_of,
    proconnect_issuer,
    webhook_address,
)


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
        ("DOCUMENT_STORAGE_URL", "ftp://host/folder"),
        ("DOCUMENT_STORAGE_URL", "s3:bucket"),
        ("DOCUMENT_STORAGE_URL", "s3://key:secret@bucket"),  # pragma: allowlist secret
        ("HANDOVER_URL", "ftp://host/folder"),
        ("HANDOVER_URL", "s3://key:secret@bucket"),  # pragma: allowlist secret
        ("HANDOVER_URL", "var/documents/remise"),
        ("HANDOVER_URL", "var"),
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
        ("SESSION_IDLE_MINUTES", "4"),
        ("SESSION_IDLE_MINUTES", "two hours"),
        ("SESSION_HOURS", "0"),
        ("SESSION_HOURS", "169"),
        ("TRAIL_RETENTION_YEARS", "0"),
        ("DRAFT_RETENTION_DAYS", "0"),
        ("DEPOSIT_RETENTION_YEARS", "0"),
        ("DEPOSIT_RETENTION_YEARS", "ten"),
        ("CANCELLED_RETENTION_DAYS", "-1"),
        ("UNUSED_ACCOUNT_DAYS", "7"),
        ("PRIVACY_CONTACT", "the front desk"),
        ("EMAIL_URL", "smtp://host:port"),
        ("LOG_LEVEL", "LOUD"),
        ("ACCESSIBILITY_CONTACT", "the front desk"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "sixteen or more, with spaces"),
        ("ADMIN_NETWORKS", "the office"),
        ("ADMIN_NETWORKS", "192.0.2.1/24"),
        ("ADMIN_NETWORKS", "192.0.2.0/24,,10.0.0.0/8"),
        ("STAFF_SECOND_FACTOR", "perhaps"),
        ("SENTRY_DSN", "nonsense"),
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "https://key@sentry.example:port/1"),
        ("WEB_CONCURRENCY", "0"),
        ("UPLOADS_PER_HOUR", "0"),
        ("DRAFTS_PER_PERSON", "many"),
        ("DRAFT_MEGABYTES_PER_PERSON", "9"),
        ("CLAMAV_URL", "clamav"),
        ("CLAMAV_URL", "tcp://clamav"),
        ("CLAMAV_URL", "tcp://clamav:port"),
        ("CLAMAV_URL", "tcp://clamav:0"),
        ("CLAMAV_URL", "tcp://clamav:3310/path"),
        ("CLAMAV_URL", "unix://clamd.ctl"),
        ("CLAMAV_URL", "http://clamav:3310"),
        ("WEB_THREADS", "many"),
        ("CSRF_TRUSTED_ORIGINS", "portail.example"),
        ("SECRET_KEY_FALLBACKS", "settings-test"),
        ("SECRET_KEY_FALLBACKS", "before, ,longer before"),
    ],
)
def test_a_value_that_cannot_be_parsed_stops_the_start(variable: str, value: str) -> None:
    attempt = start(SECRET_KEY="settings-test", **{variable: value})
    assert attempt.returncode == 1
    assert variable in attempt.stderr
    assert len(attempt.stderr.splitlines()) == 1, attempt.stderr


PROCONNECT = {
    "PROCONNECT_ISSUER": "https://proconnect.example/api/v2",
    "PROCONNECT_CLIENT_ID": "portail",
    "PROCONNECT_CLIENT_SECRET": "secret",
}


@pytest.mark.parametrize("missing", sorted(PROCONNECT))
def test_proconnect_is_set_up_whole_or_not_at_all(missing: str) -> None:
    attempt = start(SECRET_KEY="settings-test", **(PROCONNECT | {missing: ""}))
    assert attempt.returncode == 1
    assert f'"{missing}" is required' in attempt.stderr
    assert len(attempt.stderr.splitlines()) == 1, attempt.stderr


@pytest.mark.parametrize(
    "issuer",
    [
        *("nonsense", "http://proconnect.example", "ftp://proconnect.example", "https://", "https://host:port"),
        *("https://someone@proconnect.example", "https://proconnect.example?x", "https://proconnect.example:0"),
    ],
)
def test_what_is_no_issuer_stops_the_start(issuer: str) -> None:
    with pytest.raises(ValueError, match="PROCONNECT_ISSUER"):
        proconnect_issuer(issuer, "portail", "secret")


def test_what_is_one() -> None:
    assert start("PROCONNECT_ISSUER", SECRET_KEY="settings-test", **PROCONNECT).stdout == (
        "https://proconnect.example/api/v2\n"
    )
    assert proconnect_issuer("http://127.0.0.1:8001/", "portail", "secret") == "http://127.0.0.1:8001"
    assert proconnect_issuer("", "", "") == ""


def test_proconnect_without_its_package_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.environment.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="mozilla-django-oidc is missing"):
        proconnect_issuer(*PROCONNECT.values())


@pytest.mark.parametrize(
    ("environment", "on"),
    [({}, True), ({"DEMO": "1"}, False), ({"DEMO": "1", "STAFF_SECOND_FACTOR": "1"}, True), ({"DEBUG": "1"}, True)],
)
def test_staff_need_a_second_factor_but_in_the_demo(environment: dict[str, str], on: bool) -> None:
    assert start("STAFF_SECOND_FACTOR", SECRET_KEY="settings-test", **environment).stdout == f"{on}\n"


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


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://bucket", Bucket("bucket", "", None, None)),
        ("s3://bucket/", Bucket("bucket", "", None, None)),
        ("s3://bucket/portail/documents/", Bucket("bucket", "portail/documents", None, None)),
        ("s3://bucket?region=eu-west-3", Bucket("bucket", "", None, "eu-west-3")),
        (
            "s3://a.b-1/p?endpoint=https%3A%2F%2Fs3.example%3A9000&region=gra",
            Bucket("a.b-1", "p", "https://s3.example:9000", "gra"),
        ),
        ("s3://bucket?endpoint=http://minio:9000", Bucket("bucket", "", "http://minio:9000", None)),
        ("/srv/documents", Path("/srv/documents")),
        ("file:///srv/documents", Path("/srv/documents")),
        ("documents", Path("/base/documents")),
    ],
)
def test_the_documents_lie_in_a_folder_or_in_a_bucket(url: str, place: Bucket | Path) -> None:
    assert place_of(url, Path("/base")) == place


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3:bucket", "must read s3://"),
        ("s3://No_Bucket", "must read s3://"),
        ("s3://bucket:8000", "must read s3://"),
        ("s3://bucket/../other", "must read s3://"),
        ("s3://bucket//documents", "must read s3://"),
        ("s3://bucket/a b", "must read s3://"),
        ("s3://bucket#documents", "must read s3://"),
        ("s3://key:secret@bucket", "credentials"),  # pragma: allowlist secret
        ("s3://bucket?region", "region="),
        ("s3://bucket?region=", "region="),
        ("s3://bucket?acl=public-read", "nothing else"),
        ("s3://bucket?region=eu-west-3&region=eu-west-1", "each once"),
        ("s3://bucket?endpoint=", "endpoint="),
        ("s3://bucket?endpoint=s3.example", "endpoint="),
        ("s3://bucket?endpoint=ftp://s3.example", "endpoint="),
        ("s3://bucket?endpoint=https://s3.example/path", "endpoint="),
        ("s3://bucket?endpoint=https://key:secret@s3.example", "endpoint="),  # pragma: allowlist secret
        ("s3://bucket?endpoint=https://s3.example:port", "[Pp]ort"),
        ("s3://bucket?endpoint=https://s3.example:0", "port"),
        ("ftp://host/documents", "a folder"),
    ],
)
def test_what_is_neither_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        place_of(url, Path("/base"))


def test_pictures_lie_in_a_folder_among_the_documents() -> None:
    for prefix, pictures in (("", "apercus"), ("portail", "portail/apercus")):
        stores = document_stores(Bucket("bucket", prefix, None, None), "apercus", "imports")
        assert stores["documents"]["OPTIONS"]["location"] == prefix
        assert stores["pictures"]["OPTIONS"]["location"] == pictures


def test_files_for_a_bucket_wait_on_this_machine() -> None:
    told = start("INCOMING_ROOT", SECRET_KEY="settings-test", VAR_DIR="/srv/var", DOCUMENT_STORAGE_URL="s3://bucket")
    assert told.stdout == "/srv/var/incoming\n"


@pytest.mark.parametrize(
    ("url", "documents", "apart"),
    [
        ("/srv/remise", Path("/srv/documents"), True),
        ("/srv/documents-remise", Path("/srv/documents"), True),
        ("/srv/documents", Path("/srv/documents"), False),
        ("/srv/documents/remise", Path("/srv/documents"), False),
        ("/srv", Path("/srv/documents"), False),
        ("s3://bucket/remise", Path("/srv/documents"), True),
        ("/srv/remise", Bucket("bucket", "", None, None), True),
        ("s3://bucket/remise", Bucket("bucket", "documents", None, None), True),
        ("s3://bucket/documents-remise", Bucket("bucket", "documents", None, None), True),
        ("s3://bucket/documents/remise", Bucket("bucket", "documents", None, None), False),
        ("s3://bucket", Bucket("bucket", "documents", None, None), False),
        ("s3://bucket/remise", Bucket("bucket", "", None, None), False),
        ("s3://bucket/documents", Bucket("bucket", "documents", "https://s3.example", None), True),
    ],
)
def test_what_is_handed_over_lies_apart_from_the_documents(url: str, documents: Bucket | Path, apart: bool) -> None:
    if apart:
        assert handover_of(url, Path("/base"), documents) == place_of(url, Path("/base"))
    else:
        with pytest.raises(ValueError, match="apart from the documents"):
            handover_of(url, Path("/base"), documents)


def test_nothing_is_handed_over_unless_it_is_said_where() -> None:
    assert handover_of("", Path("/base"), Path("/srv/documents")) is None
    assert start("HANDOVER_PLACE", SECRET_KEY="settings-test").stdout == "None\n"


SECRET = "a-secret-of-the-tests-long-enough"


@pytest.mark.parametrize(
    ("url", "secret", "handover", "why"),
    [
        ("https://opco.example/", "", True, "HANDOVER_WEBHOOK_SECRET"),
        ("https://opco.example/", "short", True, "32 characters"),
        ("https://opco.example/", "with spaces " * 4, True, "32 characters"),
        ("", SECRET, True, '"HANDOVER_WEBHOOK_URL" is required'),
        ("https://opco.example/", SECRET, False, '"HANDOVER_URL" is required'),
        ("http://opco.example/", SECRET, True, "https://host/path"),
        ("file:///etc/passwd", SECRET, True, "https://host/path"),
        ("https://someone@opco.example/", SECRET, True, "https://host/path"),
        ("https://opco.example/#x", SECRET, True, "https://host/path"),
        ("https://opco.example/a b", SECRET, True, "https://host/path"),
        ("https://opco.example:port/", SECRET, True, "[Pp]ort"),
        ("https://opco.example:0/", SECRET, True, "port 0"),
    ],
)
def test_what_is_no_webhook_stops_the_start(url: str, secret: str, handover: bool, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        webhook_address(url, secret, handover=handover)
    assert "HANDOVER" in str(refused.value)


def test_what_is_one_webhook() -> None:
    for url in ("https://opco.example:8443/remises?de=portail", "http://127.0.0.1:8001/", ""):
        assert webhook_address(url, SECRET if url else "", handover=True) == url


def test_nginx_sends_nothing_from_a_bucket() -> None:
    attempt = start(SECRET_KEY="settings-test", DOCUMENT_STORAGE_URL="s3://bucket", DOCUMENT_ACCEL_LOCATION="/protege/")
    assert attempt.returncode == 1
    assert "DOCUMENT_ACCEL_LOCATION" in attempt.stderr
    assert len(attempt.stderr.splitlines()) == 1, attempt.stderr


@pytest.mark.parametrize("missing", ["boto3", "storages"])
def test_a_bucket_needs_its_package(missing: str) -> None:
    attempt = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['{missing}'] = None; import portal.settings"],
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "settings-test", "DOCUMENT_STORAGE_URL": "s3://bucket"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert attempt.returncode == 1
    assert "django-storages[s3]" in attempt.stderr
    assert len(attempt.stderr.splitlines()) == 1, attempt.stderr


def test_mails_may_go_to_a_folder_wherever_the_portal_is_started() -> None:
    told = start("EMAIL_FILE_PATH", SECRET_KEY="settings-test", EMAIL_URL="file:///srv/mails")
    assert told.stdout == "/srv/mails\n"


@pytest.mark.parametrize(
    ("environment", "backend"),
    [
        ({}, "outbox.backends.NoServer"),
        ({"EMAIL_URL": "console:"}, "outbox.backends.NoServer"),
        ({"DEMO": "1"}, "django.core.mail.backends.console.EmailBackend"),
        ({"DEBUG": "1"}, "django.core.mail.backends.console.EmailBackend"),
        ({"EMAIL_URL": "smtp://mail.example"}, "django.core.mail.backends.smtp.EmailBackend"),
    ],
)
def test_what_is_written_to_people_is_printed_in_a_demo_alone(environment: dict[str, str], backend: str) -> None:
    assert start("EMAIL_BACKEND", SECRET_KEY="settings-test", **environment).stdout == f"{backend}\n"


def test_keys_of_before() -> None:
    told = start("SECRET_KEY_FALLBACKS", SECRET_KEY="settings-test", SECRET_KEY_FALLBACKS="one,two")
    assert told.stdout == "['one', 'two']\n"


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
