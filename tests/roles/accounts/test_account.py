"""« Mon compte »: what it shows, the change of the password, and the end of every session."""

import pytest
from django.test import Client

from outbox.models import Mail
from roles.enums import Role
from tests.factories import EstablishmentFactory, UserFactory, give_role
from tests.roles.accounts.conftest import STRONG
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db


def change(client, old: str = "demo", new: str = STRONG, again: str | None = None):
    return client.post(
        "/compte/mot-de-passe/", {"old_password": old, "new_password1": new, "new_password2": again or new}
    )


def is_logged_in(client) -> bool:
    return client.get("/compte/").status_code == 200


def test_it_says_who_one_is_and_with_which_roles(person, log_in):
    sites = [EstablishmentFactory(name=name) for name in ("Lyon Est", "Lyon Ouest")]
    for site in sites:
        give_role(person, Role.SAISIE_PRESTATAIRE, site)
    page = log_in(person).get("/compte/").content.decode()
    for told in ("Camille Perrin", person.email, "Lyon Est", "Lyon Ouest", "Changer le mot de passe"):
        assert told in page
    assert 'aria-current="page">Mon compte' in page


def test_who_has_no_password_is_offered_a_link(person, log_in):
    person.set_unusable_password()
    person.save()
    page = log_in(person).get("/compte/").content.decode()
    assert "Choisir un mot de passe" in page
    assert "Changer le mot de passe" not in page


def test_the_password_changes_and_every_other_session_ends(person, log_in):
    here, elsewhere = log_in(person), log_in(person)
    key = here.session.session_key
    changed = change(here)
    assert changed.url == "/compte/"
    assert "Votre mot de passe est changé" in here.get(changed.url).content.decode()
    assert not is_logged_in(elsewhere)
    assert here.session.session_key != key
    person.refresh_from_db()
    assert person.check_password(STRONG)
    assert Mail.objects.get().subject == "Votre mot de passe a changé"
    assert Event.objects.get(action=Action.CHANGE_PASSWORD).person_id == person.pk


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"old": "faux"}, "Ce n’est pas votre mot de passe actuel."),
        ({"old": ""}, "Indiquez votre mot de passe actuel."),
        ({"new": "demo2"}, "pas assez solide"),
        ({"again": "Brouette7!Luna"}, "ne sont pas les mêmes"),
    ],
)
def test_what_is_wrong_gets_a_sentence(person, log_in, typed, sentence):
    client = log_in(person)
    assert sentence in change(client, **typed).content.decode()
    person.refresh_from_db()
    assert person.check_password("demo")
    assert not Mail.objects.exists()


def test_the_present_password_is_not_guessed_here_either(person, log_in, settings):
    client = log_in(person)
    for _ in range(settings.LOGIN_FAILURES):
        change(client, old="faux")
    assert "cette connexion est suspendue" in change(client).content.decode()
    person.refresh_from_db()
    assert person.check_password("demo")


def test_out_of_every_browser(person, log_in):
    here, elsewhere, colleague = log_in(person), log_in(person), log_in(UserFactory())
    left = here.post("/compte/deconnexion/")
    assert left.url == "/connexion/"
    assert "déconnecté de tous vos appareils" in here.get(left.url).content.decode()
    assert not is_logged_in(here)
    assert not is_logged_in(elsewhere)
    assert is_logged_in(colleague)
    assert Event.objects.get(action=Action.END_SESSIONS).person_id == person.pk
    # And in again, more than once.
    for _ in range(2):
        here.post("/connexion/", {"username": person.email, "password": "demo"})
        assert is_logged_in(here)
        here.post("/compte/deconnexion/")


def test_that_is_a_post_and_protected_against_forgery(person, log_in):
    client = log_in(person)
    assert client.get("/compte/deconnexion/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    for address in ("/compte/deconnexion/", "/compte/mot-de-passe/"):
        assert strict.post(address).status_code == 403
    assert is_logged_in(client)
