"""Where a code is typed, and the password beside it where more than a log-in is at stake."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ..accounts.forms import present_password
from ..models import User
from . import devices


class CodeForm(forms.Form):
    """The code that the application shows; `verify` uses it up, and what it returns is `outcome`."""

    code = forms.CharField(
        label="Code à six chiffres",
        help_text="Celui qu’affiche votre application d’authentification, en ce moment.",
        # Applications and people write it in two groups.
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "size": "12"}
        ),
        error_messages={"required": "Indiquez le code."},
    )
    form = re.compile(r"[0-9]{6}")
    not_of_this_form = "Le code a six chiffres."

    def __init__(self, *args: Any, verify: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verify = verify
        self.outcome: Any = None

    def clean_code(self) -> str:
        """Use the code up; not while something before it is wrong, since the next one takes half a minute to come."""
        code = re.sub(r"[\s-]", "", self.cleaned_data["code"]).lower()
        if not self.form.fullmatch(code):
            raise ValidationError(self.not_of_this_form, code="form")
        if self.errors:
            return code
        try:
            self.outcome = self.verify(code)
        except devices.TooSoonError as refusal:
            raise ValidationError(
                f"Trop de codes faux. Attendez {waiting_time(refusal.seconds)}, puis essayez de nouveau.",
                code="too_soon",
            ) from None
        except devices.CodeRefusedError:
            raise ValidationError(
                "Ce code n’est pas le bon, ou il a déjà servi. Vérifiez-le, ou attendez le suivant.", code="refused"
            ) from None
        return code


class RecoveryCodeForm(CodeForm):
    """One of the ten recovery codes."""

    code = forms.CharField(
        label="Code de secours",
        help_text="L’un des dix codes conservés à l’activation. Chacun ne sert qu’une fois.",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Indiquez un code de secours."},
    )
    form = re.compile(r"[a-z2-7]{8}")
    not_of_this_form = "Un code de secours a huit signes : des lettres, et des chiffres de 2 à 7."


class PasswordForm(forms.Form):
    """The person's password, asked for again; those who have none (ProConnect alone) are asked for nothing."""

    password = forms.CharField(
        label="Votre mot de passe",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Indiquez votre mot de passe."},
    )

    def __init__(self, *args: Any, request: HttpRequest, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.person = request, person
        if not person.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        """The present password."""
        return present_password(self.request, self.person, self.cleaned_data["password"])


class PasswordAndCodeForm(PasswordForm, CodeForm):
    """Both, the password first."""

    field_order = ("password", "code")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, person=person, verify=lambda code: devices.check(person, code), **kwargs)


def waiting_time(seconds: int) -> str:
    """In words, rounded up: « 8 secondes », « 3 minutes », « 5 heures »."""
    for size, name in ((3600, "heure"), (60, "minute")):
        if seconds > size:
            count = -(-seconds // size)
            return f"{count} {name}s" if count > 1 else f"{count} {name}"
    return f"{max(seconds, 1)} seconde{'s' if seconds > 1 else ''}"
