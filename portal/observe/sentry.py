"""Error reports to Sentry, where SENTRY_DSN names one: what failed and where, and nothing that a person sent.

An event is written anew from the few parts that operators need. What the SDK would add some day is not sent
until it is named here.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.types import Event, Hint
from structlog.contextvars import get_contextvars

from .privacy import message_of

KEPT = ("event_id", "timestamp", "level", "platform", "release", "environment", "logger", "transaction", "sdk")
KEPT_OF_EXCEPTIONS = ("type", "module", "mechanism", "stacktrace")
KEPT_OF_FRAMES = ("filename", "function", "module", "lineno", "context_line", "pre_context", "post_context", "in_app")
TAGS = ("request_id", "task", "task_id")


def start(dsn: str, release: str) -> None:
    """Report errors from now on, in whatever process this is. Raises ValueError for what is not a DSN."""
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        integrations=[DjangoIntegration(transaction_style="function_name"), CeleryIntegration()],
        auto_enabling_integrations=False,
        before_send=scrub,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_metrics=False,
    )


def scrub(event: Event, hint: Hint) -> Event:
    """The event as it may leave: kinds, places, ids."""
    parts: dict[str, Any] = dict(event)
    kept = {name: parts[name] for name in KEPT if name in parts}
    context = get_contextvars()
    kept["tags"] = {name: context[name] for name in TAGS if name in context}
    if "exception" in parts:
        raised = hint.get("exc_info", (None, None, None))[1]
        kept["exception"] = {"values": [told(value, raised) for value in parts["exception"]["values"]]}
    elif "logentry" in parts:  # the sentence without what was to be filled in
        kept["logentry"] = {"message": parts["logentry"].get("message", "")}
    return kept  # type: ignore[return-value]


def told(value: dict[str, Any], raised: BaseException | None) -> dict[str, Any]:
    """One exception of an event, of the chain that ends in `raised`."""
    kept = {name: value[name] for name in KEPT_OF_EXCEPTIONS if name in value}
    kept["value"] = next((message_of(error) for error in chain(raised) if type(error).__name__ == value["type"]), "")
    frames = (value.get("stacktrace") or {}).get("frames", [])
    kept["stacktrace"] = {"frames": [{name: frame.get(name) for name in KEPT_OF_FRAMES} for frame in frames]}
    return kept


def chain(error: BaseException | None) -> list[BaseException]:
    """An exception and those that led to it."""
    errors: list[BaseException] = []
    while error is not None and error not in errors:
        errors.append(error)
        error = error.__cause__ or error.__context__
    return errors
