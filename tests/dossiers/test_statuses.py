"""`manage.py apply_statuses`: statuses from the OPCO's own system, from CSV and JSON."""

import json
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from dossiers import statuses
from dossiers.enums import DossierStatus
from dossiers.models import Dossier
from tests.factories import DossierFactory
from tests.threads import at_once
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db

PUBLISHED = settings.BASE_DIR / "docs/handover"


@pytest.fixture
def run(tmp_path):
    """Run the command on a file of this content: whether it was content, and what it printed."""

    def running(content: str | bytes, *options: str, name: str = "statuts.csv") -> tuple[bool, list[str]]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        output = StringIO()
        try:
            call_command("apply_statuses", str(path), *options, stdout=output)
        except CommandError as error:
            return False, plain(f"{output.getvalue()}{error}")
        return True, plain(output.getvalue())

    return running


@pytest.fixture
def dossiers() -> list[Dossier]:
    return [DossierFactory(number=f"CPRO-{rank}", status=DossierStatus.VALIDE) for rank in range(3)]


def plain(text: str) -> list[str]:
    """The lines of a text, without the no-break spaces of French."""
    return text.replace("\xa0", " ").splitlines()


def now() -> dict[str, str]:
    return dict(Dossier.objects.order_by("number").values_list("number", "status"))


def events() -> list[tuple[str, dict]]:
    return sorted(Event.objects.filter(action=Action.APPLY_STATUS).values_list("subject_label", "details"))


@pytest.mark.parametrize("status", DossierStatus)
@pytest.mark.parametrize("written", [lambda s: s.value, lambda s: s.label, lambda s: s.label.upper()])
def test_every_status_by_its_code_and_by_its_label(run, status, written):
    DossierFactory(number="CPRO-1", status=next(other for other in DossierStatus if other != status))
    assert run(f"numéro;statut\nCPRO-1;{written(status)}\n") == (True, ["Modifiés : 1. Inchangés : 0. Refusés : 0."])
    assert now() == {"CPRO-1": status.value}


@pytest.mark.parametrize(
    "content",
    [
        "numéro;statut\nCPRO-0;Terminé\n",
        "\ufeffNuméro;Statut\r\nCPRO-0;TERMINE\r\n",
        "statut,produit,numéro de dossier\nTerminé,CPRO,CPRO-0",
        "number\tstatus\n CPRO-0 \t Terminé \n\n\t\n",
        "numéro;statut\nCPRO-0;Terminé\n".encode("cp1252"),
        'numéro;statut\n"CPRO-0";"Terminé"\n',
    ],
)
def test_files_as_systems_write_them(run, dossiers, content):
    assert run(content)[0]
    assert now() == {"CPRO-0": "TERMINE", "CPRO-1": "VALIDE", "CPRO-2": "VALIDE"}
    assert events() == [("CPRO-0", {"before": "VALIDE", "after": "TERMINE"})]


def test_json(run, dossiers):
    told = {"version": 1, "statuses": [{"number": "CPRO-0", "status": "Terminé"}, {"number": "CPRO-1", "status": "X"}]}
    Draft202012Validator(json.loads((PUBLISHED / "statuses-1.schema.json").read_text())).validate(told)
    content, lines = run(json.dumps(told), name="statuts.JSON")
    assert not content
    assert lines[0].startswith("Ligne 2 : Le statut « X » n’est pas connu : écrivez un code, ou « En cours de saisie »")
    assert now()["CPRO-0"] == "TERMINE"


@pytest.mark.parametrize("name", ["statuses-1.example.json", "statuses.example.csv"])
def test_the_published_examples(run, name):
    for number in ("CPRO-2026-004217", "CPRO-2026-004254"):
        DossierFactory(number=number, status=DossierStatus.VALIDE)
    assert run((PUBLISHED / name).read_bytes(), name=name)[0]
    assert now() == {"CPRO-2026-004217": "EN_COURS_DE_REGLEMENT", "CPRO-2026-004254": "TERMINE"}


BAD = """numéro;statut
CPRO-0;Terminé
;Terminé
CPRO-1;Presque fini
CPRO-1
CPRO-9;Terminé
CPRO-0;Annulé
CPRO-0;TERMINE
CPRO-2;À facturer
"""


def test_a_line_that_is_refused_stops_no_other_and_the_second_time_nothing_changes(run, dossiers):
    content, lines = run(BAD)
    assert not content
    known = "écrivez un code, ou « En cours de saisie »"
    assert [line.partition(known)[0] for line in lines] == [
        "Ligne 3 : Le numéro de dossier manque : indiquez-le.",
        "Ligne 4 : Le statut « Presque fini » n’est pas connu : ",
        "Ligne 5 : Le statut «  » n’est pas connu : ",
        "Ligne 6 : Le dossier CPRO-9 n’existe pas dans le portail : vérifiez le numéro, ou créez-le.",
        "Ligne 7 : Le dossier CPRO-0 a le statut « Terminé » à la ligne 2 : gardez une seule des deux lignes.",
        "Modifiés : 2. Inchangés : 1. Refusés : 5.",
        "Toutes les lignes n’ont pas été appliquées.",
    ]
    assert now() == {"CPRO-0": "TERMINE", "CPRO-1": "VALIDE", "CPRO-2": "A_FACTURER"}
    assert len(events()) == 2
    assert run(BAD)[1][-2] == "Modifiés : 0. Inchangés : 3. Refusés : 5."
    assert len(events()) == 2


def test_all_or_nothing(run, dossiers):
    content, lines = run(BAD, "--all-or-nothing")
    assert (content, lines[-1]) == (False, "Rien n’a été modifié (--all-or-nothing).")
    assert set(now().values()) == {"VALIDE"}
    assert events() == []
    assert run("numéro;statut\nCPRO-0;Terminé\n", "--all-or-nothing")[0]
    assert now()["CPRO-0"] == "TERMINE"


def test_a_dry_run_tells_and_changes_nothing(run, dossiers):
    told = run("numéro;statut\nCPRO-0;Terminé\nCPRO-1;Validé\n", "--dry-run")
    assert told == (
        True,
        [
            "Ligne 2 : CPRO-0 « Validé » → « Terminé »",
            "Modifiés : 1. Inchangés : 1. Refusés : 0.",
            "Rien n’a été modifié (--dry-run).",
        ],
    )
    assert set(now().values()) == {"VALIDE"}
    assert events() == []


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        ("", "statuts.csv", "« numéro » : 0."),
        ("CPRO-0;Terminé\n", "statuts.csv", "« numéro » : 0."),
        ("numéro;statut;statut\nCPRO-0;Terminé;Annulé", "statuts.csv", "« statut » : 2."),
        (b"PK\x03\x04\x00\xff", "statuts.csv", "« numéro » : 0."),
        ('numéro;statut\n"' + "x" * 200_000, "statuts.csv", "mal formé"),
        ("[]", "statuts.json", "la forme attendue"),
        ('{"version": 2, "statuses": []}', "statuts.json", "la forme attendue"),
        ("{", "statuts.json", "mal formé"),
        ("[" * 100_000, "statuts.json", "mal formé"),
    ],
)
def test_a_file_that_is_none_changes_nothing(run, dossiers, content, name, why):
    done, lines = run(content, name=name)
    assert not done
    assert why in lines[-1]
    assert set(now().values()) == {"VALIDE"}


@pytest.mark.parametrize("entry", [None, [], "x", {"number": 4217, "status": "TERMINE"}, {"status": "TERMINE"}])
def test_an_entry_that_is_none_is_refused_by_itself(run, dossiers, entry):
    told = {"version": 1, "statuses": [entry, {"number": "CPRO-0", "status": "TERMINE"}]}
    assert run(json.dumps(told), name="s.json")[1][0] == "Ligne 1 : Le numéro de dossier manque : indiquez-le."
    assert now()["CPRO-0"] == "TERMINE"


@pytest.mark.parametrize("number", ["CPRO-0\x00", "\ud800", "\x1b[31m"])
def test_what_no_database_takes_is_no_number(run, dossiers, number):
    told = {"version": 1, "statuses": [{"number": number, "status": "TERMINE"}]}
    (line, *_) = run(json.dumps(told), name="s.json")[1]
    assert "n’existe pas dans le portail" in line
    assert line.isprintable()


def test_what_a_file_says_cannot_dress_up_a_terminal(run, dossiers):
    ((first, *_),) = (run("numéro;statut\nCPRO-0;\x1b[31m" + "x" * 500)[1],)
    assert "\x1b" not in first
    assert len(first) < 500


def test_there_may_be_no_such_file():
    with pytest.raises(CommandError, match="ne peut pas être lu : No such file"):
        call_command("apply_statuses", "/nulle/part.csv")


def test_a_thousand_lines_cost_no_more_statements_than_two_batches_of_them(run, monkeypatch):
    monkeypatch.setattr(statuses, "BATCH", 20)
    DossierFactory.create_batch(40, status=DossierStatus.VALIDE)
    numbers = list(Dossier.objects.values_list("number", flat=True))

    def queries(count: int, status: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert run("numéro;statut\n" + "".join(f"{number};{status}\n" for number in numbers[:count]))[0]
        return len(captured)

    assert queries(2, "TERMINE") == queries(20, "A_FACTURER")
    assert queries(40, "ANNULE") == 2 * queries(20, "TERMINE")


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_files_at_once_do_not_wait_for_each_other_for_ever(tmp_path):
    DossierFactory.create_batch(60, status=DossierStatus.VALIDE)
    numbers = list(Dossier.objects.values_list("number", flat=True))
    lines = [statuses.Line(at, number, "TERMINE") for at, number in enumerate(numbers)]
    told = at_once(lambda: list(statuses.apply(lines)), lambda: list(statuses.apply(lines[::-1])))
    assert sum(len(outcome.changes) for outcomes in told for outcome in outcomes) == 60
    assert Event.objects.filter(action=Action.APPLY_STATUS).count() == 60


def test_a_file_without_lines_changes_nothing(run):
    assert run("numéro;statut\n") == (True, ["Modifiés : 0. Inchangés : 0. Refusés : 0."])
