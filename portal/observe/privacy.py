"""What may be said of an exception: its kind, where it happened, and its message where a machine wrote it.

The message of any other may quote what a person typed: « invalid literal for int(): 'Martin' ».
"""

import traceback
from smtplib import SMTPException

import django.db
import redis
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist
from kombu.exceptions import OperationalError as BrokerError

# Their first line names tables, constraints, attributes, hosts; PostgreSQL quotes the row in the second.
WRITTEN_BY_MACHINES = (
    AttributeError,
    ImportError,
    ImproperlyConfigured,
    MemoryError,
    NameError,
    RecursionError,
    TemplateDoesNotExist,
    TypeError,
    django.db.IntegrityError,
    django.db.InterfaceError,
    django.db.OperationalError,
    django.db.ProgrammingError,
    redis.RedisError,
    BrokerError,
)
LAST_FRAMES = 40


def message_of(error: BaseException) -> str:
    """The exception's message as far as it can hold nothing personal; often empty."""
    if isinstance(error, SMTPException):  # an OSError that quotes addresses
        return str(getattr(error, "smtp_code", ""))
    if isinstance(error, OSError):
        return f"[Errno {error.errno}] {error.strerror}" if error.errno is not None else ""
    if isinstance(error, WRITTEN_BY_MACHINES):
        return str(error).partition("\n")[0]
    return ""


def traceback_of(error: BaseException) -> str:
    """The traceback with its causes as Python prints it, without local values, each message as `message_of` has it."""
    told: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind, message = type(current), message_of(current)
        lines = ["Traceback (most recent call last):\n"]
        lines += traceback.format_tb(current.__traceback__, -LAST_FRAMES)
        lines += [f"{kind.__module__}.{kind.__qualname__}{': ' if message else ''}{message}\n"]
        told.append("".join(lines))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nwhich led to:\n\n".join(reversed(told)).rstrip()
