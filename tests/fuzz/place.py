"""Where requests are made: rows of every kind, drafts at every stage on both sides, and browsers."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from dossiers.models import Dossier
from roles.accounts.tokens import INVITATION, PASSWORD_LINK, uid_of
from roles.enums import Role
from roles.second_factor import devices
from tests.factories import DossierFactory, UserFactory, make_deposit, person_with
from tests.wizard import Wizard

SIDES = {"provider": Role.SAISIE_PRESTATAIRE, "employer": Role.ADMIN_ETABLISSEMENT}


@dataclass
class Place:
    """The browsers by name; of those who deposit, the things that they may name."""

    browsers: dict[str, Client]
    dossiers: dict[str, list[str]]
    drafts: dict[str, list[str]]
    deposits: list[str]
    references: list[str]
    documents: list[str]
    lists: list[str]
    # The secret parts of links to a password, by whose they are.
    links: dict[str, str]


def make_place() -> Place:
    """A dossier with neighbours, a deposit of each side, and a begun and a complete draft of each side.

    Both sides have begun to enrol a second factor, and a third person is asked for the code of theirs.
    """
    dossier = DossierFactory()
    near: dict[str, Dossier] = {
        "provider": DossierFactory(training_provider=dossier.training_provider),
        "employer": DossierFactory(employer=dossier.employer),
    }
    browsers = {"anonymous": Client(), "back office": Client(), "waiting for a code": Client()}
    browsers["back office"].force_login(UserFactory(is_staff=True, is_superuser=True))
    drafts: dict[str, list[str]] = {}
    rows: list[Any] = []
    for name, role in SIDES.items():
        person = person_with(role, dossier.perimeter(role.side))
        browsers[name] = Client()
        browsers[name].force_login(person)
        devices.begin(person)
        begun = Wizard.start(browsers[name], dossier)
        begun.facture()
        complete = Wizard.start(browsers[name], dossier).to_last_step(number=f"F-{name}")
        started = Wizard.start(browsers[name], dossier)
        drafts[name] = [str(wizard.depot) for wizard in (begun, complete, started)]
        rows.append(make_deposit(dossier, person, role.side, number=f"D-{name}", associated=[near[name]]))
        rows.append(make_deposit(dossier, person, role.side, number=None))
    waiting = UserFactory()
    TOTPDevice.objects.create(user=waiting, name="Application", confirmed=True)
    browsers["waiting for a code"].post("/connexion/", {"username": waiting.email, "password": "demo"})
    links = {uid_of(waiting): PASSWORD_LINK.make_token(waiting), uid_of(person): INVITATION.make_token(person)}
    documents = [str(document.pk) for deposit in rows for document in deposit.documents.all()]
    return Place(
        browsers,
        {name: [dossier.number, near[name].number] for name in SIDES},
        drafts,
        [str(deposit.pk) for deposit in rows],
        [deposit.reference for deposit in rows],
        documents,
        [reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in admin.site._registry],
        links,
    )
