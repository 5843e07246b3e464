"""Logging in, the accessibility declaration, and the icon that browsers ask for by themselves."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from roles.forms import EmailAuthenticationForm

from .demo import ACCOUNTS


class PortalLoginView(LoginView):
    """The log-in page; in the demo it offers the demo's accounts."""

    authentication_form = EmailAuthenticationForm
    redirect_authenticated_user = True

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.request.GET.get("compte", "") if settings.DEMO else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"demo_accounts": ACCOUNTS if settings.DEMO else []}


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """« Déclaration d’accessibilité »: what was tested, what was not, and whom to write to (ACCESSIBILITY_CONTACT)."""
    return render(request, "accessibility.html", {"contact": settings.ACCESSIBILITY_CONTACT})


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """The icon of pages that name none, such as the admin's."""
    return redirect(static("img/favicon.svg"))
