"""Logging in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

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
