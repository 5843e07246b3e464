"""How long links and locks last is said as the settings have it."""

from datetime import timedelta

import pytest

from roles.accounts.forms import locked_sentence
from roles.accounts.lifetimes import in_words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=7), "7\u00a0jours"),
        (timedelta(days=1), "1\u00a0jour"),
        (timedelta(hours=36), "36\u00a0heures"),
        (timedelta(hours=1), "1\u00a0heure"),
        (timedelta(minutes=90), "90\u00a0minutes"),
        (timedelta(minutes=1), "1\u00a0minute"),
        (timedelta(seconds=150), "2\u00a0minutes"),
    ],
)
def test_in_the_largest_unit_that_is_whole(duration, words):
    assert in_words(duration) == words


def test_a_sentence_follows_its_setting(settings, client):
    settings.LOGIN_PAUSE = timedelta(hours=1)
    assert "Réessayez dans 1\u00a0heure" in locked_sentence()


@pytest.mark.django_db
def test_so_do_the_pages_of_links(client):
    assert "pendant 1\u00a0heure." in client.get("/mot-de-passe/envoye/").content.decode()
    assert "pendant 1\u00a0heure," in client.get("/mot-de-passe/MQ/faux/").content.decode()
    assert "pendant 7\u00a0jours," in client.get("/invitation/MQ/faux/").content.decode()
