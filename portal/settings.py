"""Settings, read strictly from the environment (the variables are listed in README.md).

A value that cannot be parsed stops the start with one sentence that names the variable.
"""

import os
import re
import sys
import tempfile
import tomllib
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from celery.schedules import schedule
from csp.constants import NONE, SELF
from environs import Env, EnvError, validate
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent


def refuse(sentence: str) -> None:
    """Stop the start with a sentence that an operator can act upon."""
    sys.exit(f"The portal does not start: {sentence}")


def broker_socket(var_dir: Path) -> str:
    """The embedded broker's address; in the temporary folder where VAR_DIR's path is too long for a socket."""
    socket = var_dir / "valkey.sock"
    if len(os.fsencode(socket)) > 100:
        socket = Path(tempfile.gettempdir()) / f"portail-{sha256(os.fsencode(var_dir)).hexdigest()[:16]}.sock"
    return f"unix://{quote(str(socket))}"


def folder_of(url: str) -> Path:
    """The folder that DOCUMENT_STORAGE_URL names; ValueError for what is not a folder."""
    parts = urlsplit(url)
    if parts.scheme not in ("", "file") or not parts.path or parts.netloc:
        raise ValueError("it must name a folder, as a path or as file:///path; buckets are not supported yet.")
    return (BASE_DIR / parts.path).resolve()


def public_address(url: str, hosts: list[str], *, tls: bool) -> str:
    """What PUBLIC_URL says, or what the first of ALLOWED_HOSTS makes of it; ValueError for what is no address."""
    host = hosts[0] if hosts else ""
    if not url and host in ("127.0.0.1", "localhost"):
        return f"http://{host}:8000"
    if not url and re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", host):
        return f"{'https' if tls else 'http'}://{host}"
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or url.rstrip("/") != (f"{parts.scheme}://{parts.netloc}")
    ):
        raise ValueError("it must read https://host or http://host:port; mails lead there.")
    if parts.port == 0:  # reading a port that is not a number raises ValueError by itself
        raise ValueError("port 0 is not one.")
    return url.rstrip("/")


def check_broker(url: str) -> None:
    """ValueError for what cannot be a REDIS_URL."""
    parts = urlsplit(url)
    database = parts.path.removeprefix("/")
    server = parts.scheme in ("redis", "rediss") and parts.hostname and (not database or database.isdecimal())
    if not server and not (parts.scheme == "unix" and database):
        raise ValueError("it must read redis://host:port/number, rediss://host:port/number or unix:///path.")
    if parts.port == 0:  # reading a port that is not a number raises ValueError by itself
        raise ValueError("port 0 is not one.")


def email_or_nothing(text: str) -> None:
    """ValidationError for what is neither empty nor an e-mail address."""
    if text:
        validate.Email()(text)


env = Env()
try:
    DEBUG = env.bool("DEBUG", False)
    SECRET_KEY = env.str("SECRET_KEY", "")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
    # What the embedded default keeps: database, broker, documents, collected static files.
    VAR_DIR = (BASE_DIR / env.path("VAR_DIR", Path("var"))).resolve()
    STATIC_ROOT = (BASE_DIR / env.path("STATIC_ROOT", VAR_DIR / "static")).resolve()
    DATABASE: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}"))
    REDIS_URL = env.str("REDIS_URL", broker_socket(VAR_DIR))
    TRANSMISSION_DELAY_SECONDS = env.int("TRANSMISSION_DELAY", 900, validate=validate.Range(min=0, max=86_400))
    DOCUMENT_STORAGE_URL = env.str("DOCUMENT_STORAGE_URL", str(VAR_DIR / "documents"))
    # Where nginx knows the documents' folder, as an internal location; empty: the portal sends the files itself.
    DOCUMENT_ACCEL_LOCATION = env.str("DOCUMENT_ACCEL_LOCATION", "")
    EMAIL = env.dj_email_url("EMAIL_URL", "console:")
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Portail des dépôts <portail@localhost>")
    # Whom the accessibility declaration names for those who find an obstacle; the OPCO at large without it.
    ACCESSIBILITY_CONTACT = env.str("ACCESSIBILITY_CONTACT", "", validate=email_or_nothing)
    PUBLIC_URL = env.str("PUBLIC_URL", "")
    MAIL_RETENTION_DAYS = env.int("MAIL_RETENTION_DAYS", 30, validate=validate.Range(min=1, max=3_650))
    # How many processes answer on a web machine, and how many requests each of them at once (portal/gunicorn.py).
    WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", 2, validate=validate.Range(min=1, max=64))
    WEB_THREADS = env.int("WEB_THREADS", 16, validate=validate.Range(min=1, max=256))
    LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]))
    # Behind a proxy that ends TLS and sets X-Forwarded-Proto: secure cookies, HSTS, redirection to HTTPS.
    BEHIND_TLS = env.bool("BEHIND_TLS", False)
    # The demo's log-in page offers the demo accounts; nothing else depends on it.
    DEMO = env.bool("DEMO", False)
    # While a new version is put in place: every page but the health checks says so (portal/middleware.py).
    MAINTENANCE = env.bool("MAINTENANCE", False)
    # One JSON object a line for machines, readable lines for people.
    LOG_FORMAT = env.str("LOG_FORMAT", "text" if DEBUG or DEMO else "json", validate=validate.OneOf(["json", "text"]))
    SENTRY_DSN = env.str("SENTRY_DSN", "")
    # What Prometheus must show to read /metriques/; without it there is no such page.
    METRICS_TOKEN = env.str("METRICS_TOKEN", "")
except EnvError as error:
    refuse(str(error))

try:
    DOCUMENT_ROOT = folder_of(DOCUMENT_STORAGE_URL)
except ValueError as error:
    refuse(f'environment variable "DOCUMENT_STORAGE_URL" invalid: {error}')
try:
    check_broker(REDIS_URL)
except ValueError as error:
    refuse(f'environment variable "REDIS_URL" invalid: {error}')
try:
    PUBLIC_URL = public_address(PUBLIC_URL, ALLOWED_HOSTS, tls=BEHIND_TLS)
except ValueError as error:
    refuse(f'environment variable "PUBLIC_URL" invalid: {error}')
if DOCUMENT_ACCEL_LOCATION and not re.fullmatch(r"(/[A-Za-z0-9_-]+)+/", DOCUMENT_ACCEL_LOCATION):
    refuse('environment variable "DOCUMENT_ACCEL_LOCATION" invalid: it must read /name/, as in nginx.')
if METRICS_TOKEN and not re.fullmatch(r"[!-~]{16,}", METRICS_TOKEN):
    refuse('environment variable "METRICS_TOKEN" invalid: 16 characters or more, of ASCII without spaces.')
if "EMAIL_BACKEND" not in EMAIL:
    refuse('environment variable "EMAIL_URL" invalid: it must begin with smtp:, submission:, smtps: or console:.')
if not all("://" in origin for origin in CSRF_TRUSTED_ORIGINS):
    refuse('environment variable "CSRF_TRUSTED_ORIGINS" invalid: each origin must begin with https:// or http://.')
if not SECRET_KEY:
    if not DEBUG:
        refuse('environment variable "SECRET_KEY" is required when DEBUG is off.')
    SECRET_KEY = "development-only"  # noqa: S105 - with DEBUG on, and nowhere else

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

# --- The product's limits and delays (RULES.md §2, §9) ----------------------------------------------------------

TRANSMISSION_DELAY = timedelta(seconds=TRANSMISSION_DELAY_SECONDS)
TRANSMISSION_SWEEP_SECONDS = 20
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_PDF_PAGES = 2_000
MAX_ASSOCIATED_DOSSIERS = 10
MAX_SUPPORTING_DOCUMENTS = 30
EXPORT_XLSX_ROWS = 5_000
INVOICE_NUMBER_LENGTH = 35
INVOICE_AGE_YEARS = 5
DRAFT_RETENTION_DAYS = 30
# A start of the wizard of which nothing was ever saved.
UNSAVED_START_DAYS = 2
# A file that belongs to nothing for this long is purged; far longer than any request lives.
LOOSE_FILE_HOURS = 6
# Mails that are due are sent this often at the latest, whatever became of the call to send them.
MAIL_SWEEP_SECONDS = 60
# Longer than a server may take over one mail: EMAIL_TIMEOUT for each of its dozen answers.
MAIL_CLAIM_SECONDS = 600
PDF_BOX_CPU_SECONDS = 2
PDF_BOX_WALL_SECONDS = 6
PDF_BOX_MEMORY_BYTES = 512 * 1024 * 1024
# To draw a page: a scan in colour at 600 points per inch takes half a second as JPEG, and 1.4 as JPEG 2000.
PICTURE_CPU_SECONDS = 3
PICTURE_WALL_SECONDS = 6
PICTURE_MEMORY_BYTES = 512 * 1024 * 1024
# In each web process: how many pages are drawn at once, how many more requests may wait for their turn, how long.
PICTURES_AT_ONCE = 2
PICTURES_WAITING = 4
PICTURE_WAIT_SECONDS = 6

# --- Django -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "formtools",
    "outbox",
    "roles",
    "dossiers",
    "invoices",
    "portal",
]

MIDDLEWARE = [
    "portal.observe.requests.RequestObserver",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.MaintenanceMiddleware",
    "portal.middleware.PrivateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.LogInFirstMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["portal.templatetags.french"],
        },
    },
]

if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE and WAL: readers never wait, and a read-then-write transaction never fails with "database is locked".
    DATABASE.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    )
else:
    # Each thread keeps its connection, WEB_CONCURRENCY × WEB_THREADS on a machine: 2.5 times the requests of a
    # connection for each (2 × 16 threads, two queries a request). psycopg's pool serves no more than that once it
    # checks its connections too, and is one more package to follow; with many machines, PgBouncer is the answer.
    DATABASE["CONN_MAX_AGE"] = DATABASE.get("CONN_MAX_AGE") or 60
    DATABASE["CONN_HEALTH_CHECKS"] = True
    DATABASE.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # Short queries over large tables: compiling one takes PostgreSQL ten times as long as running it.
    DATABASE["OPTIONS"].setdefault("options", "-c jit=off")
    # A server that is gone without a word (a switch-over, a cut cable) is given up after half a minute, not fifteen.
    for name, value in {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}.items():
        DATABASE["OPTIONS"].setdefault(name, value)
    DATABASE["OPTIONS"].setdefault("tcp_user_timeout", 30_000)
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

AUTH_USER_MODEL = "roles.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dossiers:list"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        # No base_url: a document is reached through its own address alone, which asks who may see it.
        "OPTIONS": {"location": DOCUMENT_ROOT, "base_url": None, "file_permissions_mode": 0o640},
    },
    # Pictures of documents, named after them (invoices/pictures.py); what is lost of them is drawn again.
    "pictures": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DOCUMENT_ROOT / "apercus",
            "base_url": None,
            "file_permissions_mode": 0o640,
            "allow_overwrite": True,
        },
    },
    "staticfiles": {"BACKEND": "portal.static.HashedFiles"},
}

# Every uploaded file is streamed, once, to a folder beside the documents (invoices/uploads.py).
INCOMING_ROOT = DOCUMENT_ROOT / "incoming"
FILE_UPLOAD_HANDLERS = ["invoices.uploads.IncomingFileHandler"]

EMAIL_CONFIG = dict(EMAIL)
if EMAIL_CONFIG.get("EMAIL_FILE_PATH"):  # the library takes its first slash away
    EMAIL_CONFIG["EMAIL_FILE_PATH"] = f"/{EMAIL_CONFIG['EMAIL_FILE_PATH'].lstrip('/')}"
globals().update({key: value for key, value in EMAIL_CONFIG.items() if key.startswith("EMAIL_")})
# Of each answer of the mail server: one that hangs does not hold a worker.
EMAIL_TIMEOUT = EMAIL_CONFIG["EMAIL_TIMEOUT"] or 10

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^sante/", "^metriques/"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Celery -----------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A countdown longer than the visibility timeout would be handed out again and again before it is due.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": max(3600, 4 * TRANSMISSION_DELAY_SECONDS),
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    # Who publishes tries once: a broker that is away costs nothing and one that hangs two seconds, instead of six.
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
# A queue each, read in turn: however many triggers wait for their time, a sweep is the next to be read.
# A worker reads all of them unless `--queues` names some.
CELERY_TASK_QUEUES = [Queue("transmission"), Queue("sweep"), Queue("chores")]
CELERY_TASK_DEFAULT_QUEUE = "chores"
CELERY_TASK_ROUTES = {
    "invoices.tasks.transmit": {"queue": "transmission"},
    "invoices.tasks.transmit_due": {"queue": "sweep"},
}
# Threads, in one process: the tasks wait for PostgreSQL, a kill -9 leaves no pool behind, and 20,000 triggers
# are held in memory once. Celery's limits of time and of tasks for each child are for processes; what may not
# hang here is the connection to the database, which has limits of its own above.
CELERY_WORKER_POOL = "threads"
# Four: a mail server that hangs holds two of them for its ten seconds, the bell's and the sweep's.
CELERY_WORKER_CONCURRENCY = 4
# No more in hand than is being run (countdowns come on top): what a killed worker held is out of reach for the
# whole visibility timeout.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Every task here may run again: acknowledged when done, it comes again, after the visibility timeout, where its
# worker was killed. Once an hour, so one that kills its worker does not do so in a loop; hence also no
# `reject_on_worker_lost`, which would hand it on at once and for ever.
CELERY_TASK_ACKS_LATE = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "transmit-due": {
        "task": "invoices.tasks.transmit_due",
        "schedule": schedule(timedelta(seconds=TRANSMISSION_SWEEP_SECONDS)),
        # A sweep that waited for a worker longer than its period is worth nothing: the next one does the same.
        "options": {"expires": TRANSMISSION_SWEEP_SECONDS},
    },
    "send-mails": {
        "task": "outbox.tasks.send_due",
        "schedule": schedule(timedelta(seconds=MAIL_SWEEP_SECONDS)),
        "options": {"expires": MAIL_SWEEP_SECONDS},
    },
    "purge-mails": {
        "task": "outbox.tasks.purge",
        "schedule": schedule(timedelta(hours=1)),
        "options": {"expires": 3600},
    },
    "purge-files": {
        "task": "invoices.tasks.purge_files",
        "schedule": schedule(timedelta(hours=1)),
        "options": {"expires": 3600},
    },
}

# --- Logs and error reports -------------------------------------------------------------------------------------

LOGGING_CONFIG = "portal.observe.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "portal.observe.logs.formatter", "as_json": LOG_FORMAT == "json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        # What was refused stands in the request's own line; a template's DEBUG lines hold what it renders.
        "django.request": {"level": "ERROR"},
        "django.template": {"level": "WARNING"},
        # Scanners that know the machine by its number; the request's line says 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Celery tells of each sweep twice, three times a minute; what a sweep did, the tasks say themselves.
        # DEBUG is not for servers' lines: they would hold addresses and the arguments of tasks.
        "celery": {"level": "INFO" if LOG_LEVEL == "DEBUG" else "WARNING"},
        # Every process that begins or ends, for operators.
        "gunicorn.error": {
            "level": "WARNING" if LOG_FORMAT == "text" else "INFO" if LOG_LEVEL == "DEBUG" else LOG_LEVEL,
            "propagate": True,
        },
    },
}
if SENTRY_DSN:
    from portal.observe import sentry

    try:
        sentry.start(SENTRY_DSN, release=f"portail-depots@{VERSION}")
    except ValueError as error:
        refuse(f'environment variable "SENTRY_DSN" invalid: {error}.')
