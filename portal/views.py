"""Logging in, the accessibility declaration, the icon that browsers ask for, and requests that cannot be read."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, redirect_to_login
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from invoices.wizard import lapsed
from invoices.wizard.forms import words_typed_at
from roles import entrance
from roles.accounts.forms import LOCKED, EmailAuthenticationForm
from roles.proconnect import identities
from trail.middleware import give_reason

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
            "proconnect": bool(settings.PROCONNECT_ISSUER),
        }

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """429 where the password was not looked at."""
        locked = form.has_error(NON_FIELD_ERRORS, LOCKED)
        return self.render_to_response(
            self.get_context_data(form=form), status=HTTPStatus.TOO_MANY_REQUESTS if locked else HTTPStatus.OK
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """In, or on to the code of a second factor."""
        return entrance.log_in(self.request, form.get_user(), self.get_success_url())


@method_decorator(login_not_required, name="dispatch")
class PortalLogoutView(LogoutView):
    """Ends the session here and, for who came by ProConnect, there."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        word = identities.word_of(request)
        response = super().post(request, *args, **kwargs)
        if word and settings.PROCONNECT_ISSUER:
            from roles.proconnect import provider

            return provider.logged_out(request, word) or response
        return response


@login_not_required
@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """Where the back office sends who may not enter: to the one log-in page, or to a sentence."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if not admin.site.has_permission(request):
        raise PermissionDenied("Cette partie du portail est réservée à l’OPCO.")
    return redirect("admin:index")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form of another log-in, or forged: nothing of it is kept. What was typed at a step is shown to be copied."""
    give_reason(request, "forged_form")
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
