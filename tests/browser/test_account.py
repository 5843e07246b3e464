"""From the invitation to the end of every session, as a person and the back office live it."""

import pytest
from playwright.sync_api import expect

from tests.browser.portal import Look, Portal, Visit
from tests.browser.watch import Watch
from tests.stack import Stack

pytestmark = pytest.mark.browser

EMAIL = "nouvelle.personne@essai.example"
FIRST, SECOND = "Brouette7!Lune", "sept brouettes vertes roulent vers la lune pâle"
# The mail itself is read by tests/roles/accounts; a link is the same whoever makes it.
LINK = f"""
from django.urls import reverse
from roles.accounts.tokens import INVITATION, uid_of
from roles.models import User
user = User.objects.get(email="{EMAIL}")
print(reverse("roles:accept-invitation", kwargs={{"uidb64": uid_of(user), "token": INVITATION.make_token(user)}}))
"""


def log_in(portal: Portal, password: str) -> None:
    portal.open("/connexion/")
    portal.box("Adresse e-mail").fill(EMAIL)
    portal.box("Mot de passe").fill(password)
    portal.press("Se connecter")
    expect(portal.page.get_by_role("heading", name="Dossiers", exact=True)).to_be_visible()


def invite(portal: Portal) -> None:
    portal.open("/admin/roles/user/add/")
    portal.page.get_by_label("Adresse e-mail").fill(EMAIL)
    portal.page.get_by_label("Prénom").fill("Zoé")
    expect(portal.page.get_by_label("Inviter par e-mail")).to_be_checked()
    portal.page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(portal.page.get_by_text("Aucun : invitée le")).to_be_visible()


def test_invited_then_at_home_then_out_everywhere(visit: Visit, stack: Stack, look: Look, watch: Watch) -> None:
    invite(visit("backoffice"))
    here = visit(None)
    link = stack.python(LINK).strip()
    here.open(link)
    expect(here.page.get_by_role("heading", name="Choisir votre mot de passe")).to_be_visible()
    look(here, "invitation")
    here.box("Nouveau mot de passe").fill("demo")
    here.box("Nouveau mot de passe, une seconde fois").fill("demo")
    here.press("Enregistrer le mot de passe")
    expect(here.page.get_by_role("alert")).to_be_focused()
    expect(here.page.get_by_role("alert")).to_contain_text("pas assez solide")
    here.box("Nouveau mot de passe").fill(FIRST)
    here.box("Nouveau mot de passe, une seconde fois").fill(FIRST)
    here.press("Enregistrer le mot de passe")
    expect(here.page.get_by_text("Votre mot de passe est enregistré")).to_be_visible()
    watch.may_answer.add(410)
    here.open(link)
    expect(here.page.get_by_role("heading", name="Ce lien n’est plus valable")).to_be_visible()

    elsewhere = visit(None, java_script_enabled=False)
    log_in(here, FIRST)
    log_in(elsewhere, FIRST)
    here.link("Mon compte").click()
    here.link("Changer le mot de passe").click()
    here.box("Mot de passe actuel").fill(FIRST)
    here.box("Nouveau mot de passe").fill(SECOND)
    here.box("Nouveau mot de passe, une seconde fois").fill(SECOND)
    here.press("Changer le mot de passe")
    expect(here.page.get_by_text("Votre mot de passe est changé")).to_be_visible()
    elsewhere.open("/dossiers/")
    expect(elsewhere.button("Se connecter")).to_be_visible()

    log_in(elsewhere, SECOND)
    elsewhere.link("Mon compte").click()
    elsewhere.press("Se déconnecter de tous les appareils")
    expect(elsewhere.page.get_by_text("Vous êtes déconnecté de tous vos appareils")).to_be_visible()
    here.open("/dossiers/")
    expect(here.button("Se connecter")).to_be_visible()
