"""What a person is written about their account. Each mail is a row, written with what it tells of (outbox.sending).

Subjects hold nothing personal. A mail with a link is confidential: who reads it can choose the password.
"""

import uuid

from django.conf import settings
from django.urls import reverse

from outbox import sending
from outbox.models import Mail

from ..models import User
from .lifetimes import in_words
from .tokens import INVITATION, PASSWORD_LINK, LinkTokens, uid_of

SIGNATURE = "Ce message est envoyé automatiquement par le Portail des dépôts : les réponses ne sont pas lues.\n"


def write_invitation(user: User) -> None:
    """« Vous êtes invité », with the link to the first password."""
    _write(
        user,
        "Votre accès au Portail des dépôts",
        "Un compte vous est ouvert sur le Portail des dépôts, où se déposent les factures et les pièces "
        "justificatives adressées à l’OPCO. Vous vous y connecterez avec cette adresse e-mail.",
        "Pour commencer, choisissez votre mot de passe ; ce lien sert une seule fois, pendant "
        f"{in_words(settings.INVITATION_LIFETIME)} :\n"
        f"{_link('roles:accept-invitation', INVITATION, user)}",
        "Si vous n’attendiez pas ce message, ignorez-le : sans mot de passe, le compte ne sert à personne.",
        confidential=True,
    )


def write_password_link(user: User) -> None:
    """« Mot de passe oublié ? », with the link to a new one."""
    _write(
        user,
        "Choisir un nouveau mot de passe",
        "Quelqu’un, sans doute vous, a demandé à choisir un nouveau mot de passe pour votre compte du Portail des "
        "dépôts.",
        f"Ce lien sert une seule fois, pendant {in_words(settings.PASSWORD_LINK_LIFETIME)} :\n"
        f"{_link('roles:choose-password', PASSWORD_LINK, user)}",
        "Si ce n’est pas vous, ignorez ce message : votre mot de passe ne change pas.",
        confidential=True,
    )


def write_password_changed(user: User) -> None:
    """« Votre mot de passe a changé »: to who did not change it."""
    _write(
        user,
        "Votre mot de passe a changé",
        "Le mot de passe de votre compte du Portail des dépôts vient d’être changé, et vos autres appareils ont été "
        "déconnectés.",
        "Si ce n’est pas vous, choisissez tout de suite un nouveau mot de passe, et prévenez votre OPCO :\n"
        f"{settings.PUBLIC_URL}{reverse('roles:ask-password-link')}",
    )


def write_second_factor_set(user: User) -> None:
    """« Double authentification activée »: to who did not activate it."""
    _write(
        user,
        "Double authentification activée",
        "La double authentification vient d’être activée sur votre compte du Portail des dépôts : un code d’une "
        "application est désormais demandé à chaque connexion.",
        "Si ce n’est pas vous, prévenez tout de suite votre OPCO.",
    )


def write_second_factor_removed(user: User) -> None:
    """« Double authentification désactivée »: to who did not ask for it."""
    _write(
        user,
        "Double authentification désactivée",
        "La double authentification vient d’être retirée de votre compte du Portail des dépôts : le mot de passe "
        "suffit de nouveau pour s’y connecter.",
        "Si vous ne l’avez pas demandé, prévenez tout de suite votre OPCO.",
    )


def _link(view: str, tokens: LinkTokens, user: User) -> str:
    address = reverse(view, kwargs={"uidb64": uid_of(user), "token": tokens.make_token(user)})
    return f"{settings.PUBLIC_URL}{address}"


def _write(user: User, subject: str, *parts: str, confidential: bool = False) -> None:
    mail = Mail(
        key=f"account:{uuid.uuid4()}",
        recipient=user.email,
        subject=subject,
        body="\n\n".join(("Bonjour,", *parts, SIGNATURE)),
        confidential=confidential,
    )
    sending.write([mail])
