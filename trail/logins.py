"""Log-ins, failed ones and log-outs, wherever they happen: Django says so by its signals."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from .enums import Action, Result
from .recording import record


def connect() -> None:
    """Listen to Django."""
    user_logged_in.connect(logged_in)
    user_login_failed.connect(login_failed)
    user_logged_out.connect(logged_out)


def logged_in(user: AbstractBaseUser, **signal: Any) -> None:  # noqa: ARG001 - a receiver
    """A session begins."""
    record(Action.LOG_IN, person=user)


def login_failed(credentials: dict[str, Any], **signal: Any) -> None:  # noqa: ARG001 - a receiver
    """A log-in is refused. Whose, only where there is such an account.

    People type their password where the address goes: what was typed and is no account's is not kept, not
    even as a hash, since a password that short is found again from its hash.
    """
    accounts = get_user_model()._default_manager
    typed = str(credentials.get("username") or "").replace("\x00", "")
    try:
        person = accounts.get_by_natural_key(typed)
    except accounts.model.DoesNotExist:
        record(Action.LOG_IN, result=Result.REFUSED, reason="unknown_account")
        return
    reason = "credentials" if person.is_active else "inactive_account"
    record(Action.LOG_IN, person=person, result=Result.REFUSED, reason=reason)


def logged_out(user: AbstractBaseUser | None, **signal: Any) -> None:  # noqa: ARG001 - a receiver
    """A session ends, unless there was none."""
    if user:
        record(Action.LOG_OUT, person=user)
