"""The links that let a person choose a password: signed, for a time, and good for one password.

A link is void once the password, the e-mail address or the last log-in is another than when it was made, and an
invitation once a newer one is sent. Nothing of it is stored.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from ..models import User


class LinkTokens:
    """Makes the secret part of links, and checks it, as Django's views ask it of a `token_generator`."""

    def __init__(self, kind: str, lifetime: timedelta) -> None:
        self.salt = f"roles.accounts.{kind}"
        self.lifetime = lifetime

    def make_token(self, user: User) -> str:
        """The secret part of a link for this person, as of now."""
        return signing.dumps(self._state(user), salt=self.salt)

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Whether it was made for this person, not too long ago, and nothing has made it void."""
        if not user or not token:
            return False
        try:
            state = signing.loads(token, salt=self.salt, max_age=self.lifetime)
        except signing.BadSignature:
            return False
        return constant_time_compare(str(state), self._state(user))

    def _state(self, user: User) -> str:
        moments = [moment.timestamp() if moment else "" for moment in (user.last_login, user.invited_at)]
        told = "\n".join(map(str, (user.pk, user.password, user.email, *moments)))
        return salted_hmac(self.salt, told, algorithm="sha256").hexdigest()[:32]


INVITATION = LinkTokens("invitation", settings.INVITATION_LIFETIME)
PASSWORD_LINK = LinkTokens("password", settings.PASSWORD_LINK_LIFETIME)


def uid_of(user: User) -> str:
    """The person in a link's address, as Django's views read it."""
    return urlsafe_base64_encode(force_bytes(user.pk))
