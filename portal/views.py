"""Logging in, the accessibility declaration, the icon that browsers ask for, and requests that cannot be read."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from invoices.wizard import lapsed
from invoices.wizard.forms import words_typed_at
from roles.forms import EmailAuthenticationForm

from .demo import ACCOUNTS


class PortalLoginView(LoginView):
    """The log-in page; in the demo it offers the demo's accounts."""

    authentication_form = EmailAuthenticationForm
    redirect_authenticated_user = True

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.request.GET.get("compte", "") if settings.DEMO else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "demo_accounts": ACCOUNTS if settings.DEMO else [],
            "typed_waits": lapsed.waits_for(self.request, self.get_redirect_url()),
        }


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form of another log-in, or forged: nothing of it is kept. What was typed at a step is shown to be copied."""
    match = request.resolver_match
    typed = []
    if match and match.view_name == "invoices:step":
        typed = words_typed_at(match.kwargs["etape"], request.POST)
    return HttpResponseForbidden(
        render_to_string("403_csrf.html", {"typed": typed, "step_address": request.path}, request)
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """400, or 413 for more than the portal reads. Unlike Django's own page it does not try to read the body again."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return HttpResponse(render_to_string("413.html"), status=413)
    return HttpResponseBadRequest(render_to_string("400.html"))


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """« Déclaration d’accessibilité »: what was tested, what was not, and whom to write to (ACCESSIBILITY_CONTACT)."""
    return render(request, "accessibility.html", {"contact": settings.ACCESSIBILITY_CONTACT})


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """The icon of pages that name none, such as the admin's."""
    return redirect(static("img/favicon.svg"))
