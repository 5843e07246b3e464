"""The id of a request goes along with the tasks that it asks for, and their lines tell it.

What a task asks for itself carries the same id on. What beat asks for has none: its lines have the task's own.
"""

from typing import Any

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from . import logs

HEADER = "portail_request_id"


def connect() -> None:
    """Listen to Celery, in whatever process this is."""
    setup_logging.connect(configure_logging)
    before_task_publish.connect(send_id_along)
    task_prerun.connect(begin)
    task_postrun.connect(end)


def configure_logging(**signal: Any) -> None:  # noqa: ARG001 - a receiver
    """The portal's lines in place of Celery's own."""
    logs.configure(settings.LOGGING)


def send_id_along(headers: dict[str, Any], **signal: Any) -> None:  # noqa: ARG001 - a receiver
    """Put the present request's id, if there is one, into the headers of a message."""
    if request_id := get_contextvars().get("request_id"):
        headers[HEADER] = request_id


def begin(task_id: str, task: Any, **signal: Any) -> None:  # noqa: ARG001 - a receiver
    """Let the lines of a task tell its name, its id and the request that asked for it."""
    clear_contextvars()
    asked_by = (task.request.headers or {}).get(HEADER)
    bind_contextvars(task=task.name, task_id=task_id, **({"request_id": asked_by} if asked_by else {}))


def end(**signal: Any) -> None:  # noqa: ARG001 - a receiver
    """The thread's next task begins with nothing."""
    clear_contextvars()
