"""« Mes données »: all that is kept of the person who asks, nothing of anybody else, and the trail tells of it."""

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from invoices import transmission
from outbox.models import Mail
from portal.personal_data import held_on
from roles.enums import Role
from roles.models import User
from tests.factories import DocumentFactory, DossierFactory, DraftFactory, UserFactory, make_deposit, person_with
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db

ADDRESS = "/donnees-personnelles/mes-donnees/"
# What refers to a person, by the part of the file that tells of it.
TOLD = {
    "roles.RoleAssignment.user": "rôles",
    "exchange.Import.by": "imports",
    "invoices.Draft.owner": "brouillons",
    "invoices.Deposit.depositor": "dépôts",
    "invoices.Deposit.cancelled_by": "dépôts",
    "invoices.Document.uploaded_by": "fichiers envoyés",
    "invoices.Allowance.person": "quota",
    "otp_totp.TOTPDevice.user": "double authentification",
    "otp_static.StaticDevice.user": "double authentification",
    # What staff did in the back office: the trail tells the same.
    "admin.LogEntry.user": "journal",
}


@pytest.fixture
def person():
    """Someone who has made, begun and received something, on a dossier where a colleague did too."""
    dossier = DossierFactory()
    person, colleague = (person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider) for _ in range(2))
    for who, number in ((person, "À-MOI-1"), (colleague, "À-LUI-2")):
        deposit = make_deposit(dossier, who, number=number)
        transmission.transmit_due(deposit.pk)
        draft = DraftFactory(owner=who, origin=dossier, data={"step_data": {"details": {"numero": [f"{number}-B"]}}})
        DocumentFactory(draft=draft, slot="facture", uploaded_by=who, name=f"{number}.pdf")
    return person


def read(response) -> dict:
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].startswith('attachment; filename="mes-donnees-')
    assert response["Cache-Control"] == "private, no-store"
    return json.loads(response.getvalue())


def test_a_person_gets_all_that_is_theirs(log_in, person):
    client = log_in(person)
    assert ADDRESS in client.get("/donnees-personnelles/").content.decode()
    told = read(client.get(ADDRESS))
    assert told["compte"]["adresse"] == person.email
    assert told["rôles"][0]["attribué sur"] == str(person.role_assignments.get().establishment)
    assert [row["facture"] for row in told["dépôts"]] == ["À-MOI-1"]
    assert "À-MOI-1-B" in json.dumps(told["brouillons"], ensure_ascii=False)
    assert {"À-MOI-1.pdf"} < {row["nom"] for row in told["fichiers envoyés"]}
    assert [row["objet"] for row in told["courriels"]] == [Mail.objects.get(recipient=person.email).subject]
    assert told["journal"]


def test_and_nothing_of_others(log_in, person):
    text = log_in(person).get(ADDRESS).getvalue().decode()
    dossier = person.deposits.get().origin
    others = User.objects.exclude(pk=person.pk).get()
    for secret in ("À-LUI-2", others.email, dossier.beneficiary_last_name, person.password):
        assert secret not in text


def test_the_trail_tells_of_it(log_in, person):
    log_in(person).get(ADDRESS)
    told = Event.objects.get(action=Action.PERSONAL_DATA)
    assert (told.person_id, told.subject_id) == (person.pk, str(person.pk))


def test_it_is_read_only(log_in, person):
    assert log_in(person).post(ADDRESS).status_code == 405


def test_the_back_office_answers_a_request(person):
    output = StringIO()
    call_command("personal_data", person.email.upper(), stdout=output)
    assert json.loads(output.getvalue())["compte"]["adresse"] == person.email
    assert Event.objects.get(action=Action.PERSONAL_DATA).subject_id == str(person.pk)
    with pytest.raises(CommandError):
        call_command("personal_data", "inconnu@essai.example")


def test_whatever_refers_to_a_person_is_told(person):
    """A new reference to an account fails here until the file tells of it."""
    referring = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model is User and not model._meta.auto_created
    }
    assert referring == set(TOLD)
    assert set(TOLD.values()) < set(held_on(person))


def test_and_reads_when_the_back_office_looked_in_their_place(log_in, person):
    staff = log_in(UserFactory(is_staff=True, is_superuser=True, email="curieux@opco.example"))
    staff.post(f"/admin/roles/user/{person.pk}/voir-comme/")
    staff.post("/voir-comme/fin/")
    told = read(log_in(person).get(ADDRESS))
    assert [event["action"] for event in told["vu à sa place"]] == [
        "Fin de «\xa0Voir comme\xa0»",
        "Début de «\xa0Voir comme\xa0»",
    ]
    assert "curieux@opco.example" not in json.dumps(told["vu à sa place"])
