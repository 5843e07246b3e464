"""What a list of the back office offers beside « Ajouter »: its export, and an import."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse

from ..admin import may_import
from ..enums import Kind
from ..listing import OF_THE_PAGE, listing_of

register = template.Library()
FORMATS = {"csv": "Exporter (CSV)", "xlsx": "Exporter (Excel)"}


@register.inclusion_tag("exchange/list_tools.html", takes_context=True)
def exchange_tools(context: dict[str, Any], cl: Any) -> dict[str, Any]:
    """Links for the list `cl`, with its search and filters."""
    what = listing_of(cl.model)
    if what is None:
        return {"links": []}
    query = cl.get_query_string(remove=OF_THE_PAGE)
    links = [(reverse("admin:exchange_export", args=[what, one]) + query, label) for one, label in FORMATS.items()]
    request: HttpRequest = context["request"]
    if what in Kind.values and may_import(request, Kind(what)):
        links.append((f"{reverse('admin:exchange_import_add')}?kind={what}", "Importer"))
    return {"links": links}
