"""Invitations, links to a new password, and what becomes of an account when its password is chosen."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from outbox.tasks import ring
from trail.enums import Action, Result
from trail.recording import record

from ..models import FailedLogIn, LinkRequest, User, as_stored
from . import guard, mails

COUNTED_FOR = timedelta(hours=1)
# Of a demand that is answered as any other, and after which no mail goes out.
UNKNOWN, INACTIVE, TOO_MANY = "unknown_account", "inactive_account", "too_many"


class NotPossibleError(Exception):
    """It cannot be done to this account; its words say why."""


@transaction.atomic
def invite(user: User, by: User) -> None:
    """Send the link to a first password, which voids those sent before. Raises NotPossibleError."""
    _check_active(user)
    if user.has_usable_password():
        raise NotPossibleError("Un mot de passe est déjà choisi. Envoyez plutôt un lien pour en choisir un nouveau.")
    user.invited_at = timezone.now()
    user.save(update_fields=["invited_at"])
    mails.write_invitation(user)
    record(Action.INVITE, person=by, on=user)
    transaction.on_commit(ring)


@transaction.atomic
def send_link(user: User, by: User) -> None:
    """Send the link to a new password, as the person could ask for. Raises NotPossibleError."""
    _check_active(user)
    mails.write_password_link(user)
    record(Action.ASK_PASSWORD, person=by, on=user)
    transaction.on_commit(ring)


@transaction.atomic
def ask_for_link(email: str, address: str | None) -> bool:
    """Send a link to a new password to the active account of this e-mail address, if there is one; False when
    too many were asked for from this IP address.

    Whether there is an account makes no difference that could be measured: for none, the same is written and taken
    back. Beyond PASSWORD_LINKS_PER_EMAIL in an hour no mail goes out, and nothing says so either.
    """
    now = timezone.now()
    LinkRequest.objects.filter(at__lt=now - COUNTED_FOR).delete()
    if LinkRequest.objects.filter(address=address).count() >= settings.PASSWORD_LINKS_PER_ADDRESS:
        return False
    email = as_stored(email)
    email_hash = salted_hmac("roles.accounts.links", email, algorithm="sha256").hexdigest()
    too_many = LinkRequest.objects.filter(email_hash=email_hash).count() >= settings.PASSWORD_LINKS_PER_EMAIL
    LinkRequest.objects.create(at=now, address=address, email_hash=email_hash)
    person = User.objects.filter(email=email).first()
    reason = "" if person else UNKNOWN
    if person and not person.is_active:
        reason = INACTIVE
    elif too_many:
        reason = TOO_MANY
    with transaction.atomic():
        mails.write_password_link(person or User(pk=0, email=email))
        transaction.set_rollback(bool(reason))
    record(Action.ASK_PASSWORD, person=person, result=Result.REFUSED if reason else Result.DONE, reason=reason)
    transaction.on_commit(ring)
    return True


@transaction.atomic
def password_chosen(user: User, action: Action) -> None:
    """The new password of the person is set: every other session ends by itself (their hash holds it), log-ins are
    counted anew, and a mail tells of it.
    """
    guard.unlock(user)
    mails.write_password_changed(user)
    record(action, person=user)
    transaction.on_commit(ring)


@transaction.atomic
def end_sessions(user: User, by: User) -> None:
    """Log the person out everywhere."""
    user.end_sessions()
    record(Action.END_SESSIONS, person=by, on=user)


@transaction.atomic
def unlock(user: User, by: User) -> None:
    """Listen to the log-ins of this account again, wherever they come from."""
    guard.unlock(user)
    record(Action.UNLOCK, person=by, on=user)


@transaction.atomic
def forget(failed: FailedLogIn, by: User) -> None:
    """Listen again to log-ins with one e-mail address from one IP address; the trail names it if it is an account's."""
    FailedLogIn.objects.filter(username=failed.username, ip_address=failed.ip_address).delete()
    record(Action.UNLOCK, person=by, on=User.objects.filter(email=failed.username).first())


def _check_active(user: User) -> None:
    """Raise NotPossibleError for a closed account."""
    if not user.is_active:
        raise NotPossibleError("Ce compte est désactivé.")
