"""Settings, read strictly from the environment (the variables are listed in README.md).

A value that cannot be parsed stops the start with one sentence that names the variable.
"""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab, schedule
from csp.constants import NONE, SELF
from environs import Env, EnvError, validate
from kombu import Queue

from portal.environment import (
    antivirus_address,
    broker_socket,
    check_broker,
    document_stores,
    email_or_nothing,
    handover_of,
    handover_stores,
    networks,
    place_of,
    proconnect_issuer,
    public_address,
    refuse,
    webhook_address,
)

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
try:
    DEBUG = env.bool("DEBUG", False)
    SECRET_KEY = env.str("SECRET_KEY", "")
    # Keys of before, for as long as people are logged in by them (docs/operations.md).
    SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
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
    # Where the OPCO's own system collects what was transmitted: a folder or a bucket; empty: nowhere.
    HANDOVER_URL = env.str("HANDOVER_URL", "")
    # Who is told of each hand-over, and what the telling is signed with: both, or neither.
    HANDOVER_WEBHOOK_URL = env.str("HANDOVER_WEBHOOK_URL", "")
    HANDOVER_WEBHOOK_SECRET = env.str("HANDOVER_WEBHOOK_SECRET", "")
    EMAIL = env.dj_email_url("EMAIL_URL", "console:")
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Portail des dépôts <portail@localhost>")
    # Whom the accessibility declaration names for those who find an obstacle; the OPCO at large without it.
    ACCESSIBILITY_CONTACT = env.str("ACCESSIBILITY_CONTACT", "", validate=email_or_nothing)
    PUBLIC_URL = env.str("PUBLIC_URL", "")
    # A session ends after so long without anything being done in it, and so long after its log-in whatever is done.
    SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", 120, validate=validate.Range(min=5, max=1_440))
    SESSION_HOURS = env.int("SESSION_HOURS", 12, validate=validate.Range(min=1, max=168))
    # How long what is over is kept (portal/retention.py); « Données personnelles » says the same.
    MAIL_RETENTION_DAYS = env.int("MAIL_RETENTION_DAYS", 30, validate=validate.Range(min=1, max=3_650))
    TRAIL_RETENTION_YEARS = env.int("TRAIL_RETENTION_YEARS", 5, validate=validate.Range(min=1, max=30))
    DRAFT_RETENTION_DAYS = env.int("DRAFT_RETENTION_DAYS", 30, validate=validate.Range(min=1, max=365))
    DEPOSIT_RETENTION_YEARS = env.int("DEPOSIT_RETENTION_YEARS", 10, validate=validate.Range(min=1, max=30))
    CANCELLED_RETENTION_DAYS = env.int("CANCELLED_RETENTION_DAYS", 365, validate=validate.Range(min=1, max=3_650))
    IMPORT_RETENTION_DAYS = env.int("IMPORT_RETENTION_DAYS", 30, validate=validate.Range(min=1, max=365))
    UNUSED_ACCOUNT_DAYS = env.int("UNUSED_ACCOUNT_DAYS", 730, validate=validate.Range(min=30, max=3_650))
    # Whom « Données personnelles » names for those who ask about theirs; the OPCO at large without it.
    PRIVACY_CONTACT = env.str("PRIVACY_CONTACT", "", validate=email_or_nothing)
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
    # Where the back office is reached from; empty: from everywhere.
    ADMIN_NETWORKS_LISTED: list[str] = env.list("ADMIN_NETWORKS", [])
    # What one person may send and hold (invoices/quotas.py): a clerk on the last day of a month deposits two hundred
    # invoices with three documents each, and deposits them as they come.
    UPLOADS_PER_HOUR = env.int("UPLOADS_PER_HOUR", 500, validate=validate.Range(min=1, max=1_000_000))
    DRAFTS_PER_PERSON = env.int("DRAFTS_PER_PERSON", 200, validate=validate.Range(min=1, max=100_000))
    DRAFT_MEGABYTES_PER_PERSON = env.int(
        "DRAFT_MEGABYTES_PER_PERSON", 2_048, validate=validate.Range(min=10, max=10**6)
    )
    # The antivirus that every upload passes, tcp://host:3310 or unix:///path; none without it.
    CLAMAV_URL = env.str("CLAMAV_URL", "")
    # Staff come into /admin/ with a second factor only; in the demo they are offered one, and may do without.
    STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", not DEMO)
    # Log-in by ProConnect, with the extra of that name: all three, or none.
    PROCONNECT_ISSUER = env.str("PROCONNECT_ISSUER", "")
    PROCONNECT_CLIENT_ID = env.str("PROCONNECT_CLIENT_ID", "")
    PROCONNECT_CLIENT_SECRET = env.str("PROCONNECT_CLIENT_SECRET", "")
except EnvError as error:
    refuse(str(error))

try:
    DOCUMENT_PLACE = place_of(DOCUMENT_STORAGE_URL, BASE_DIR)
except ValueError as error:
    refuse(f'environment variable "DOCUMENT_STORAGE_URL" invalid: {error}')
DOCUMENT_ROOT = DOCUMENT_PLACE if isinstance(DOCUMENT_PLACE, Path) else None
try:
    HANDOVER_PLACE = handover_of(HANDOVER_URL, BASE_DIR, DOCUMENT_PLACE)
except ValueError as error:
    refuse(f'environment variable "HANDOVER_URL" invalid: {error}')
try:
    HANDOVER_WEBHOOK_URL = webhook_address(
        HANDOVER_WEBHOOK_URL, HANDOVER_WEBHOOK_SECRET, handover=HANDOVER_PLACE is not None
    )
except ValueError as error:
    refuse(str(error))
try:
    CLAMAV = antivirus_address(CLAMAV_URL)
except ValueError as error:
    refuse(f'environment variable "CLAMAV_URL" invalid: {error}')
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
if DOCUMENT_ACCEL_LOCATION and not DOCUMENT_ROOT:
    refuse('environment variable "DOCUMENT_ACCEL_LOCATION" invalid: nginx has no folder to send from with a bucket.')
if METRICS_TOKEN and not re.fullmatch(r"[!-~]{16,}", METRICS_TOKEN):
    refuse('environment variable "METRICS_TOKEN" invalid: 16 characters or more, of ASCII without spaces.')
try:
    ADMIN_NETWORKS = networks(ADMIN_NETWORKS_LISTED)
except ValueError as error:
    refuse(f'environment variable "ADMIN_NETWORKS" invalid: {error}')
try:
    PROCONNECT_ISSUER = proconnect_issuer(PROCONNECT_ISSUER, PROCONNECT_CLIENT_ID, PROCONNECT_CLIENT_SECRET)
except ValueError as error:
    refuse(str(error))
if "EMAIL_BACKEND" not in EMAIL:
    refuse('environment variable "EMAIL_URL" invalid: it must begin with smtp:, submission:, smtps: or console:.')
if not all("://" in origin for origin in CSRF_TRUSTED_ORIGINS):
    refuse('environment variable "CSRF_TRUSTED_ORIGINS" invalid: each origin must begin with https:// or http://.')
if not SECRET_KEY:
    if not DEBUG:
        refuse('environment variable "SECRET_KEY" is required when DEBUG is off.')
    SECRET_KEY = "development-only"  # noqa: S105 - with DEBUG on, and nowhere else
if SECRET_KEY in SECRET_KEY_FALLBACKS or not all(key.strip() for key in SECRET_KEY_FALLBACKS):
    refuse('environment variable "SECRET_KEY_FALLBACKS" invalid: keys of before, separated by commas, none empty.')

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

# --- The product's limits and delays (RULES.md §2, §9) ----------------------------------------------------------
# Those that an OPCO may change are rows (invoices.catalogue).

TRANSMISSION_DELAY = timedelta(seconds=TRANSMISSION_DELAY_SECONDS)
TRANSMISSION_SWEEP_SECONDS = 20
EXPORT_XLSX_ROWS = 5_000
# Of the back office's exports, which are streamed: a sheet has 1,048,576 lines.
EXPORT_SHEET_ROWS = 1_000_000
# A file that is imported (exchange/): what is sent of it, what a workbook may be once unpacked, its lines; how many of
# them are one transaction; how long it waits for a confirmation.
MAX_IMPORT_BYTES = 50 * 1024 * 1024
IMPORT_UNPACKED_BYTES = 400 * 1024 * 1024
IMPORT_LINES = 200_000
IMPORT_STRETCH = 500
IMPORT_CONFIRMATION_DAYS = 7
# A worker that has told nothing of its import for so long is dead; far longer than a stretch takes, or reading again
# what was done. So often one is begun again without doing a line more.
IMPORT_CLAIM_SECONDS = 120
IMPORT_ATTEMPTS = 5
IMPORT_SWEEP_SECONDS = 30
INVOICE_NUMBER_LENGTH = 35
# A process goes on with the types of documents and the limits that it read for so long at most.
CATALOGUE_SECONDS = 5
# A start of the wizard of which nothing was ever saved.
UNSAVED_START_DAYS = 2
# A file that belongs to nothing for this long is purged; far longer than any request lives.
LOOSE_FILE_HOURS = 6
# Mails that are due are sent this often at the latest, whatever became of the call to send them.
MAIL_SWEEP_SECONDS = 60
# Longer than a server may take over one mail: EMAIL_TIMEOUT for each of its dozen answers.
MAIL_CLAIM_SECONDS = 600
# What was transmitted is handed over this often at the latest.
HANDOVER_SWEEP_SECONDS = 20
# A round of hand-overs ends after so long, and another begins: a worker that is to stop waits for no more than that.
HANDOVER_ROUND_SECONDS = 15
# Longer than one file may take on its way; it is made anew between files. Whoever was killed in the middle is followed
# by another after so long.
HANDOVER_CLAIM_SECONDS = 300
# After a hand-over that failed: the pause before the next try, twice as long each time, up to the longest.
HANDOVER_FIRST_PAUSE = timedelta(minutes=1)
HANDOVER_LONGEST_PAUSE = timedelta(hours=1)
# Tries, with such pauses, after which a document that is not found is taken for lost: its storage may be away a while.
HANDOVER_FILE_TRIES = 5
# Of each answer of the webhook's receiver.
HANDOVER_WEBHOOK_SECONDS = 10
PDF_BOX_CPU_SECONDS = 2
# Of these, for reading an accepted file; an honest one takes a tenth.
PDF_READING_CPU_SECONDS = 0.3
PDF_BOX_WALL_SECONDS = 6
PDF_BOX_MEMORY_BYTES = 512 * 1024 * 1024
# In each web process: how many files are checked at once, how many more may wait for their turn, how long; and of one
# person's, so that the files of one are not before those of all the others. With the pictures below, a process's
# threads (WEB_THREADS) are never all taken.
CHECKS_AT_ONCE = 2
CHECKS_AT_ONCE_EACH = 1
CHECKS_WAITING = 4
CHECKS_WAITING_EACH = 2
CHECK_WAIT_SECONDS = 6
DRAFT_BYTES_PER_PERSON = DRAFT_MEGABYTES_PER_PERSON * 1024 * 1024
# Of an antivirus: to be reached; and for its whole answer, from the first byte sent. ClamAV reads an honest file of
# 10 Mo in a second; its own limit is two minutes, which nobody waits for.
CLAMAV_CONNECT_SECONDS = 2
CLAMAV_SECONDS = 15
# To draw a page: a scan in colour at 600 points per inch takes half a second as JPEG, and 1.4 as JPEG 2000.
PICTURE_CPU_SECONDS = 3
PICTURE_WALL_SECONDS = 6
PICTURE_MEMORY_BYTES = 512 * 1024 * 1024
# In each web process: how many pages are drawn at once, how many more requests may wait for their turn, how long.
PICTURES_AT_ONCE = 2
PICTURES_WAITING = 4
PICTURE_WAIT_SECONDS = 6
# So many wrong passwords for one e-mail address from one IP address, or from one IP address for any e-mail addresses,
# and neither is listened to until the pause is over (roles/accounts/guard.py).
LOGIN_FAILURES = 5
LOGIN_FAILURES_OF_AN_ADDRESS = 100
LOGIN_PAUSE = timedelta(minutes=15)
INVITATION_LIFETIME = timedelta(days=7)
PASSWORD_LINK_LIFETIME = timedelta(hours=1)
# How long « Voir comme » lasts at most, and the pages that it shows: those that only read. What is not named here is
# refused meanwhile (roles/view_as/middleware.py).
VIEW_AS_LIFETIME = timedelta(minutes=30)
VIEW_AS_PAGES = {
    *("home", "login", "accessibility", "personal-data", "verify"),
    *("dossiers:list", "dossiers:detail"),
    *("invoices:documents", "invoices:add-document", "invoices:step", "invoices:associable", "invoices:delete-draft"),
    *("invoices:deposits", "invoices:deposits-csv", "invoices:deposits-xlsx", "invoices:statuses", "invoices:cancel"),
    *("invoices:receipt", "invoices:receipt-by-reference", "invoices:receipt-pdf", "invoices:deposit-zip"),
    *("invoices:document", "invoices:preview", "invoices:thumbnail", "invoices:page-picture"),
    *("roles:account", "second_factor:overview"),
}
# These answer whoever asks, without a look at the session.
VIEW_AS_UNASKED = {"favicon", "health-live", "health-ready", "metrics"}
# In one hour: more links for one e-mail address are not sent, more demands from one IP address are refused.
PASSWORD_LINKS_PER_EMAIL = 3
PASSWORD_LINKS_PER_ADDRESS = 30

# --- Django -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "formtools",
    "trail",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "outbox",
    "roles",
    "dossiers",
    "invoices",
    "exchange",
    "portal",
]

MIDDLEWARE = [
    "portal.observe.requests.RequestObserver",
    # These three without conditions and outermost: their headers go with every answer, whoever gives it.
    "portal.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.PlainRequestsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.MaintenanceMiddleware",
    "portal.middleware.AdminNetworksMiddleware",
    "portal.middleware.PrivateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.sessions.LimitedSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "roles.view_as.middleware.ViewAsMiddleware",
    "trail.middleware.TrailMiddleware",
    "portal.middleware.LogInFirstMiddleware",
    "roles.second_factor.middleware.StaffSecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.StorageAwayMiddleware",
    "portal.middleware.AdminChoicesMiddleware",
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
            "builtins": [f"portal.templatetags.{name}" for name in ("addresses", "french", "icons")],
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
# Django's first hasher, PBKDF2, is one of those that ANSSI's guide on passwords accepts.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "roles.accounts.passwords.StrengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

# Failed log-ins are counted in the database: with Redis away nobody is let in, or kept out, who would not be otherwise.
AXES_HANDLER = "roles.accounts.guard.LogInGuard"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = LOGIN_FAILURES
AXES_COOLOFF_TIME = LOGIN_PAUSE
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "roles.accounts.guard.email_of"
AXES_CLIENT_IP_CALLABLE = "roles.accounts.guard.network_of"
# Who is locked out is let in again after the pause, however often they try meanwhile.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
# The trail tells of log-ins; of what was typed nothing is kept, and the back office has a list of its own.
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "next", "csrfmiddlewaretoken"]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# The log-in page says itself that it is locked; axes's middleware would put another page in its place.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

# The second factor (roles/second_factor/): who the codes are for, as applications show it, and a clock that stays where
# it is: with `SYNC` the tolerance of one step would move along with each late code.
OTP_TOTP_ISSUER = "Portail des dépôts"
OTP_TOTP_SYNC = False

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Of documents, among them and named after them (invoices/pictures.py); what is lost of it is drawn again.
PICTURES_FOLDER = "apercus"
# Of the files that are being imported, among them too (exchange/); none of them stays.
IMPORTS_FOLDER = "imports"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    **document_stores(DOCUMENT_PLACE, PICTURES_FOLDER, IMPORTS_FOLDER),
    **handover_stores(HANDOVER_PLACE),
    "staticfiles": {"BACKEND": "portal.static.HashedFiles"},
}

# Every uploaded file is streamed, once, to a folder beside the documents (invoices/uploads.py): it then moves to its
# place at no cost. What goes to a bucket waits on this machine.
INCOMING_ROOT = (DOCUMENT_ROOT or VAR_DIR) / "incoming"
FILE_UPLOAD_HANDLERS = ["invoices.uploads.IncomingFileHandler"]

EMAIL_CONFIG = dict(EMAIL)
if EMAIL_CONFIG.get("EMAIL_FILE_PATH"):  # the library takes its first slash away
    EMAIL_CONFIG["EMAIL_FILE_PATH"] = f"/{EMAIL_CONFIG['EMAIL_FILE_PATH'].lstrip('/')}"
# What is written to named people is printed in a demo alone: elsewhere it waits until a server is named.
NO_MAIL_SERVER = "outbox.backends.NoServer"
if EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend" and not (DEBUG or DEMO):
    EMAIL_CONFIG["EMAIL_BACKEND"] = NO_MAIL_SERVER
globals().update({key: value for key, value in EMAIL_CONFIG.items() if key.startswith("EMAIL_")})
# Of each answer of the mail server: one that hangs does not hold a worker.
EMAIL_TIMEOUT = EMAIL_CONFIG["EMAIL_TIMEOUT"] or 10

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = SESSION_HOURS * 3_600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# What no page of the portal uses, denied to it and to whatever might be shown in it.
UNUSED_FEATURES = (
    "accelerometer autoplay browsing-topics camera clipboard-read clipboard-write display-capture encrypted-media "
    "fullscreen gamepad geolocation gyroscope hid identity-credentials-get idle-detection local-fonts magnetometer "
    "microphone midi otp-credentials payment picture-in-picture publickey-credentials-create publickey-credentials-get "
    "screen-wake-lock serial storage-access sync-xhr usb window-management xr-spatial-tracking"
)
# Beside those that Django's own settings name, on every answer (portal/middleware.py).
FURTHER_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES.split()),
}
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^sante/", "^metriques/"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # A browser takes a cookie of such a name over TLS alone, and from this very host: no other may plant one.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# No report endpoint: it would be an address that anyone may write to, and the browser's tests fail on a violation.
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
CELERY_TASK_QUEUES = [Queue("transmission"), Queue("sweep"), Queue("chores"), Queue("handover")]
CELERY_TASK_DEFAULT_QUEUE = "chores"
CELERY_TASK_ROUTES = {
    "invoices.tasks.transmit": {"queue": "transmission"},
    "invoices.tasks.transmit_due": {"queue": "sweep"},
    "invoices.tasks.hand_over": {"queue": "handover"},
}
# Threads, in one process: the tasks wait for PostgreSQL, a kill -9 leaves no pool behind, and the triggers that wait
# for their time are held in memory once. Celery's limits of time and of tasks for each child are for processes; what
# may not hang here is the connection to the database, which has limits of its own above.
CELERY_WORKER_POOL = "threads"
# Five: a mail server that hangs holds two of them for its ten seconds, the bell's and the sweep's; the place of the
# hand-over one, however long it hangs.
CELERY_WORKER_CONCURRENCY = 5
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
    "hand-over": {
        "task": "invoices.tasks.hand_over",
        "schedule": schedule(timedelta(seconds=HANDOVER_SWEEP_SECONDS)),
        "options": {"expires": HANDOVER_SWEEP_SECONDS},
    },
    "tell-untold": {
        "task": "invoices.tasks.tell_untold",
        "schedule": schedule(timedelta(minutes=5)),
        "options": {"expires": 300},
    },
    "run-imports": {
        "task": "exchange.tasks.run_waiting",
        "schedule": schedule(timedelta(seconds=IMPORT_SWEEP_SECONDS)),
        "options": {"expires": IMPORT_SWEEP_SECONDS},
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
    # At an hour rather than after one: beat may be started anew each day, and a period would begin again.
    "purge-all": {
        "task": "portal.tasks.purge",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 12 * 3600},
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
        # At DEBUG these tell whole requests to the bucket, their signatures included.
        "botocore": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # Celery tells of each sweep twice, three times a minute; what a sweep did, the tasks say themselves.
        # DEBUG is not for servers' lines: they would hold addresses and the arguments of tasks.
        "celery": {"level": "INFO" if LOG_LEVEL == "DEBUG" else "WARNING"},
        # Of each failed log-in; the trail tells of them, and roles.accounts of those that are locked out.
        "axes": {"level": "ERROR"},
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
