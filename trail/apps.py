from django.apps import AppConfig
from django.contrib.admin import apps as admin


class TrailConfig(AppConfig):
    name = "trail"
    verbose_name = "Journal"

    def ready(self) -> None:
        from . import logins

        logins.connect()


class BackOfficeConfig(admin.AdminConfig):
    """Django's admin, on a site that records every change made there."""

    default = False
    default_site = "trail.back_office.RecordingSite"
