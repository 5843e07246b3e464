"""The back office: every page of every model opens, costs the same however long its list is, and writes no state."""

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dossiers.enums import DossierStatus
from dossiers.models import Dossier
from exchange.models import Import
from invoices.catalogue.models import CatalogueEntry, Limits
from invoices.models import Deposit, Document, Draft, Handover, Invoice
from outbox.models import Mail
from roles.enums import Role
from roles.models import Company, Establishment, FailedLogIn, RoleAssignment, User
from tests.factories import (
    CompanyFactory,
    DocumentFactory,
    DossierFactory,
    DraftFactory,
    EstablishmentFactory,
    ImportFactory,
    UserFactory,
    give_role,
    make_deposit,
    person_with,
)
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

LOOK_ONLY = {Deposit, Invoice, Document, Draft, Handover, Event, FailedLogIn, Mail}
NEVER_ADDED = LOOK_ONLY | {Limits}
EVERY_MODEL = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_model = pytest.mark.parametrize("model", EVERY_MODEL, ids=[model._meta.label for model in EVERY_MODEL])


@pytest.fixture
def back_office() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def address(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def populate(count: int) -> None:
    """So many rows at least of every model, each with its own relations."""
    for rank in range(count):
        Group.objects.create(name=f"Groupe {Group.objects.count()}")
        known = CatalogueEntry.objects.count()
        CatalogueEntry.objects.create(code=f"ESSAI_{known}", label=f"Essai {known}")
        origin = DossierFactory()
        depositor = person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider)
        deposit = make_deposit(origin, depositor, number=f"F-{rank}", associated=[DossierFactory()])
        Handover.objects.create(deposit=deposit)
        make_deposit(origin, depositor, number=None)
        draft = DraftFactory()
        DocumentFactory(draft=draft, slot="facture", uploaded_by=draft.owner)
        DocumentFactory()
        ImportFactory(by=depositor)
        FailedLogIn.objects.create(username=f"{FailedLogIn.objects.count()}@essai.example", failures_since_start=1)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_every_model_of_ours_is_there():
    own = {
        model
        for model in admin.site._registry
        if model._meta.app_label in ("outbox", "trail", "roles", "dossiers", "invoices", "exchange")
    }
    assert own == {
        Mail,
        Company,
        Establishment,
        User,
        RoleAssignment,
        Dossier,
        Deposit,
        Invoice,
        Document,
        Draft,
        Handover,
        CatalogueEntry,
        Limits,
        Event,
        FailedLogIn,
        Import,
    }
    places, people = {Company, Establishment}, {User, RoleAssignment, FailedLogIn}
    of_deposits = {Deposit, Invoice, Document, Draft, Handover, CatalogueEntry, Limits}
    assert own == places | people | {Mail, Event, Dossier, Import} | of_deposits


@every_model
def test_every_page_opens(model, back_office):
    populate(2)
    request = RequestFactory().get("/")
    request.user = UserFactory(is_staff=True, is_superuser=True)
    may_add = admin.site._registry[model].has_add_permission(request)
    assert may_add is (model not in NEVER_ADDED)
    listing = address(model, "changelist")
    assert back_office.get(listing).status_code == 200
    assert back_office.get(listing, {"q": "Éloïse F-1"}).status_code == 200
    assert back_office.get(address(model, "add")).status_code == (200 if may_add else 403)
    for row in model._default_manager.all():
        assert back_office.get(address(model, "change", row.pk)).status_code == 200


@every_model
def test_every_filter_opens(model, back_office):
    populate(1)
    listing = address(model, "changelist")
    changelist = back_office.get(listing).context["cl"]
    for spec in changelist.filter_specs:
        for choice in list(spec.choices(changelist)):
            assert back_office.get(listing + choice["query_string"]).status_code == 200


# In one moment: a session is written down once a minute, which costs queries.
@time_machine.travel(timezone.now(), tick=False)
def test_every_list_costs_the_same_for_twenty_rows_and_for_two_hundred(back_office):
    """tests/load/lists.py asks for the same lists with as many rows as 100,000 deposits bring."""
    populate(20)
    lists = {model: address(model, "changelist") for model in EVERY_MODEL}
    for listing in lists.values():
        back_office.get(listing)
    few = {model: queries(back_office, listing) for model, listing in lists.items()}
    populate(180)
    assert {model: queries(back_office, listing) for model, listing in lists.items()} == few
    # A list whose rows nobody made above has told nothing.
    shown = {model: back_office.get(listing).context["cl"].result_count for model, listing in lists.items()}
    assert [model for model, count in shown.items() if count < 200] == [Limits]


def test_a_deposit_costs_the_same_with_one_associated_dossier_and_with_ten(back_office):
    origin = DossierFactory()
    depositor = person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider)
    small = make_deposit(origin, depositor, number="F-1", associated=[DossierFactory()])
    large = make_deposit(
        origin,
        depositor,
        number="F-2",
        associated=DossierFactory.create_batch(10),
        documents=["CERTIFICAT_REALISATION", "RELEVE_DEPENSES", "RIB"],
    )
    back_office.get(address(Deposit, "change", small.pk))
    few = queries(back_office, address(Deposit, "change", small.pk))
    assert queries(back_office, address(Deposit, "change", large.pk)) == few


@every_model
@pytest.mark.parametrize("who", ["nobody", "a depositor"])
def test_only_staff_comes_in(model, who, client):
    if who == "a depositor":
        client.force_login(person_with(Role.RESP_GESTION_SOCIETE, CompanyFactory()))
    for page in ("changelist", "add"):
        response = client.get(address(model, page))
        assert response.status_code == 302
        assert "next=/admin/" in response.url


@pytest.mark.parametrize("model", sorted(LOOK_ONLY, key=lambda model: model._meta.label))
def test_deposits_are_looked_at_and_never_written(model, back_office):
    populate(1)
    row = model._default_manager.first()
    before = model._default_manager.filter(pk=row.pk).values().get()
    for page, args in (("add", ()), ("change", (row.pk,)), ("delete", (row.pk,))):
        assert back_office.post(address(model, page, *args), {"state": "TRANSMITTED"}).status_code == 403
    # Posted to the list, an action that is not offered does nothing.
    back_office.post(
        address(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_no_page_links_to_a_file(back_office):
    document = make_deposit(DossierFactory(), UserFactory()).documents.first()
    pages = [(Document, document.pk), (Deposit, document.deposit_id)]
    for model, pk in pages:
        page = back_office.get(address(model, "change", pk)).content.decode()
        assert document.name in page
        assert document.file.name not in page
        assert document.get_absolute_url() not in page
        assert "Voir sur le site" not in page


def test_search_ignores_accents_and_case(back_office):
    site = EstablishmentFactory(name="École Élancé", company=CompanyFactory(name="Société Œillet"))
    dossier = DossierFactory(
        employer=site, beneficiary_first_name="Éloïse", beneficiary_last_name="Lefèvre", number="CPRO-2026-004217"
    )
    DossierFactory(beneficiary_first_name="Hugo", beneficiary_last_name="Martin", number="CPRO-2026-009999")

    def found(model, text):
        return list(back_office.get(address(model, "changelist"), {"q": text}).context["cl"].queryset)

    for text in ("ELOISE lefevre", "cpro-2026-0042", "ecole elance"):
        assert found(Dossier, text) == [dossier]
    assert found(Establishment, "ÉCOLE") == [site]
    assert found(Company, "SOCIETE ŒIL") == [site.company]
    assert found(Company, site.company.siren[:6]) == list(
        Company.objects.filter(siren__startswith=site.company.siren[:6])
    )


def account_form(user: User, **fields) -> dict:
    """What the page of an account posts, with one role to add."""
    return {
        "email": user.email,
        "is_active": "on",
        "role_assignments-TOTAL_FORMS": "1",
        "role_assignments-INITIAL_FORMS": "0",
        "role_assignments-0-user": user.pk,
    } | {f"role_assignments-0-{name}": value for name, value in fields.items()}


def test_a_role_is_granted_on_what_its_scope_asks(back_office):
    user, site = UserFactory(), EstablishmentFactory()
    page = address(User, "change", user.pk)
    refused = back_office.post(page, account_form(user, role=Role.RESP_GESTION_SOCIETE, establishment=site.pk))
    assert "s’attribue sur une société, et là seulement" in refused.content.decode()
    assert not user.role_assignments.exists()
    back_office.post(page, account_form(user, role=Role.SAISIE_PRESTATAIRE, establishment=site.pk))
    assert user.role_assignments.get().place == site


def test_a_role_is_granted_once(back_office):
    user, site = UserFactory(), EstablishmentFactory()
    give_role(user, Role.SAISIE_PRESTATAIRE, site)
    again = back_office.post(
        address(RoleAssignment, "add"),
        {"user": user.pk, "role": Role.SAISIE_PRESTATAIRE, "establishment": site.pk},
    )
    assert "a déjà ce rôle sur cet établissement" in again.content.decode()
    assert user.role_assignments.count() == 1


def test_identifiers_are_checked(back_office):
    company = CompanyFactory()
    empty = {"establishments-TOTAL_FORMS": "0", "establishments-INITIAL_FORMS": "0"}
    refused = back_office.post(address(Company, "add"), {"name": "Fausse", "siren": "123456789"} | empty)
    assert "SIREN n’est pas valide" in refused.content.decode()
    other = EstablishmentFactory()
    refused = back_office.post(
        address(Establishment, "change", other.pk),
        {"company": company.siren, "name": other.name, "siret": other.siret},
    )
    assert "Le SIRET commence par le SIREN de la société." in refused.content.decode()
    assert not Company.objects.filter(name="Fausse").exists()


def test_a_siren_does_not_change(back_office):
    site = EstablishmentFactory()
    back_office.post(
        address(Company, "change", site.company.pk),
        {
            "name": "Nouveau nom",
            "siren": "732829320",
            "establishments-TOTAL_FORMS": "0",
            "establishments-INITIAL_FORMS": "0",
        },
    )
    company = Company.objects.get(pk=site.company.pk)
    assert (company.name, company.siren) == ("Nouveau nom", site.company.siren)


def test_the_status_of_a_dossier_changes(back_office):
    dossier = DossierFactory(status=DossierStatus.VALIDE)
    page = address(Dossier, "change", dossier.pk)
    initial = back_office.get(page).context["adminform"].form.initial
    posted = {name: value for name, value in initial.items() if value is not None}
    posted |= {"status": DossierStatus.TERMINE, "starts_on": "01/09/2025", "ends_on": "31/08/2026"}
    # What it means is shown first (tests/dossiers/test_back_office.py).
    assert back_office.post(page, posted).status_code == 200
    assert back_office.post(page, posted | {"confirmed": "VALIDE TERMINE"}).status_code == 302
    dossier.refresh_from_db()
    assert dossier.status == DossierStatus.TERMINE


def test_a_dossier_with_deposits_is_not_deleted(back_office):
    dossier = DossierFactory()
    make_deposit(dossier, UserFactory())
    back_office.post(address(Dossier, "delete", dossier.pk), {"post": "yes"})
    assert Dossier.objects.filter(pk=dossier.pk).exists()


def test_it_says_where_one_is(back_office):
    assert "Portail des dépôts — back-office" in back_office.get(reverse("admin:index")).content.decode()
