from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in

from trail import apps as trail


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from . import sessions

        user_logged_in.connect(sessions.begin)


class BackOfficeConfig(trail.BackOfficeConfig):
    """The back office as the trail records it, on the portal's own site."""

    default_site = "portal.back_office.BackOffice"
