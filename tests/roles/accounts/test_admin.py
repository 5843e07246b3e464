"""The back office invites, sends links, ends sessions and unlocks; it never knows a password."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import NoReverseMatch, reverse

from outbox.models import Mail
from roles.models import FailedLogIn, User
from tests.factories import UserFactory
from tests.roles.accounts.conftest import choose, last_link
from trail.enums import Action
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

USERS = "/admin/roles/user/"
FAILED = "/admin/roles/failedlogin/"


@pytest.fixture
def superuser(log_in):
    return log_in(UserFactory(email="chef@essai.example", is_staff=True, is_superuser=True))


@pytest.fixture
def clerk(log_in):
    """Who may enter and change accounts, and no more."""
    user = UserFactory(is_staff=True)
    names = ("add_user", "change_user", "view_user")
    user.user_permissions.set(Permission.objects.filter(codename__in=names, content_type__app_label="roles"))
    return log_in(user)


def do(client, action: str, *chosen, listing: str = USERS) -> str:
    answer = client.post(listing, {"action": action, "_selected_action": [row.pk for row in chosen]}, follow=True)
    return answer.content.decode()


def new_account(client, **fields):
    return client.post(f"{USERS}add/", {"email": "Nouvelle.Personne@Exemple.FR", "first_name": "Zoé"} | fields)


def test_a_new_account_is_invited_and_chooses_its_password(clerk, client):
    assert new_account(clerk, invite="on").status_code == 302
    person = User.objects.get(email="nouvelle.personne@exemple.fr")
    assert not person.has_usable_password()
    assert Mail.objects.get().recipient == person.email
    assert choose(client, last_link()).url == "/connexion/"
    assert Event.objects.get(action=Action.INVITE).subject_id == str(person.pk)


def test_or_not_yet(clerk):
    new_account(clerk)
    person = User.objects.get(email="nouvelle.personne@exemple.fr")
    assert not Mail.objects.exists()
    assert "n’a pas été invitée" in clerk.get(f"{USERS}{person.pk}/change/").content.decode()
    assert "Invitation envoyée" in do(clerk, "invite", person)
    assert "invitée le" in clerk.get(f"{USERS}{person.pk}/change/").content.decode()


def test_who_has_a_password_is_sent_a_link_instead(clerk, client, person):
    assert "Un mot de passe est déjà choisi" in do(clerk, "invite", person)
    assert not Mail.objects.exists()
    assert "Lien envoyé" in do(clerk, "send_password_link", person)
    assert choose(client, last_link()).url == "/connexion/"


@pytest.mark.parametrize("action", ["invite", "send_password_link"])
def test_a_closed_account_is_sent_nothing(clerk, action):
    assert "Ce compte est désactivé" in do(clerk, action, UserFactory(is_active=False))
    assert not Mail.objects.exists()


def test_nobody_sets_or_sees_a_password_of_somebody_else(superuser, person):
    with pytest.raises(NoReverseMatch):
        reverse("admin:auth_user_password_change", args=(person.pk,))
    page = superuser.get(f"{USERS}{person.pk}/change/").content.decode()
    assert person.password not in page
    assert "Choisi" in page
    assert superuser.post(f"{USERS}{person.pk}/password/", {"password1": "x", "password2": "x"}).status_code in (
        302,
        404,
    )
    superuser.post(f"{USERS}{person.pk}/change/", {"email": person.email, "password": "x"})
    assert User.objects.get(pk=person.pk).password == person.password


def test_ones_own_is_changed_on_mon_compte_alone(clerk):
    """Where wrong ones are counted, the trail knows of it and a mail tells the person."""
    new = {"old_password": "demo", "new_password1": "Brouette7!Lune", "new_password2": "Brouette7!Lune"}
    for answer in (clerk.get("/admin/password_change/"), clerk.post("/admin/password_change/", new)):
        assert answer.status_code == 302
        assert answer["Location"] == reverse("roles:change-password")
    assert not Event.objects.filter(action=Action.CHANGE_PASSWORD).exists()
    assert User.objects.get(pk=clerk.session["_auth_user_id"]).check_password("demo")


def test_every_session_of_a_person_ends(clerk, person, log_in):
    browser, colleague = log_in(person), log_in(UserFactory())
    do(clerk, "end_sessions", person)
    assert browser.get("/compte/").status_code == 302
    assert colleague.get("/compte/").status_code == 200
    assert Event.objects.get(action=Action.END_SESSIONS).subject_id == str(person.pk)


def lock(client, person, settings) -> None:
    for _ in range(settings.LOGIN_FAILURES):
        client.post("/connexion/", {"username": person.email, "password": "faux"})


def is_let_in(client, person) -> bool:
    return client.post("/connexion/", {"username": person.email, "password": "demo"}).status_code == 302


def test_a_person_is_unlocked(clerk, client, person, settings):
    lock(client, person, settings)
    assert not is_let_in(client, person)
    do(clerk, "unlock", person)
    assert is_let_in(client, person)
    assert Event.objects.get(action=Action.UNLOCK).subject_id == str(person.pk)


def test_failed_log_ins_are_listed_and_forgotten(superuser, client, person, settings):
    lock(client, person, settings)
    client.post("/connexion/", {"username": "autre@essai.example", "password": "faux"}, headers={"user-agent": "x"})
    page = superuser.get(FAILED).content.decode()
    assert person.email in page
    assert page.count("icon-yes") == 1
    assert page.count("icon-no") == 1
    do(superuser, "unlock", FailedLogIn.objects.get(username=person.email), listing=FAILED)
    assert is_let_in(client, person)
    assert Event.objects.get(action=Action.UNLOCK).subject_id == str(person.pk)


@pytest.mark.parametrize("action", ["invite", "send_password_link", "end_sessions", "unlock"])
def test_an_account_above_ones_own_is_left_alone(clerk, action):
    above = UserFactory(is_staff=True, is_superuser=True)
    assert "Seul un superutilisateur" in do(clerk, action, above)
    assert not Mail.objects.exists()
    clerk.post(f"{USERS}{above.pk}/change/", {"email": "pris@essai.example"})
    assert User.objects.get(pk=above.pk).email == above.email


def test_nobody_gives_powers_that_they_have_not(clerk, person):
    role_forms = {"role_assignments-TOTAL_FORMS": "0", "role_assignments-INITIAL_FORMS": "0"}
    powers = {"is_active": "on", "is_staff": "on", "is_superuser": "on", "first_name": "Zoé"}
    clerk.post(f"{USERS}{person.pk}/change/", {"email": person.email} | powers | role_forms)
    person.refresh_from_db()
    # Who is staff may make others staff, who may then do nothing until they are in a group.
    assert (person.first_name, person.is_staff, person.is_superuser) == ("Zoé", True, False)


def test_the_actions_ask_for_the_right_to_change(log_in, person):
    looker = UserFactory(is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_user"))
    do(log_in(looker), "send_password_link", person)
    assert not Mail.objects.exists()
