"""The invoice's number: once in a perimeter, whatever its case and spaces (RULES.md §5.2)."""

import pytest

from invoices.models import Deposit, Draft
from roles.enums import Role, Side
from tests.factories import DossierFactory, EstablishmentFactory, give_role, make_deposit, person_with
from tests.threads import at_once
from tests.wizard import Wizard

pytestmark = pytest.mark.django_db


def test_a_number_already_used_is_told_on_leaving_the_step(wizard, provider, dossier):
    make_deposit(dossier, provider, Side.PRESTATAIRE, number="F2026-118")
    started = wizard(provider, dossier)
    started.facture()
    for same in ("F2026-118", " f2026-118 ", "F 2026 - 118"):
        page = started.details(number=same).content.decode()
        assert "Ce numéro est déjà celui de la facture déposée le" in page
        assert dossier.number in page
    assert started.details(number="F2026-119").status_code == 302


def test_the_deposit_is_not_named_to_who_may_not_see_it(wizard, dossier):
    """A colleague deposited it on a dossier of a domain that this person does not reach."""
    hidden = DossierFactory(product="BC", training_provider=dossier.training_provider)
    colleague = person_with(Role.SAISIE_PDC_PRESTATAIRE, hidden.training_provider)
    make_deposit(hidden, colleague, Side.PRESTATAIRE, number="F-1")
    started = wizard(person_with(Role.SAISIE_ALTERNANCE_PRESTATAIRE, dossier.training_provider), dossier)
    started.facture()
    page = started.details(number="F-1").content.decode()
    assert "Ce numéro de facture est déjà utilisé pour" in page
    assert hidden.number not in page


@pytest.mark.parametrize("elsewhere", ["other side", "other establishment"])
def test_the_same_number_in_another_perimeter_is_accepted(wizard, provider, dossier, elsewhere):
    if elsewhere == "other side":
        depositor = person_with(Role.ADMIN_ETABLISSEMENT, dossier.employer)
        make_deposit(dossier, depositor, Side.ENTREPRISE, number="F2026-118")
    else:
        site = EstablishmentFactory(company=dossier.training_provider.company)
        other = DossierFactory(training_provider=site, employer=dossier.employer)
        give_role(provider, Role.SAISIE_PRESTATAIRE, site)
        make_deposit(other, provider, Side.PRESTATAIRE, number="F2026-118")
    wizard(provider, dossier).to_last_step().send()
    assert Deposit.objects.filter(number_key="f2026-118").count() == 2


def test_a_draft_reserves_nothing_and_the_clash_is_found_at_the_end(wizard, provider, dossier):
    first, second = wizard(provider, dossier).to_last_step(), wizard(provider, dossier).to_last_step()
    assert first.send().url == f"/depots/{first.depot}/recepisse/"
    assert second.send().url == second.url("details")
    assert "Ce numéro est déjà celui de la facture" in second.get("details").content.decode()
    assert Draft.objects.get() == second.draft
    second.details(number="F2026-119")
    second.send()
    assert Deposit.objects.count() == 2


def send_all(dossier, *starts: Wizard):
    """Press the last « Transmettre » of each start at the same time."""
    return at_once(*(start.send for start in starts))


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_transmettre_with_the_same_number(wizard, provider, dossier):
    """One wins; the other is told, with nothing lost."""
    for rank in range(5):
        starts = [wizard(provider, dossier).to_last_step(number=f"S-{rank}") for _ in range(2)]
        responses = send_all(dossier, *starts)
        winners = [start for start in starts if Deposit.objects.filter(pk=start.depot).exists()]
        assert len(winners) == 1
        loser = next(start for start in starts if start not in winners)
        assert responses[starts.index(loser)].url == loser.url("details")
        assert "déjà celui de la facture" in loser.get("details").content.decode()
        assert loser.draft.documents.count() == 2


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("clicks", [2, 4])
def test_several_simultaneous_clicks_make_one_deposit(wizard, provider, dossier, clicks):
    started = wizard(provider, dossier).to_last_step()
    copies = [Wizard(type(started.client)(), started.depot, dossier) for _ in range(clicks)]
    for copy in copies:
        copy.client.force_login(provider)
    responses = send_all(dossier, *copies)
    assert {response.url for response in responses} == {f"/depots/{started.depot}/recepisse/"}
    assert Deposit.objects.count() == 1
    assert started.deposit.documents.count() == 2


@pytest.mark.parametrize("clicks", [2, 4])
def test_several_clicks_one_after_the_other_make_one_deposit(wizard, provider, dossier, clicks):
    started = wizard(provider, dossier).to_last_step()
    for _ in range(clicks):
        assert started.send().url == f"/depots/{started.depot}/recepisse/"
    assert Deposit.objects.count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_simultaneous_saves_of_two_steps_lose_nothing(wizard, provider, dossier):
    """Two tabs of one draft save at the same time, thirty times: each finds the other's."""
    started = wizard(provider, dossier)
    started.facture()
    second = Wizard(type(started.client)(), started.depot, dossier)
    second.client.force_login(provider)
    for rank in range(30):
        answer = "oui" if rank % 2 else "non"
        at_once(
            lambda rank=rank: started.details(number=f"T-{rank}"),
            lambda answer=answer: second.post("facture", {"covers_tuition": answer}),
        )
        data = started.draft.data["step_data"]
        assert data["details"]["details-number"] == [f"T-{rank}"]
        assert data["facture"]["facture-covers_tuition"] == [answer]
