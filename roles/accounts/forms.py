"""Logging in, by e-mail address, and choosing a password."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ..models import User
from .guard import is_locked_out
from .lifetimes import in_words
from .passwords import HINT

LOCKED = "locked"


def locked_sentence() -> str:
    """What to say of a log-in that is not listened to."""
    return (
        f"Trop d’essais ont échoué : cette connexion est suspendue. Réessayez dans {in_words(settings.LOGIN_PAUSE)}, "
        "ou choisissez un nouveau mot de passe."
    )


class EmailAuthenticationForm(AuthenticationForm):
    """Django's form, in the portal's words."""

    error_messages = {
        "invalid_login": "Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez les deux, "
        "puis essayez de nouveau.",
        "inactive": "Ce compte est désactivé.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Adresse e-mail"
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].error_messages["required"] = "Indiquez votre adresse e-mail."
        self.fields["password"].error_messages["required"] = "Indiquez votre mot de passe."

    def get_invalid_login_error(self) -> ValidationError:
        """What to say of a log-in that failed; the same whether there is such an account or not."""
        if is_locked_out(self.request):
            return ValidationError(locked_sentence(), code=LOCKED)
        return super().get_invalid_login_error()


class LinkForm(forms.Form):
    """« Mot de passe oublié ? »: where to send the link."""

    email = forms.EmailField(
        label="Adresse e-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
        error_messages={
            "required": "Indiquez votre adresse e-mail.",
            "invalid": "Indiquez une adresse e-mail complète, comme prenom.nom@exemple.fr.",
        },
    )


class ChoosePasswordForm(SetPasswordForm):
    """A new password, typed twice; what it must be is said before."""

    error_messages = {"password_mismatch": "Les deux mots de passe ne sont pas les mêmes. Saisissez-les de nouveau."}

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label = "Nouveau mot de passe", "Nouveau mot de passe, une seconde fois"
        first.help_text, second.help_text = HINT, ""
        first.error_messages["required"] = "Choisissez un mot de passe."
        second.error_messages["required"] = "Saisissez une seconde fois le mot de passe."

    def validate_password_for_user(self, user: User, *_: str) -> None:
        """Say what is wrong with the password beside the field that says what it must be."""
        super().validate_password_for_user(user, "new_password1")


class ChangePasswordForm(ChoosePasswordForm, PasswordChangeForm):
    """The same by somebody who is logged in, and knows the present one."""

    old_password = forms.CharField(
        label="Mot de passe actuel",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Indiquez votre mot de passe actuel."},
    )
    field_order = ("old_password", "new_password1", "new_password2")

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(user, *args, **kwargs)

    def clean_old_password(self) -> str:
        """The present password."""
        return present_password(self.request, self.user, self.cleaned_data["old_password"])


def present_password(request: HttpRequest, user: User, typed: str) -> str:
    """What was typed, if it is the person's password; ValidationError otherwise.

    It is asked as at the log-in, so guessing it is limited as there.
    """
    if authenticate(request, username=user.email, password=typed) != user:
        if is_locked_out(request):
            raise ValidationError(locked_sentence(), code=LOCKED)
        raise ValidationError("Ce n’est pas votre mot de passe actuel. Saisissez-le de nouveau.", code="wrong")
    return typed
