"""A dossier in the back office: what hangs on it, what another status means before it is saved, how it is found."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from invoices import consequences
from invoices.catalogue import in_force
from invoices.enums import DocumentType
from roles.enums import Role, Side
from tests.factories import (
    CompanyFactory,
    DocumentFactory,
    DossierFactory,
    DraftFactory,
    EstablishmentFactory,
    UserFactory,
    make_deposit,
    person_with,
)
from tests.wizard import Wizard
from trail.enums import Action
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]


@pytest.fixture
def back_office(log_in) -> Client:
    return log_in(UserFactory(is_staff=True, is_superuser=True))


def page_of(dossier: Dossier) -> str:
    return reverse("admin:dossiers_dossier_change", args=[dossier.pk])


def posted(client: Client, dossier: Dossier, **changes: object) -> dict:
    """What the dossier's form sends, with these changes."""
    form = client.get(page_of(dossier)).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    return sent | {"starts_on": "01/09/2025", "ends_on": "31/08/2026"} | changes


def words(answer) -> str:
    """The text of a page, its spaces plain."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().replace("\xa0", " ").replace("\u202f", " "))
    return " ".join(text.split())


def told(dossier: Dossier, status: DossierStatus) -> str:
    """All that is said of a change, as one text."""
    said = consequences.of_status(dossier, status)
    return " ".join(f"{one.sentence} {' '.join(one.people)}" for one in said).replace("\xa0", " ")


def draft_of(wizard, dossier: Dossier, tuition: str = "oui") -> Wizard:
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    started: Wizard = wizard(person, dossier)
    started.facture(tuition)
    return started


def test_another_status_is_asked_about_before_it_is_saved(back_office, wizard):
    dossier = DossierFactory(status=DossierStatus.VALIDE)
    for _ in range(2):
        draft_of(wizard, dossier)
    sent = posted(back_office, dossier, status=DossierStatus.ANNULE, training_title="Un autre intitulé")
    asked = back_office.post(page_of(dossier), sent)
    assert asked.status_code == 200
    text = words(asked)
    assert "de « Validé » à « Annulé »" in text
    assert "2 brouillons en cours : les dépôts ne seront plus possibles." in text
    assert "Aucun message n’est envoyé" in text
    dossier.refresh_from_db()
    assert (dossier.status, dossier.training_title) != (DossierStatus.ANNULE, "Un autre intitulé")
    assert not Event.objects.filter(action=Action.ADMIN_CHANGE).exists()

    # The page itself sends all that was typed, and the change that it told of.
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked.content.decode())
    confirmed = {name: value.replace("&#x27;", "'") for name, value in hidden if name != "csrfmiddlewaretoken"}
    assert back_office.post(page_of(dossier), confirmed).status_code == 302
    dossier.refresh_from_db()
    assert (dossier.status, dossier.training_title) == (DossierStatus.ANNULE, "Un autre intitulé")
    assert Event.objects.filter(action=Action.ADMIN_CHANGE, subject_label=dossier.number).count() == 1


def test_what_was_confirmed_is_that_change_and_no_other(back_office):
    dossier = DossierFactory(status=DossierStatus.VALIDE)
    sent = posted(back_office, dossier, status=DossierStatus.ANNULE)
    Dossier.objects.filter(pk=dossier.pk).update(status=DossierStatus.A_FACTURER)  # meanwhile
    again = back_office.post(page_of(dossier), sent | {"confirmed": "VALIDE ANNULE"})
    assert "de « À facturer » à « Annulé »" in words(again)
    assert back_office.post(page_of(dossier), sent | {"confirmed": "A_FACTURER ANNULE"}).status_code == 302


def test_what_else_is_changed_is_not_asked_about(back_office):
    dossier = DossierFactory()
    assert back_office.post(page_of(dossier), posted(back_office, dossier, subrogated="")).status_code == 302
    dossier.refresh_from_db()
    assert not dossier.subrogated


def test_what_is_refused_is_refused_first(back_office):
    dossier = DossierFactory()
    sent = posted(back_office, dossier, status=DossierStatus.ANNULE, ends_on="01/01/2020")
    assert "La formation ne finit pas avant de commencer." in back_office.post(page_of(dossier), sent).content.decode()


def test_who_may_only_look_is_asked_nothing(log_in):
    looker, dossier = UserFactory(is_staff=True), DossierFactory()
    assert log_in(looker).post(page_of(dossier), {"status": "ANNULE"}).status_code == 403


# --- What it means --------------------------------------------------------------------------------------------------


def test_drafts_are_named_with_whom_to_call(wizard):
    dossier = DossierFactory(status=DossierStatus.VALIDE)
    started = draft_of(wizard, dossier)
    DraftFactory(origin=dossier)  # a start of which nothing is saved shows nowhere
    person = started.client.session["_auth_user_id"]
    said = told(dossier, DossierStatus.REFUSE)
    assert "1 brouillon en cours : les dépôts ne seront plus possibles. Rien n’est effacé" in said
    assert UserFactory._meta.model.objects.get(pk=person).email in said
    assert "prestataire de formation, enregistré le" in said


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("VALIDE", "A_FACTURER", "Les dépôts de factures restent possibles ; aucun brouillon en cours."),
        ("EN_COURS_DE_SAISIE", "VALIDE", "Les dépôts de factures deviennent possibles"),
        ("REFUSE", "ANNULE", "Les dépôts de factures restent impossibles"),
        ("VALIDE", "ANNULE", "Les documents hors facture ne seront plus acceptés."),
        ("ANNULE", "EN_COURS_DE_SAISIE", "Les documents hors facture deviennent possibles."),
    ],
)
def test_what_becomes_possible_and_what_no_more(before, after, sentence):
    assert sentence in told(DossierFactory(status=before), DossierStatus[after])


def test_the_certificate(wizard):
    dossier = DossierFactory(product=Product.CAPP, status=DossierStatus.VALIDE)
    draft_of(wizard, dossier, "oui")
    draft_of(wizard, dossier, "non")
    with_it = DraftFactory(origin=dossier, saved_at="2026-11-20T10:00Z")
    with_it.data = {"step_data": {"facture": {"facture-covers_tuition": ["oui"]}}}
    with_it.save(update_fields=["data"])
    DocumentFactory(draft=with_it, slot="certificat", type=DocumentType.CERTIFICAT_REALISATION)
    assert "devient obligatoire avec des frais pédagogiques ; il manque dans 1 brouillon." in told(
        dossier, DossierStatus.A_FACTURER
    )
    assert "certificat" not in told(dossier, DossierStatus.EN_COURS_DE_VALIDATION).lower()
    dossier.status = DossierStatus.A_FACTURER
    assert "n’est plus obligatoire" in told(dossier, DossierStatus.VALIDE)


def test_the_types_of_documents():
    dossier = DossierFactory(product=Product.CAPP, status=DossierStatus.EN_COURS_DE_VALIDATION)
    draft = DraftFactory(origin=dossier, saved_at="2026-11-20T10:00Z")
    DocumentFactory(draft=draft, slot="piece-1", type=DocumentType.CONVENTION_TRIPARTITE)
    said = told(dossier, DossierStatus.A_FACTURER)
    assert f"ne sont plus proposés : {in_force.type_label(DocumentType.CONVENTION_FORMATION)}" in said
    assert "1 brouillon en contient, à retirer avant « Transmettre »." in said
    assert "proposés en plus : " in said
    assert in_force.type_label(DocumentType.PREMIER_EQUIPEMENT) in said


def test_drafts_of_other_dossiers_that_associate_it():
    dossier = DossierFactory()
    origin = DossierFactory(training_provider=dossier.training_provider)
    for chosen in ([dossier.pk], [], [origin.pk]):
        draft = DraftFactory(origin=origin, side=Side.PRESTATAIRE, saved_at="2026-11-20T10:00Z")
        draft.data = {"extra_data": {"dossiers": chosen}}
        draft.save(update_fields=["data"])
    assert "1 brouillon d’un autre dossier l’associe" in told(dossier, DossierStatus.ANNULE)
    assert "associe" not in told(dossier, DossierStatus.A_FACTURER)


def test_what_was_sent_goes_on():
    dossier = DossierFactory()
    make_deposit(dossier, UserFactory())
    said = told(dossier, DossierStatus.ANNULE)
    assert "1 dépôt en cours de transmission : la transmission aura lieu" in said


def test_it_costs_the_same_with_two_drafts_and_with_twenty(wizard, django_assert_num_queries):
    dossier = DossierFactory(product=Product.CAPP, status=DossierStatus.EN_COURS_DE_VALIDATION)
    for _ in range(20):
        draft = DraftFactory(origin=dossier, saved_at="2026-11-20T10:00Z")
        DocumentFactory(draft=draft, slot="piece-1", type=DocumentType.CONVENTION_TRIPARTITE)
    with django_assert_num_queries(4):  # drafts, certificates, documents of types that go, pending deposits
        told(dossier, DossierStatus.A_FACTURER)


# --- The page, and the search ---------------------------------------------------------------------------------------


def test_its_deposits_and_drafts_are_a_link_away(back_office, wizard):
    dossier = DossierFactory()
    draft_of(wizard, dossier)
    deposit = make_deposit(dossier, UserFactory())
    make_deposit(DossierFactory(), UserFactory(), number="F-2")
    page = back_office.get(page_of(dossier)).content.decode().replace("\xa0", " ")
    for text, found in (("1 dépôt", [deposit]), ("1 brouillon en cours", list(dossier.drafts.all()))):
        (address,) = re.findall(rf'<a href="([^"]+)">{text}</a>', page)
        assert list(back_office.get(address.replace("&amp;", "&")).context["cl"].queryset) == found


def test_a_search_asks_for_numbers_first_and_then_for_names(back_office):
    site = EstablishmentFactory(name="Lycée 2000", company=CompanyFactory(name="Région Sud"))
    dossier = DossierFactory(employer=site, number="CPRO-2026-004218", beneficiary_last_name="Œillet")
    DossierFactory(number="CPRO-2026-009999")

    def found(text: str) -> list[Dossier]:
        listing = reverse("admin:dossiers_dossier_changelist")
        return list(back_office.get(listing, {"q": text}).context["cl"].queryset)

    for text in ("CPRO-2026-0042", "cpro-2026-0042", "lycee 2000", "REGION sud", site.siret, site.siret[:9], "oeillet"):
        assert found(text) == [dossier], text
    assert found("9999") == []
    assert len(found(" ")) == 2


@pytest.mark.parametrize("side", Side)
def test_who_closes_an_account_reads_what_hangs_on_it(side):
    dossier = DossierFactory()
    person = UserFactory()
    assert list(consequences.of_closing(person)) == []
    DraftFactory(owner=person, origin=dossier, side=side, saved_at="2026-11-20T10:00Z")
    make_deposit(dossier, person, side)
    drafts, deposits = (sentence.replace("\xa0", " ") for sentence in consequences.of_closing(person))
    assert drafts == "1 brouillon en cours : personne d’autre ne peut y travailler."
    assert deposits == "1 dépôt en cours de transmission : rien n’est annulé, la transmission aura lieu."
