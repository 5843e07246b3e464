"""What all these pages have in common: they show, and count no further than they must."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from trail.admin import BoundedPaginator


class LookOnlyMixin:
    """Nothing is added, changed or deleted here, whoever asks."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def get_paginator(self, request: HttpRequest, queryset: QuerySet, per_page: int, *more: Any, **by: Any) -> Any:
        """One that does not count 200,000 rows again for each page."""
        return BoundedPaginator(queryset, per_page, *more, **by)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookOnlyInlineMixin:
    """As above, within another page."""

    has_add_permission = LookOnlyMixin.has_add_permission
    has_change_permission = LookOnlyMixin.has_change_permission
    has_delete_permission = LookOnlyMixin.has_delete_permission
