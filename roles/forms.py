"""Logging in, by e-mail address."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm


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
