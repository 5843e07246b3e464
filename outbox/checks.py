"""What `manage.py check --deploy` says of mail."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def mails_leave(**about: Any) -> list[CheckMessage]:  # noqa: ARG001 - as Django calls it
    """A warning where every mail would wait for ever."""
    if settings.EMAIL_BACKEND != settings.NO_MAIL_SERVER:
        return []
    return [
        Warning(
            "No mail is sent: EMAIL_URL names no mail server.",
            hint="Set it, as in smtp://user:password@host:587/?tls=True. Mails wait in line until then.",
            id="outbox.W001",
        )
    ]
