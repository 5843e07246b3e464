"""Settings, read strictly from the environment (the variables are listed in README.md).

A value that cannot be parsed stops the start with one sentence that names the variable.
"""

import os
import sys
import tempfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from celery.schedules import schedule
from csp.constants import NONE, SELF
from environs import Env, EnvError, validate

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


def check_broker(url: str) -> None:
    """ValueError for what cannot be a REDIS_URL."""
    parts = urlsplit(url)
    database = parts.path.removeprefix("/")
    server = parts.scheme in ("redis", "rediss") and parts.hostname and (not database or database.isdecimal())
    if not server and not (parts.scheme == "unix" and database):
        raise ValueError("it must read redis://host:port/number, rediss://host:port/number or unix:///path.")
    if parts.port == 0:  # reading a port that is not a number raises ValueError by itself
        raise ValueError("port 0 is not one.")


env = Env()
try:
    DEBUG = env.bool("DEBUG", False)
    SECRET_KEY = env.str("SECRET_KEY", "")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
    # What the embedded default keeps: database, broker, documents, collected static files.
    VAR_DIR = (BASE_DIR / env.path("VAR_DIR", Path("var"))).resolve()
    DATABASE: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}"))
    REDIS_URL = env.str("REDIS_URL", broker_socket(VAR_DIR))
    TRANSMISSION_DELAY_SECONDS = env.int("TRANSMISSION_DELAY", 900, validate=validate.Range(min=0, max=86_400))
    DOCUMENT_STORAGE_URL = env.str("DOCUMENT_STORAGE_URL", str(VAR_DIR / "documents"))
    EMAIL = env.dj_email_url("EMAIL_URL", "console:")
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Portail des dépôts <portail@localhost>")
    LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]))
    # Behind a proxy that ends TLS and sets X-Forwarded-Proto: secure cookies, HSTS, redirection to HTTPS.
    BEHIND_TLS = env.bool("BEHIND_TLS", False)
    # The demo's log-in page offers the demo accounts; nothing else depends on it.
    DEMO = env.bool("DEMO", False)
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
if "EMAIL_BACKEND" not in EMAIL:
    refuse('environment variable "EMAIL_URL" invalid: it must begin with smtp:, submission:, smtps: or console:.')
if not all("://" in origin for origin in CSRF_TRUSTED_ORIGINS):
    refuse('environment variable "CSRF_TRUSTED_ORIGINS" invalid: each origin must begin with https:// or http://.')
if not SECRET_KEY:
    if not DEBUG:
        refuse('environment variable "SECRET_KEY" is required when DEBUG is off.')
    SECRET_KEY = "development-only"  # noqa: S105 - with DEBUG on, and nowhere else

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
PDF_BOX_CPU_SECONDS = 2
PDF_BOX_WALL_SECONDS = 6
PDF_BOX_MEMORY_BYTES = 512 * 1024 * 1024

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
    "roles",
    "dossiers",
    "invoices",
    "portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
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
    DATABASE["CONN_MAX_AGE"] = DATABASE.get("CONN_MAX_AGE") or 60
    DATABASE["CONN_HEALTH_CHECKS"] = True
    DATABASE.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # Short queries over large tables: compiling one takes PostgreSQL ten times as long as running it.
    DATABASE["OPTIONS"].setdefault("options", "-c jit=off")
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
STATIC_ROOT = VAR_DIR / "static"
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
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Every uploaded file is streamed, once, to a folder beside the documents (invoices/uploads.py).
INCOMING_ROOT = DOCUMENT_ROOT / "incoming"
FILE_UPLOAD_HANDLERS = ["invoices.uploads.IncomingFileHandler"]

EMAIL_CONFIG = dict(EMAIL)
globals().update({key: value for key, value in EMAIL_CONFIG.items() if key.startswith("EMAIL_")})

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^sante/"]
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
CELERY_BEAT_SCHEDULE = {
    "transmit-due": {
        "task": "invoices.tasks.transmit_due",
        "schedule": schedule(timedelta(seconds=TRANSMISSION_SWEEP_SECONDS)),
        # A sweep that waited for a worker longer than its period is worth nothing: the next one does the same.
        "options": {"expires": TRANSMISSION_SWEEP_SECONDS},
    },
    "purge-files": {
        "task": "invoices.tasks.purge_files",
        "schedule": schedule(timedelta(hours=1)),
        "options": {"expires": 3600},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        # Celery tells of each sweep twice, three times a minute; what a sweep did, the tasks say themselves.
        "celery": {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "WARNING"},
    },
}
