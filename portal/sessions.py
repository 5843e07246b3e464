"""Sessions in the database, which never take back an answer that stands."""

import logging

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

logger = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """Django's own, but for a session that cannot be kept once the answer is made.

    It is written last, when a deposit is long committed (RULES.md §5.4): if the database goes just then, or the
    person has logged out in another tab, Django answers 400 instead, whose page says that nothing was changed. What is
    lost here is the session's last message; what it is about shows on the page.
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            logger.warning("A session could not be kept (%s); the answer stands.", type(error.__context__).__name__)
