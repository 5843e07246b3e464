"""Every refusal's sentence stands in docs/refusals.md, reads like one, and is said (RULES.md §9)."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from dossiers.models import Dossier
from invoices.back_office.gestures import GESTURES
from invoices.back_office.search import HELP
from invoices.flags import EXPLANATIONS
from invoices.handover.admin import ABANDON, REPEAT
from invoices.wizard.fields import AmountField, InvoiceNumberField, IssueDateField
from invoices.wizard.forms import DetailsForm
from roles.accounts.forms import EmailAuthenticationForm
from roles.enums import Role
from roles.models import RoleAssignment
from tests.factories import DossierFactory, EstablishmentFactory, UserFactory, make_deposit, person_with
from tests.refusals.sentences import pages, refusals
from tests.wizard import Wizard

DOCUMENT = (settings.BASE_DIR / "docs/refusals.md").read_text()
TABLE = {cells[0]: cells[1:] for cells in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE)}
TABLE.pop("sentence")

# Sentences of the screen that refuse nothing.
NO_REFUSALS = {
    "Toutes les étapes sont complètes.",
    "… courriel… de nouveau en file.",
    "… de nouveau en file.",
    "… abandonnée….",
    "Remise demandée de nouveau.",
    "Remise abandonnée.",
    "… : ….",  # what was done in the back office, and to whom
    "Ces essais ne comptent plus : la connexion est de nouveau possible.",
    "Aucun : cette personne n’a pas été invitée.",
    "Aucun : invitée le ….",
    "Confidentiel : seul le destinataire peut le lire.",
    "Codes de secours du Portail des dépôts. Chacun ne sert qu’une fois.",
    "Un PDF de … Mo au plus, à choisir ou à déposer ici.",
    # What a change of the catalogue means.
    "Aucun brouillon en cours ne contient ce type.",
    "… en cours … ce type : là où il ne sera plus accepté, il faudra retirer ce document avant de transmettre.",
    "… en cours … un document de ce type que leur dossier n’accepte plus : l’étape « Pièces justificatives » demandera "
    "de le retirer avant de transmettre.",
    "Ce type a son propre champ là où il est obligatoire ; les écrans et les règles du portail le nomment. "
    "Il reste actif, et garde son libellé.",
    "Des documents de ce type existent : il se désactive, mais ne se supprime pas.",
    "Aucun document de ce type n’existe : une fois inactif, il peut être supprimé.",
    # Of the back office: what a flag means, what an action does, what was done, what to search by.
    *(meaning.replace("\u00a0", " ") for meaning in EXPLANATIONS.values()),
    *(asked.consequence.replace("\u00a0", " ") for asked in (*GESTURES.values(), REPEAT, ABANDON)),
    HELP.replace("\u00a0", " "),
}


def test_every_sentence_of_the_code_has_its_row_and_every_row_its_sentence():
    said = set(refusals()) | set(pages().values())
    assert said - NO_REFUSALS - TABLE.keys() == set(), "without a row in docs/refusals.md"
    assert TABLE.keys() - said == set(), "in docs/refusals.md, and said nowhere"


def test_a_refusal_is_a_sentence_in_french_typography():
    for sentence in TABLE.keys() - set(pages().values()):
        assert not {"'", '"'} & set(sentence), sentence
        assert sentence.removesuffix(" …").endswith("."), sentence
        assert sentence[0].isupper() or sentence[0] in "…,", sentence


# --- Said -----------------------------------------------------------------------------------------------------------


TODAY = timezone.localdate()
FIELDS: list[tuple[Callable[[], object], str, str]] = [
    (AmountField, "abc", "Ce montant n’est pas compris. Écrivez-le en euros, par exemple 1 234,56."),
    (AmountField, "0", "Le montant doit être supérieur à zéro."),
    (AmountField, "-1", "Le montant doit être supérieur à zéro."),
    (AmountField, "1,234", "Un montant a deux décimales au plus, par exemple 1 234,56."),
    (AmountField, "9" * 11, "Ce montant est trop grand : vérifiez-le."),
    (IssueDateField, "hier", "Cette date n’est pas comprise. Écrivez jour/mois/année, par exemple 23/11/2026."),
    (IssueDateField, "31/02/2026", "Cette date n’existe pas : vérifiez le jour et le mois."),
    (
        IssueDateField,
        f"{TODAY + timedelta(days=2):%d/%m/%Y}",
        "La date d’émission est postérieure à aujourd’hui (…) : vérifiez-la.",
    ),
    (
        IssueDateField,
        f"{date(TODAY.year - 6, 1, 1):%d/%m/%Y}",
        "La date d’émission a plus de … : la plus ancienne acceptée est le ….",
    ),
    (InvoiceNumberField, "a" * 36, "Le numéro de la facture a … caractères au plus : il en a ici …."),
    (InvoiceNumberField, "a\u200bb", "Ce numéro contient des caractères invisibles : saisissez-le à la main."),
    (InvoiceNumberField, "a\x00b", "Ce numéro contient des caractères invisibles : saisissez-le à la main."),
    (InvoiceNumberField, "\ufdfa" * 35, "Ce numéro contient des caractères inhabituels : saisissez-le à la main."),
]


def says(told: str, sentence: str) -> bool:
    """Whether a text holds the sentence, whatever is filled in."""
    pattern = "[^<]+?".join(map(re.escape, sentence.split("…")))
    return re.search(pattern, told.replace("\xa0", " ").replace("&#x27;", "'")) is not None


@pytest.mark.parametrize(("field", "typed", "sentence"), FIELDS, ids=lambda value: str(value)[:30])
def test_what_is_typed_wrong_is_told_in_these_words(field, typed, sentence):
    assert sentence in TABLE
    with pytest.raises(ValidationError) as refused:
        field().clean(typed)
    assert says(refused.value.messages[0], sentence)


def test_empty_fields_are_told_in_these_words(db, wizard):
    dossier = DossierFactory()
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier)
    first = started.post("facture").content.decode()
    assert says(first, "Choisissez « Oui » ou « Non ».")
    assert says(first, "Choisissez le PDF de votre facture.")
    started.facture("non")
    second = started.post("details", {"recherche": "a" * 101, "amount_ht": "", "amount_ttc": ""}).content.decode()
    for sentence in (
        *DetailsForm.REQUIRED.values(),
        "Cherchez avec moins de mots : un numéro, un nom, une entreprise.",
    ):
        assert says(second, sentence), sentence
    assert says(started.details(amount_ht="2", amount_ttc="1").content.decode(), "Le montant TTC est inférieur")
    assert says(started.get("details").content.decode(), "Il reste une étape à compléter : ….")


@pytest.mark.parametrize(
    ("change", "role", "sentence"),
    [
        ({}, Role.CONSULTATION_PRESTATAIRE, "Votre rôle permet de consulter ce dossier, pas d’y déposer."),
        ({"status": "ANNULE"}, Role.SAISIE_PRESTATAIRE, "Ce dossier est « … » : il ne reçoit plus de facture."),
        (
            {"status": "EN_COURS_DE_SAISIE"},
            Role.SAISIE_PRESTATAIRE,
            "Ce dossier est « … » : il recevra des factures quand il aura été transmis à l’OPCO.",
        ),
        (
            {"subrogated": False},
            Role.SAISIE_PRESTATAIRE,
            "Dossier non subrogé : l’OPCO rembourse l’entreprise, c’est donc elle qui dépose la facture, "
            "pas le prestataire.",
        ),
        (
            {"api": True},
            Role.SAISIE_PRESTATAIRE,
            "Ce CFA transmet ses factures et ses documents par l’API Convergence : "
            "ils ne se déposent pas sur le portail.",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_button_that_is_missing_is_explained_in_these_words(db, log_in, change, role, sentence):
    assert sentence in TABLE
    api = change.pop("api", False)
    site = EstablishmentFactory(uses_convergence_api=api)
    dossier = DossierFactory(training_provider=site, **change)
    client = log_in(person_with(role, site))
    assert says(client.get(f"/dossiers/{dossier.number}/documents/").content.decode(), sentence)
    refused = client.get(f"/dossiers/{dossier.number}/factures/ajouter/")
    assert refused.status_code == 403
    assert says(refused.content.decode(), sentence)


def test_a_document_that_is_not_taken_and_a_deposit_that_is_not_cancelled(db, log_in):
    dossier = DossierFactory(status="REFUSE")
    provider = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    refused = log_in(provider).post(f"/dossiers/{dossier.number}/documents/ajouter/")
    assert says(refused.content.decode(), "Ce dossier est « … » : il ne reçoit plus de document.")
    deposit = make_deposit(DossierFactory(training_provider=dossier.training_provider), provider)
    colleague = log_in(person_with(Role.CONSULTATION_PRESTATAIRE, dossier.training_provider))
    refused = colleague.post(f"/depots/{deposit.pk}/annuler/")
    assert says(refused.content.decode(), "Votre rôle permet de consulter ce dépôt, pas de l’annuler.")
    log_in(provider).post(f"/depots/{deposit.pk}/annuler/")
    again = log_in(provider).post(f"/depots/{deposit.pk}/annuler/", follow=True)
    assert says(again.content.decode(), "Le dépôt n’a pas été annulé : … est déjà annulé, ou son délai")


def test_a_draft_that_is_gone_is_told_in_these_words(db, wizard):
    dossier = DossierFactory()
    started: Wizard = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier).to_last_step()
    started.send()
    again = started.client.get(started.url("facture"), follow=True).content.decode()
    assert says(again, "Ce dépôt est déjà parti : …. Rien n’a été envoyé deux fois.")
    other = Wizard.start(started.client, dossier)
    other.facture("non")
    assert says(other.get("facture").content.decode(), "Il reste une étape à compléter : ….")
    other.client.post(f"/depots/{other.depot}/supprimer/")
    assert says(other.get("facture").content.decode(), "Il n’existe plus, et rien n’a été transmis.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"number": "É<1>"},
            "Un numéro est fait de lettres sans accent, de chiffres, de points, de tirets et d’espaces.",
        ),
        ({"ends_on": date(2020, 1, 1)}, "La formation ne finit pas avant de commencer."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_the_staff_enters_wrong_is_told_in_these_words(db, change, sentence):
    assert sentence in TABLE
    dossier: Dossier = DossierFactory()
    for name, value in change.items():
        setattr(dossier, name, value)
    with pytest.raises(ValidationError) as refused:
        dossier.full_clean()
    assert any(says(told, sentence) for told in refused.value.messages), refused.value.messages


def test_a_role_on_the_wrong_kind_of_place_is_told_in_these_words(db):
    wrong = RoleAssignment(user=UserFactory(), role=Role.RESP_GESTION_SOCIETE, establishment=EstablishmentFactory())
    with pytest.raises(ValidationError, match="Ce rôle s’attribue sur une société ou sur un établissement"):
        wrong.full_clean()


def test_the_log_in_says_these_words(db):
    person = UserFactory()
    client = Client()
    for typed, sentence in (
        ({"username": person.email, "password": "x"}, EmailAuthenticationForm.error_messages["invalid_login"]),
        ({"password": "x"}, "Indiquez votre adresse e-mail."),
        ({"username": person.email}, "Indiquez votre mot de passe."),
    ):
        assert sentence in TABLE
        assert says(client.post("/connexion/", typed).content.decode(), sentence)
