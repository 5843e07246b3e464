"""A pass that is cut goes on where it was; two workers do not do it twice; nothing is kept for ever."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers.models import Dossier
from exchange import retention, running, tasks
from exchange.enums import Kind, State
from exchange.models import Import, import_storage
from roles.models import User
from tests.exchange.conftest import begun, checked, counts, fresh, imported, told
from tests.exchange.tables import TITLES, dossiers, write_csv
from tests.factories import EstablishmentFactory, ImportFactory, UserFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db

LINES = 10


class Killed(BaseException):
    """As kill -9: nobody catches it."""


@pytest.fixture
def sites() -> list[str]:
    return [EstablishmentFactory().siret for _ in range(4)]


def text_of(sites: list[str], lines: int = LINES, bad: int = 0) -> str:
    rows = [";".join(line.values()) for line in dossiers(sites, lines, bad=bad)]
    return "\n".join([";".join(TITLES), *rows])


def kill_after(monkeypatch, stretches: int) -> None:
    """The worker dies in the middle of the stretch after these, all of it written but the end."""
    done, write = [], running._move_held

    def dies(asked, **values):
        if "line" in values:
            done.append(asked.pk)
            if len(done) > stretches:
                raise Killed
        write(asked, **values)

    monkeypatch.setattr(running, "_move_held", dies)


def silent(asked: Import) -> None:
    """Its worker has told nothing for long."""
    Import.objects.filter(pk=asked.pk).update(progressed_at=timezone.now() - timedelta(minutes=5))


@pytest.mark.parametrize("importing", [False, True])
def test_killed_half_way_the_next_run_goes_on(sites, monkeypatch, importing):
    asked = begun(Kind.DOSSIERS, text_of(sites, bad=2))
    if importing:
        running.run(asked.pk)
        running.confirm(fresh(asked))
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            running.run(asked.pk)
    cut = fresh(asked)
    assert (cut.line, cut.done) == (7, 6)
    assert Dossier.objects.count() == (5 if importing else 0)
    assert tasks.run_waiting() == 0, "its worker may be alive"
    silent(asked)
    assert tasks.run_waiting() == 1
    whole = fresh(asked)
    assert whole.state == (State.DONE if importing else State.CHECKED)
    assert counts(whole) == (8, 0, 0, 2)
    assert sum(len(part.told) for part in whole.parts.all()) == LINES
    assert Dossier.objects.count() == (8 if importing else 0)


def test_a_number_of_a_line_that_was_done_before_is_known_after(sites, monkeypatch):
    text = text_of(sites, 6) + "\n" + ";".join(next(dossiers(sites, 1)).values())
    asked = checked(Kind.DOSSIERS, text)
    running.confirm(asked)
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            running.run(asked.pk)
    silent(asked)
    tasks.run_waiting()
    assert counts(fresh(asked)) == (6, 0, 0, 1)
    assert told(fresh(asked))[-1]["errors"][0][1].startswith("La ligne 2 dit déjà")


def test_a_check_of_accounts_that_was_cut_starts_over(monkeypatch):
    lines = [f"p{rank % 4}@essai.example;Nom {rank % 4}" for rank in range(4)]
    asked = begun(Kind.ACCOUNTS, "\n".join(["Adresse e-mail;Nom", *lines]))
    with monkeypatch.context() as patch:
        kill_after(patch, 1)
        with pytest.raises(Killed):
            running.run(asked.pk)
    silent(asked)
    tasks.run_waiting()
    assert counts(fresh(asked)) == (4, 0, 0, 0)
    assert not User.objects.exists()


def test_whoever_was_taken_over_stops_and_writes_nothing_more(sites, monkeypatch):
    asked = checked(Kind.DOSSIERS, text_of(sites))
    running.confirm(asked)
    do_once, taken = running._do_once, []

    def taken_over(*arguments):
        do_once(*arguments)
        if not taken:
            taken.append(True)
            silent(asked)
            assert running._claim(asked.pk)

    monkeypatch.setattr(running, "_do_once", taken_over)
    assert not running.run(asked.pk)
    assert Dossier.objects.count() == 3
    monkeypatch.undo()
    silent(asked)
    assert tasks.run_waiting() == 1
    assert counts(fresh(asked)) == (LINES, 0, 0, 0)


def test_an_import_that_breaks_off_again_and_again_is_given_up(sites, monkeypatch, settings):
    settings.IMPORT_ATTEMPTS = 2
    asked = checked(Kind.DOSSIERS, text_of(sites))
    running.confirm(asked)
    for _ in range(2):
        with monkeypatch.context() as patch:
            kill_after(patch, 0)
            with pytest.raises(Killed):
                running.run(asked.pk)
        silent(asked)
    tasks.run_waiting()
    given_up = fresh(asked)
    assert given_up.state == State.FAILED
    assert "importez le fichier de nouveau" in given_up.reason
    assert not given_up.file


def test_one_runs_at_a_time_the_oldest_first(sites):
    first, second = begun(Kind.DOSSIERS, text_of(sites)), begun(Kind.DOSSIERS, text_of(sites))
    assert running._claim(first.pk)
    assert tasks.run_waiting() == 0
    silent(first)
    assert tasks.run_waiting() == 2
    assert {fresh(first).state, fresh(second).state} == {State.CHECKED}


@pytest.mark.services  # the tests' own SQLite, shared by threads in memory, locks whole tables, and does not wait
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_every_line_once(sites):
    asked = checked(Kind.DOSSIERS, text_of(sites))
    running.confirm(asked)
    at_once(tasks.run_waiting, tasks.run_waiting)
    assert counts(fresh(asked)) == (LINES, 0, 0, 0)
    assert Dossier.objects.count() == LINES


def test_the_queries_of_a_stretch_do_not_grow_with_it(sites, settings):
    counted = []
    for lines in (20, 200):
        settings.IMPORT_STRETCH = lines
        asked = checked(Kind.DOSSIERS, text_of(sites, lines))
        running.confirm(asked)
        with CaptureQueriesContext(connection) as captured:
            running.run(asked.pk)
        counted.append(len(captured))
        Dossier.objects.all().delete()
    # SQLite takes so many values in a statement, PostgreSQL all of them.
    assert counted[1] <= counted[0] + (5 if connection.vendor == "sqlite" else 0)


def test_two_thousand_lines_twenty_of_them_wrong(sites, settings, tmp_path):
    settings.IMPORT_STRETCH = 500
    path = tmp_path / "dossiers.csv"
    write_csv(path, dossiers(sites, 2_000, bad=20))
    for expected in ((1_980, 0, 0, 20), (0, 0, 1_980, 20)):
        assert counts(imported(Kind.DOSSIERS, path.read_bytes())) == expected
    assert Dossier.objects.count() == 1_980


# --- By hand --------------------------------------------------------------------------------------------------------


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("import_dossiers", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_does_the_same(sites, tmp_path):
    person, path, report = UserFactory(), tmp_path / "dossiers.csv", tmp_path / "report.csv"
    write_csv(path, dossiers(sites, LINES, bad=2))
    assert "created 8, changed 0, unchanged 0, refused 2" in command(str(path), "--dry-run")
    assert not Dossier.objects.exists()
    assert Import.objects.get().state == State.ABANDONED
    said = command(str(path), "--by", person.email, "--report", str(report))
    assert "Imported 10 lines: created 8" in said
    assert "SIRET employeur: Aucun établissement" in said
    assert Import.objects.get(state=State.DONE).by == person
    assert len(report.read_text().splitlines()) == 1 + LINES
    assert "created 0, changed 0, unchanged 8, refused 2" in command(str(path))


def test_the_command_says_what_is_wrong(tmp_path):
    path = tmp_path / "vide.csv"
    path.write_text("Nom\nx\n")
    for arguments, said in (
        ([str(path)], "La colonne"),
        ([str(tmp_path / "nulle-part.csv")], "cannot be read"),
        ([str(path), "--by", "inconnu@essai.example"], "There is no account"),
        ([str(path), "--invite"], "--by EMAIL"),
    ):
        with pytest.raises(CommandError, match=said):
            command(*arguments)


# --- The end --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("either_storage")
def test_a_file_goes_when_its_import_is_over(sites, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        done = imported(Kind.DOSSIERS, text_of(sites))
        abandoned = checked(Kind.DOSSIERS, text_of(sites))
        running.abandon(abandoned)
        unreadable = checked(Kind.DOSSIERS, "x\n")
        waiting = checked(Kind.DOSSIERS, text_of(sites))
    assert {fresh(one).state for one in (done, abandoned, unreadable)} == {
        State.DONE,
        State.ABANDONED,
        State.UNREADABLE,
    }
    assert [stored.name for stored in import_storage().walk()] == [str(waiting.file)]


def test_what_is_over_is_not_confirmed(sites):
    done = imported(Kind.DOSSIERS, text_of(sites))
    for act in (running.confirm, running.abandon):
        with pytest.raises(running.NotNowError):
            act(done)


def test_what_nobody_confirms_expires_and_the_row_goes_later(sites, settings, django_capture_on_commit_callbacks):
    asked, done = checked(Kind.DOSSIERS, text_of(sites)), imported(Kind.DOSSIERS, text_of(sites))
    young = ImportFactory()
    long_ago = timezone.now() - timedelta(days=settings.IMPORT_CONFIRMATION_DAYS, minutes=1)
    Import.objects.filter(pk=asked.pk).update(progressed_at=long_ago)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.forget() == 0
    assert fresh(asked).state == State.EXPIRED
    assert not import_storage().exists(str(asked.file))
    old = timezone.now() - timedelta(days=settings.IMPORT_RETENTION_DAYS, minutes=1)
    Import.objects.exclude(pk=young.pk).update(created_at=old)
    assert retention.forget() == 2
    assert list(Import.objects.all()) == [young]
    assert done.parts.count() == 0


def test_a_file_without_a_row_goes(settings):
    kept = ImportFactory()
    lost = import_storage().save("perdu.csv", ContentFile(b"x"))
    assert retention.remove_lost() == 0
    settings.LOOSE_FILE_HOURS = 0
    assert retention.remove_lost() == 1
    assert not import_storage().exists(lost)
    assert import_storage().exists(str(kept.file))
