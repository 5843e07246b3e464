"""What a line makes of a row, what is told of it, and that a second import changes nothing."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings as project

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from exchange.enums import Kind, State
from exchange.models import import_storage
from exchange.resources import RESOURCES
from outbox.models import Mail
from roles.enums import Role
from roles.models import Company, Establishment, RoleAssignment, User
from tests.exchange.conftest import checked, counts, imported, reasons, told, workbook
from tests.exchange.tables import TITLES, dossiers
from tests.factories import (
    CompanyFactory,
    DossierFactory,
    EstablishmentFactory,
    UserFactory,
    person_with,
    siren,
    siret,
)
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db

DOCUMENT = project.BASE_DIR / "docs/imports.md"
SAMPLES = project.BASE_DIR / "docs/imports"


def as_csv(lines: list[dict[str, str]]) -> str:
    return "\n".join(";".join(line) for line in [list(lines[0]), *(line.values() for line in lines)])


def one_dossier(**values: str) -> dict[str, str]:
    """A line of one dossier that is right; `values` by the column's name without spaces."""
    employer, provider = EstablishmentFactory(), EstablishmentFactory()
    line = next(dossiers([employer.siret, provider.siret], 1))
    return line | {title: values[key] for title in TITLES if (key := title.replace(" ", "_")) in values}


def test_companies_and_establishments():
    first, second = siren(7001), siren(7002)
    asked = imported(
        Kind.COMPANIES, f"SIREN;Nom\n{first};Société « Une »\n{first[:3]} {first[3:6]} {first[6:]};Double\n"
    )
    assert counts(asked) == (1, 0, 0, 1)
    assert reasons(asked) == [
        (3, "SIREN", "La ligne 2 dit déjà la même chose : retirez l’une des deux.".replace(" :", "\u00a0:"))
    ]
    site, lost = siret(first, 1), siret(second, 1)
    text = f"SIRET,Nom,API Convergence\n{site},Siège,oui\n{lost},Ailleurs,non\n12345678901234,Faux,non\n"
    asked = imported(Kind.ESTABLISHMENTS, text)
    assert counts(asked) == (1, 0, 0, 2)
    assert [line for line, *_ in reasons(asked)] == [3, 4]
    row = Establishment.objects.get(siret=site)
    assert (row.company.siren, row.name, row.uses_convergence_api, row.search_name) == (first, "Siège", True, "siege")
    assert counts(imported(Kind.ESTABLISHMENTS, text)) == (0, 0, 1, 2)
    asked = imported(Kind.ESTABLISHMENTS, f"SIRET,Nom,API Convergence\n{site},Siège social,\n")
    assert counts(asked) == (0, 1, 0, 0)
    assert told(asked)[0]["changes"] == [["Nom", "Siège", "Siège social"]]
    row.refresh_from_db()
    assert (row.uses_convergence_api, row.search_name) == (True, "siege social")


def test_a_dossier_is_created_with_all_that_its_line_says():
    line = one_dossier()
    imported(Kind.DOSSIERS, as_csv([line]))
    dossier = Dossier.objects.get()
    assert dossier.number == line["Numéro"]
    assert dossier.employer.siret == line["SIRET employeur"]
    assert dossier.training_provider.siret == line["SIRET formation"]
    assert (dossier.product, dossier.status, dossier.subrogated) == ("CAPP", "EN_COURS_DE_SAISIE", False)
    assert (dossier.starts_on, dossier.ends_on) == (date(2025, 1, 1), date(2026, 1, 1))
    assert (dossier.granted_tuition, dossier.granted_ancillary) == (Decimal("1000.50"), Decimal("600.00"))
    assert dossier.search_beneficiary == "zoe lefevre"


def test_a_second_import_changes_nothing_in_any_format():
    sites = [EstablishmentFactory().siret for _ in range(3)]
    lines = list(dossiers(sites, 8))
    assert counts(imported(Kind.DOSSIERS, as_csv(lines))) == (8, 0, 0, 0)
    before = list(Dossier.objects.order_by("pk").values())
    assert counts(imported(Kind.DOSSIERS, as_csv(lines))) == (0, 0, 8, 0)
    typed = [
        [*list(line.values())[:9], date(2025, 1, 1 + rank), date(2026, 1, 1 + rank), 1000.5 + rank, 600]
        for rank, line in enumerate(lines)
    ]
    assert counts(imported(Kind.DOSSIERS, workbook(TITLES, *typed), name="essai.xlsx")) == (0, 0, 8, 0)
    assert list(Dossier.objects.order_by("pk").values()) == before


def test_what_changes_is_shown_and_the_rest_stays():
    dossier = DossierFactory(status=DossierStatus.VALIDE, number="D-1", granted_ancillary=Decimal("600"))
    other = EstablishmentFactory()
    titles = "numero;STATUT;SIRET employeur;Nom du bénéficiaire;Frais annexes accordés (HT)"
    text = f"{titles}\nD-1;a facturer;{other.siret};;600\n"
    before = (dossier.employer.siret, dossier.beneficiary_last_name)
    asked = imported(Kind.DOSSIERS, text)
    assert told(asked) == [
        {
            "line": 2,
            "outcome": "changed",
            "key": "D-1",
            "changes": [["Statut", "Validé", "À facturer"], ["SIRET employeur", before[0], other.siret]],
            "errors": [],
        }
    ]
    dossier.refresh_from_db()
    assert (dossier.status, dossier.employer, dossier.beneficiary_last_name) == ("A_FACTURER", other, before[1])


def test_a_status_that_changes_is_an_event_of_its_dossier():
    person = UserFactory()
    for number, status in (("D-1", "VALIDE"), ("D-2", "TERMINE")):
        DossierFactory(number=number, status=status)
    imported(Kind.DOSSIERS, "Numéro;Statut\nD-1;TERMINE\nD-2;TERMINE\n", by=person)
    event = Event.objects.get(action=Action.STATUS)
    assert (event.subject_label, event.email) == ("D-1", person.email)
    assert (event.details["from"], event.details["to"]) == ("VALIDE", "TERMINE")
    steps = [event.details["step"] for event in Event.objects.filter(action=Action.IMPORT).order_by("pk")]
    assert steps == ["check", "confirm", "end"]


def test_every_refusal_names_its_line_and_its_column():
    lines = [one_dossier(Numéro=f"D-{rank}") for rank in range(6)]
    lines[0]["Produit"] = "Permis"
    lines[1]["Fin de la formation"] = "01/01/2020"
    lines[2]["SIRET formation"] = siret(siren(8001), 1)
    lines[3]["Prénom du bénéficiaire"] = ""
    lines[4]["Frais annexes accordés (HT)"] = "-1"
    lines[5]["Numéro"] = "D/5"
    asked = checked(Kind.DOSSIERS, as_csv(lines))
    assert counts(asked) == (0, 0, 0, 6)
    assert [(line, title) for line, title, _ in reasons(asked)] == [
        (2, "Produit"),
        (3, "Fin de la formation"),
        (4, "SIRET formation"),
        (5, "Prénom du bénéficiaire"),
        (6, "Frais annexes accordés (HT)"),
        (7, "Numéro"),
    ]
    assert "La formation ne finit pas avant de commencer." in reasons(asked)[1]


def test_a_number_that_is_not_known_is_told_once():
    ((line, title, reason),) = reasons(checked(Kind.DOSSIERS, "Numéro;Statut\nD-1;VALIDE\n"))
    assert (line, title) == (2, "Numéro")
    assert "il manque\u00a0: Produit, SIRET employeur" in reason


def test_a_line_without_its_key_and_a_number_on_two_lines():
    lines = [one_dossier(), one_dossier(), one_dossier(Numéro="")]
    asked = imported(Kind.DOSSIERS, as_csv([*lines, lines[0]]))
    assert counts(asked) == (1, 0, 0, 3)
    assert [(line, title) for line, title, _ in reasons(asked)] == [(3, "Numéro"), (4, "Numéro"), (5, "Numéro")]


def test_a_check_writes_nothing():
    DossierFactory(number="D-1", status=DossierStatus.VALIDE)
    asked = checked(Kind.DOSSIERS, "Numéro;Statut\nD-1;TERMINE\n")
    assert (asked.state, counts(asked)) == (State.CHECKED, (0, 1, 0, 0))
    assert Dossier.objects.get().status == DossierStatus.VALIDE
    assert not Event.objects.filter(action=Action.STATUS).exists()
    assert import_storage().exists(str(asked.file))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Statut;Produit\nVALIDE;CAPP\n", "La colonne « Numéro » manque."),
        ("Numéro;Statut;statut\nD-1;VALIDE;VALIDE\n", "La colonne « Statut » est là deux fois"),
        ("", "Ce fichier est vide"),
    ],
)
def test_a_file_that_cannot_be_meant(text, sentence):
    asked = checked(Kind.DOSSIERS, text)
    assert asked.state == State.UNREADABLE
    assert sentence in asked.reason.replace("\u00a0", " ")
    assert not asked.file


def test_columns_that_are_not_ours_are_named():
    assert checked(Kind.DOSSIERS, "Numéro;Statuts;Note\nD-1;VALIDE;x\n").ignored == ["Statuts", "Note"]


# --- Accounts -------------------------------------------------------------------------------------------------------


def test_accounts_with_their_roles():
    company = CompanyFactory()
    site = EstablishmentFactory(company=company)
    text = (
        "Adresse e-mail;Prénom;Nom;Rôle;SIREN ou SIRET\n"
        f"Zoe@Essai.Example;Zoé;Lefèvre;Saisie alternance et PDC;{site.siret}\n"
        f"zoe@essai.example;;;ADMIN_SOCIETE_PRESTATAIRE;{company.siren}\n"
        "noel@essai.example;Noël;Gœtz;;\n"
        "luc@essai.example;Luc;Petit;;\n"
    )
    asked = imported(Kind.ACCOUNTS, text)
    assert counts(asked) == (3, 1, 0, 0)
    zoe = User.objects.get(email="zoe@essai.example")
    assert (zoe.first_name, zoe.last_name, zoe.has_usable_password(), zoe.is_staff) == ("Zoé", "Lefèvre", False, False)
    held = {(one.as_role, one.place) for one in zoe.role_assignments.all()}
    assert held == {(Role.SAISIE_PRESTATAIRE, site), (Role.ADMIN_SOCIETE_PRESTATAIRE, company)}
    assert not Mail.objects.exists()
    assert Event.objects.filter(action=Action.ADMIN_ADD).count() == 5
    assert counts(imported(Kind.ACCOUNTS, text)) == (0, 0, 4, 0)


def test_new_accounts_are_invited_where_it_is_asked_for():
    person = UserFactory()
    known = UserFactory(first_name="Ancien")
    text = f"Adresse e-mail;Prénom\nneuf@essai.example;Neuf\n{known.email};Connu\n"
    imported(Kind.ACCOUNTS, text, by=person, invites=True)
    assert [mail.recipient for mail in Mail.objects.all()] == ["neuf@essai.example"]
    known.refresh_from_db()
    assert (known.first_name, known.has_usable_password()) == ("Connu", True)


def test_accounts_that_are_not_to_be_changed_here():
    site = EstablishmentFactory()
    staff, closed = UserFactory(is_staff=True), UserFactory(is_active=False)
    same = person_with(Role.SAISIE_PRESTATAIRE, site)
    lines = [
        (staff.email, "SAISIE_PRESTATAIRE", site.siret),
        (closed.email, "SAISIE_PRESTATAIRE", site.siret),
        ("a@essai.example", "SAISIE_PRESTATAIRE", ""),
        ("a@essai.example", "", site.siret),
        ("a@essai.example", "SAISIE_PRESTATAIRE", site.company.siren),
        ("a@essai.example", "RESP_GESTION_SOCIETE", site.siret),
        ("a@essai.example", "Chef", site.siret),
        ("a@essai.example", "SAISIE_PRESTATAIRE", siren(8002)),
        ("aucune adresse", "", ""),
        (same.email, "SAISIE_PRESTATAIRE", site.siret),
    ]
    asked = imported(
        Kind.ACCOUNTS, "Adresse e-mail;Rôle;SIREN ou SIRET\n" + "\n".join(";".join(line) for line in lines)
    )
    assert counts(asked) == (0, 0, 1, 9)
    titles = [title for _, title, _ in reasons(asked)]
    place = "SIREN ou SIRET"
    assert titles == [*["Adresse e-mail"] * 2, place, "Rôle", place, place, "Rôle", place, "Adresse e-mail"]
    assert RoleAssignment.objects.count() == 1
    assert not User.objects.filter(email="a@essai.example").exists()


# --- The document ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_every_column_is_in_the_document(kind):
    text = DOCUMENT.read_text()
    for column in RESOURCES[kind]().columns:
        assert f"| {column.column_name} |" in text


def test_the_samples_are_imported_whole_and_show_every_column():
    for kind in Kind:
        content = (SAMPLES / f"{kind.value}.csv").read_bytes()
        titles = content.decode("utf-8-sig").splitlines()[0].split(";")
        assert titles == [column.column_name for column in RESOURCES[kind]().columns]
        asked = imported(kind, content)
        assert asked.created > 0
        assert (asked.unchanged, asked.refused) == (0, 0)
        assert counts(imported(kind, content))[2] == asked.created + asked.changed
    assert Company.objects.exists()
    assert {dossier.product for dossier in Dossier.objects.all()} <= set(Product)
