"""Where deposits stand now, for a page that shows them and stays open (js/countdown.js)."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from roles.http import PersonRequest

from ..models import Deposit

# More than any page shows.
DEPOSITS_AT_ONCE = 100


@require_safe
@never_cache
def deposit_statuses(request: PersonRequest) -> HttpResponse:
    """The statuses, as the pages show them, of the deposits named that the person sees (RULES.md §6, §7).

    GET parameter: `depot`, a deposit's id, once for each. What is not an id, or not visible, is left out.
    """
    asked = [found for text in request.GET.getlist("depot")[:DEPOSITS_AT_ONCE] if (found := _uuid(text))]
    deposits = Deposit.objects.visible_to(request.user).filter(pk__in=asked)
    context = {"deposits": deposits.select_related("invoice").with_documents()}
    return render(request, "invoices/overview/statuses.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
