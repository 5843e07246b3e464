"""How a log line looks, whoever writes it: one JSON object in production, one readable line under `make run`.

Modules log through Python's own `logging`, with ids in `extra` (FIELDS); structlog adds the context of the
request or task and renders. So Django's, gunicorn's and Celery's lines come out alike.
"""

import logging
import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from .privacy import traceback_of

# What a line may say beside its sentence: ids, routes, counts, and never what a person typed.
FIELDS = ("method", "route", "status", "duration_ms", "user", "deposit", "deposits", "document", "reason", "signature")


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: Python's warnings are lines too where lines are for a machine to read."""
    logging.config.dictConfig(config)
    logging.captureWarnings(config["formatters"]["line"]["as_json"])


def formatter(*, as_json: bool) -> structlog.stdlib.ProcessorFormatter:
    """The one formatter of every handler."""
    render: list[Processor]
    if as_json:
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp")
        render = [structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        stamp = structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False, key="timestamp")
        render = [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            stamp,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            without_what_people_sent,
            with_traceback,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        pass_foreign_args=True,
    )


def without_what_people_sent(logger: Any, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 - a processor
    """Rewrite the messages of those who quote requests: addresses, headers, file names, arguments of tasks."""
    record: logging.LogRecord = event["_record"]
    arguments: Any = event.pop("positional_args", ())
    if record.name.startswith("django.security."):
        event["event"] = "request refused"
    elif record.name == "django.request" and arguments:
        event["event"] = arguments[0]  # « Internal Server Error », then the path
    elif record.name == "gunicorn.error" and record.levelno >= logging.WARNING:
        # Numbers of processes and signals; addresses otherwise. One sentence comes with its values filled in.
        numbers = tuple(value if isinstance(value, int) else "…" for value in arguments)
        event["event"] = (str(record.msg) % numbers).partition(" from ip=")[0]
    elif record.name == "celery.app.trace" and isinstance(arguments, dict):
        event["event"] = f"task {arguments.get('description') or 'run'}"
    return event


def with_traceback(logger: Any, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 - a processor
    """Put the traceback beside the sentence, without local values."""
    about = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if about and about[1] is not None:
        event["exception"] = traceback_of(about[1])
    return event
