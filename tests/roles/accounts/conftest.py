"""A person with an account, and what reaches them by mail."""

import re

import pytest
from django.conf import settings

from outbox.models import Mail
from tests.factories import UserFactory

STRONG = "Brouette7!Lune"


@pytest.fixture
def person():
    return UserFactory(email="camille@essai.example", first_name="Camille", last_name="Perrin")


def link_in(mail: Mail) -> str:
    """The address, within the portal, that a mail's link leads to."""
    (link,) = re.findall(rf"^{settings.PUBLIC_URL}(/\S+)$", mail.body, re.M)
    return link


def last_link() -> str:
    return link_in(Mail.objects.filter(confidential=True).latest("pk"))


def choose(client, link: str, password: str = STRONG, again: str | None = None):
    """Open a link as a browser does, and choose this password there; the answer to the form."""
    opened = client.get(link)
    if opened.status_code != 302:
        return opened
    return client.post(opened.url, {"new_password1": password, "new_password2": again or password})
