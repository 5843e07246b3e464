"""« Mon compte », and the pages of who has no password yet, or no more."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordChangeView, PasswordResetConfirmView
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import FormView

from trail.enums import Action

from ..http import PersonRequest
from ..models import User
from ..second_factor import devices
from . import links
from .forms import ChangePasswordForm, ChoosePasswordForm, LinkForm
from .guard import network_of
from .lifetimes import in_words
from .tokens import INVITATION, PASSWORD_LINK, LinkTokens

TOO_MANY_LINKS = "Trop de liens ont été demandés depuis votre réseau. Réessayez dans une heure."


@require_safe
def account(request: PersonRequest) -> HttpResponse:
    """« Mon compte »: who one is here, one's roles, the password, the second factor, the sessions."""
    assignments = request.user.role_assignments.select_related("company", "establishment")
    return render(
        request, "roles/account.html", {"assignments": assignments, "second_factor": devices.of(request.user)}
    )


@require_POST
def end_sessions(request: PersonRequest) -> HttpResponse:
    """« Se déconnecter de tous les appareils », this one too."""
    links.end_sessions(request.user, by=request.user)
    logout(request)
    messages.success(request, "Vous êtes déconnecté de tous vos appareils.")
    return redirect("login")


class ChangePasswordView(PasswordChangeView):
    """« Changer le mot de passe »: all other sessions end, and this one goes on under another key."""

    form_class = ChangePasswordForm
    template_name = "roles/change_password.html"
    success_url = reverse_lazy("roles:account")
    title = "Changer le mot de passe"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"account": self.request.user}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    @transaction.atomic
    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        links.password_chosen(cast(User, self.request.user), Action.CHANGE_PASSWORD)
        messages.success(self.request, "Votre mot de passe est changé. Vos autres appareils sont déconnectés.")
        return response


@method_decorator(login_not_required, name="dispatch")
class AskPasswordLinkView(FormView):
    """« Mot de passe oublié ? »: the same answer, whatever accounts there are."""

    form_class = LinkForm
    template_name = "roles/ask_password_link.html"
    success_url = reverse_lazy("roles:password-link-sent")
    extra_context = {"title": "Mot de passe oublié", "account": None}

    def form_valid(self, form: Form) -> HttpResponse:
        if links.ask_for_link(form.cleaned_data["email"], network_of(self.request)):
            return super().form_valid(form)
        form.add_error(None, TOO_MANY_LINKS)
        return self.render_to_response(self.get_context_data(form=form), status=HTTPStatus.TOO_MANY_REQUESTS)


@login_not_required
@require_safe
def password_link_sent(request: HttpRequest) -> HttpResponse:
    """What happens now, if there is such an account."""
    return render(request, "roles/password_link_sent.html", {"lifetime": in_words(PASSWORD_LINK.lifetime)})


class ChoosePasswordView(PasswordResetConfirmView):
    """The page that a link in a mail leads to. Opening it uses nothing up: programs that read mails do so too.

    Django's, which takes the secret out of the address before the page shows. It does not log in: the new password
    does, and what is asked beside it.
    """

    form_class = ChoosePasswordForm
    template_name = "roles/choose_password.html"
    success_url = reverse_lazy("login")
    reset_url_token = "choisir"  # noqa: S105 - what stands in the secret's place
    token_generator: LinkTokens = PASSWORD_LINK
    title = "Choisir un nouveau mot de passe"
    action = Action.CHOOSE_PASSWORD

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user and user.is_active else None

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        with transaction.atomic():
            # Of two requests with one link, the second finds it void.
            user = User.objects.select_for_update().get(pk=form.user.pk)
            if not self.token_generator.check_token(user, self.request.session.get(INTERNAL_RESET_SESSION_TOKEN)):
                self.validlink = False
                return self.render_to_response(self.get_context_data())
            response = super().form_valid(form)
            links.password_chosen(form.user, self.action)
        # Whoever was logged in here: it is the new password's turn.
        logout(self.request)
        messages.success(self.request, "Votre mot de passe est enregistré. Connectez-vous.")
        return response

    def render_to_response(self, context: dict[str, Any], **response: Any) -> HttpResponse:
        return super().render_to_response(
            context, status=HTTPStatus.OK if self.validlink else HTTPStatus.GONE, **response
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invited = self.action == Action.ACCEPT
        told = {"title": self.title, "account": self.user, "lifetime": in_words(self.token_generator.lifetime)}
        return super().get_context_data(**kwargs) | told | {"invited": invited}


class AcceptInvitationView(ChoosePasswordView):
    """The same for the first password."""

    token_generator = INVITATION
    title = "Choisir votre mot de passe"
    action = Action.ACCEPT
