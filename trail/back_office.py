"""The site of the back office: whatever is changed there, an event tells of it, whichever app's page it was."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase

from .enums import Action
from .recording import event, record, record_all

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class RecordingAdmin(ModelAdmin):
    """What every page of the site is made with: beside each line of Django's own log goes an event.

    A page of its own making, or an action on a list, calls `log_change` as Django's do.
    """

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._recorded(Action.ADMIN_ADD, request, obj, super().log_addition(request, obj, message))

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._recorded(Action.ADMIN_CHANGE, request, obj, super().log_change(request, obj, message))

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        record_all(event(Action.ADMIN_DELETE, person=request.user, on=row) for row in queryset)
        return super().log_deletions(request, queryset)

    def _recorded(self, action: Action, request: HttpRequest, row: Model, entry: LogEntry) -> LogEntry:
        record(action, person=request.user, on=row, details={"change": entry.get_change_message()})
        return entry


class RecordingSite(AdminSite):
    """Django's site, where no page can forget to record."""

    # What each page is made with, before its own class.
    page: type[ModelAdmin] = RecordingAdmin

    def register(self, model_or_iterable: Any, admin_class: type[ModelAdmin] | None = None, **options: Any) -> None:
        own = admin_class or ModelAdmin
        recording = type(own.__name__, (self.page, own), {"__module__": own.__module__, "__doc__": own.__doc__})
        super().register(model_or_iterable, recording, **options)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Each page that writes does so in one transaction, its events included: Django's actions have none."""

        def together(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in SAFE_METHODS:
                return view(request, *args, **kwargs)
            with transaction.atomic():
                return view(request, *args, **kwargs)

        return super().admin_view(update_wrapper(together, view), cacheable)
