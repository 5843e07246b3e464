"""A right withdrawn is withdrawn at the next request, in an open wizard too (RULES.md §3, §4, §5.4)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.signals import post_save
from django.http import HttpResponse

from dossiers.enums import DossierStatus
from dossiers.models import Dossier
from invoices.models import Deposit, Document, Draft
from roles.enums import Role
from roles.models import User
from tests.answers import sent
from tests.factories import DossierFactory, EstablishmentFactory, make_deposit, person_with
from tests.wizard import Wizard, pdf

pytestmark = pytest.mark.django_db

# --- What is withdrawn, and what the person is answered from then on ----------------------------------------------


def _no_role(person: User, dossier: Dossier) -> None:
    person.role_assignments.all().delete()


def _another_site(person: User, dossier: Dossier) -> None:
    person.role_assignments.update(establishment=EstablishmentFactory(company=dossier.training_provider.company))


def _other_products(person: User, dossier: Dossier) -> None:
    person.role_assignments.update(role=Role.SAISIE_PDC_PRESTATAIRE)


def _looks_only(person: User, dossier: Dossier) -> None:
    person.role_assignments.update(role=Role.CONSULTATION_PRESTATAIRE)


def _deactivated(person: User, dossier: Dossier) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _another_provider(person: User, dossier: Dossier) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(training_provider=EstablishmentFactory())


def _dossier_cancelled(person: User, dossier: Dossier) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(status=DossierStatus.ANNULE)


def _not_subrogated(person: User, dossier: Dossier) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(subrogated=False)


def _by_the_api(person: User, dossier: Dossier) -> None:
    type(dossier.training_provider).objects.filter(pk=dossier.training_provider_id).update(uses_convergence_api=True)


Withdraw = Callable[[User, Dossier], None]
OUT_OF_SIGHT: list[Withdraw] = [_no_role, _another_site, _other_products, _another_provider]
NO_DEPOSIT: list[Withdraw] = [_looks_only, _dossier_cancelled, _not_subrogated, _by_the_api]
ANSWERS = dict.fromkeys(OUT_OF_SIGHT, 404) | dict.fromkeys(NO_DEPOSIT, 403) | {_deactivated: 302}
every_withdrawal = pytest.mark.parametrize("withdraw", ANSWERS, ids=lambda withdraw: withdraw.__name__)

# --- What is asked of an open wizard ------------------------------------------------------------------------------

Ask = Callable[[Wizard], HttpResponse]
OPEN_WIZARD: dict[str, Ask] = {
    **{f"opens {step}": lambda wizard, step=step: wizard.get(step) for step in ("facture", "details", "transmettre")},
    "leaves the first step": lambda wizard: wizard.facture("non"),
    "leaves the second step": lambda wizard: wizard.details(number="F-NEW"),
    "leaves the third step": lambda wizard: wizard.justificatifs(certificat=pdf("autre.pdf", "Autre")),
    "sends a file": lambda wizard: wizard.post("facture", press="recevoir", value="facture", facture=pdf("a.pdf", "A")),
    "keeps what is typed": lambda wizard: wizard.post("details", {"number": "F-KEPT"}, press="garder"),
    "searches": lambda wizard: wizard.client.get(f"/depots/{wizard.depot}/dossiers/", {"recherche": "CPRO"}),
    "associates": lambda wizard: wizard.post("details", press="associer", value=wizard.dossier.number),
    "adds a field": lambda wizard: wizard.post("justificatifs", {"type": "RIB"}, press="ajouter-piece"),
    "removes a file": lambda wizard: wizard.post("facture", press="retirer-piece", value="facture"),
    "goes back": lambda wizard: wizard.post("details", press="wizard_goto_step", value="facture"),
    "transmits": lambda wizard: wizard.send(),
}


def state_of(draft: Draft) -> tuple[Any, ...]:
    """All that an open wizard could have changed."""
    draft = Draft.objects.get(pk=draft.pk)
    documents = list(draft.documents.order_by("pk").values_list("pk", "slot"))
    return draft.data, draft.saved_at, draft.deleted_at, documents, Deposit.objects.count()


@every_withdrawal
def test_an_open_wizard_does_nothing_more(wizard, provider, dossier, withdraw):
    started = wizard(provider, dossier).to_last_step()
    draft = started.draft
    withdraw(provider, dossier)
    before = state_of(draft)
    for name, ask in OPEN_WIZARD.items():
        answer = ask(started)
        if answer.status_code == 204:  # a page that keeps what is typed has nobody to tell
            assert name == "keeps what is typed"
        else:
            assert answer.status_code == ANSWERS[withdraw], name
        if answer.status_code == 302:
            assert answer.url.startswith("/connexion/?next="), name
        assert state_of(draft) == before, name
    assert not Document.objects.filter(loose_since__isnull=False).exists()


@every_withdrawal
def test_a_right_withdrawn_while_a_file_is_checked_is_withdrawn(wizard, provider, dossier, withdraw):
    """The check takes seconds; what it was good for is asked again after it, under the draft's lock."""
    started = wizard(provider, dossier)
    started.facture()
    before = state_of(started.draft)

    def meanwhile(**kwargs: Any) -> None:
        withdraw(provider, dossier)

    post_save.connect(meanwhile, sender=Document)
    try:
        answer = started.post("facture", press="recevoir", value="facture", facture=pdf("b.pdf", "B"))
    finally:
        post_save.disconnect(meanwhile, sender=Document)
    # Who was deactivated meanwhile was let in: their next request is not.
    assert answer.status_code == (302 if withdraw is _deactivated else ANSWERS[withdraw])
    if withdraw is _deactivated:
        assert started.get("facture").url.startswith("/connexion/")
    else:
        assert state_of(started.draft) == before
        assert Document.objects.get(loose_since__isnull=False).name == "b.pdf"  # purged like any other


@pytest.mark.parametrize("withdraw", OUT_OF_SIGHT + NO_DEPOSIT, ids=lambda withdraw: withdraw.__name__)
def test_nor_is_a_document_deposited_whose_right_was_withdrawn_while_it_was_checked(
    log_in, provider, dossier, withdraw
):
    def meanwhile(**kwargs: Any) -> None:
        withdraw(provider, dossier)

    post_save.connect(meanwhile, sender=Document, dispatch_uid="meanwhile")
    form = {"type": "RIB", "depot": "00000000-0000-4000-8000-000000000001", "fichier": pdf()}
    try:
        answer = log_in(provider).post(f"/dossiers/{dossier.number}/documents/ajouter/", form)
    finally:
        post_save.disconnect(sender=Document, dispatch_uid="meanwhile")
    if withdraw is _not_subrogated:  # which withholds the invoice alone (§8)
        assert answer.status_code == 302
    else:
        assert answer.status_code == ANSWERS[withdraw]
        assert not Deposit.objects.exists()


@every_withdrawal
def test_what_was_uploaded_is_out_of_reach(wizard, provider, dossier, withdraw):
    started = wizard(provider, dossier)
    started.facture()
    document = started.draft.documents.get()
    withdraw(provider, dossier)
    # Who still sees the dossier still sees their own file; the draft waits for the right to come back.
    status = 200 if withdraw in NO_DEPOSIT else ANSWERS[withdraw]
    for part in ("", "apercu/", "vignette.webp", "pages/1.webp"):
        answer = sent(started.client.get(f"/documents/{document.pk}/{part}"))
        assert answer.status_code == status, part


@every_withdrawal
def test_a_deposit_that_was_made_is_out_of_reach_too(log_in, provider, dossier, withdraw):
    deposit = make_deposit(dossier, provider)
    client = log_in(provider)
    withdraw(provider, dossier)
    status = 200 if withdraw in NO_DEPOSIT else ANSWERS[withdraw]
    for part in ("recepisse/", "recepisse.pdf", "documents.zip"):
        answer = sent(client.get(f"/depots/{deposit.pk}/{part}"))
        assert answer.status_code == status, part
    listed = client.get("/depots/").content.decode() + client.get("/depots/export.csv").getvalue().decode()
    assert ("F2026-118" in listed) is (status == 200)
    assert (str(deposit.pk) in client.get("/depots/statuts/", {"depot": deposit.pk}).content.decode()) is (
        status == 200
    )


@pytest.mark.parametrize("withdraw", [*OUT_OF_SIGHT, _deactivated], ids=lambda withdraw: withdraw.__name__)
def test_nor_can_it_be_cancelled_or_a_draft_be_deleted(log_in, wizard, provider, dossier, withdraw):
    deposit = make_deposit(dossier, provider)
    started = wizard(provider, dossier)
    started.facture("non")
    withdraw(provider, dossier)
    assert started.client.post(f"/depots/{deposit.pk}/annuler/").status_code == ANSWERS[withdraw]
    assert started.client.post(f"/depots/{started.depot}/supprimer/").status_code == ANSWERS[withdraw]
    deposit.refresh_from_db()
    assert deposit.state == "PENDING"
    assert started.draft.deleted_at is None


@every_withdrawal
def test_no_document_is_added_and_no_wizard_started(log_in, provider, dossier, withdraw):
    client = log_in(provider)
    form = {"type": "RIB", "depot": "00000000-0000-4000-8000-000000000001", "fichier": pdf()}
    withdraw(provider, dossier)
    status = ANSWERS[withdraw]
    assert client.get(f"/dossiers/{dossier.number}/factures/ajouter/").status_code == status
    # « Dossier non subrogé » withholds the invoice alone (§8).
    added = client.post(f"/dossiers/{dossier.number}/documents/ajouter/", form)
    assert added.status_code == (302 if withdraw is _not_subrogated else status)
    assert Deposit.objects.exists() is (withdraw is _not_subrogated)


def test_a_right_that_comes_back_finds_everything(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    before = state_of(started.draft)
    _no_role(provider, dossier)
    assert started.send().status_code == 404
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    person.role_assignments.update(user=provider)
    assert state_of(started.draft) == before
    assert started.send().status_code == 302
    assert started.deposit.origin == dossier


@pytest.fixture
def dossier() -> Dossier:
    return DossierFactory(product="CPRO")


@pytest.fixture
def provider(dossier) -> User:
    return person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
