"""The database refuses to change the trail, whoever asks, and lets go of what is old by one door alone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from trail import retention
from trail.enums import Action, Result
from trail.models import Event
from trail.recording import event, record

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=366)


def old_event(age: timedelta) -> Event:
    """An event of this age, as one that was written then."""
    row = event(Action.LOG_IN)
    row.at = timezone.now() - age
    row.save(force_insert=True)
    return row


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


CHANGES = {
    "update by SQL": lambda: sql("UPDATE trail_event SET email = 'x'"),
    "update of one column that stays": lambda: sql("UPDATE trail_event SET email = email"),
    "update by a set": lambda: Event.objects.update(email="x"),
    "update of a row": lambda: Event.objects.get().save(update_fields=["reason"]),
    "bulk update": lambda: Event.objects.bulk_update(Event.objects.all(), ["reason"]),
    "upsert": lambda: Event.objects.bulk_create(
        Event.objects.all(), update_conflicts=True, unique_fields=["id"], update_fields=["reason"]
    ),
    "delete by SQL": lambda: sql("DELETE FROM trail_event"),
    "delete of a set": lambda: Event.objects.all().delete(),
    "delete of a row": lambda: Event.objects.get().delete(),
    "delete as the purge does, of what is too young": lambda: retention.forget(timezone.now() + YEAR) or _young(),
    **(
        {"truncate": lambda: sql("TRUNCATE trail_event"), "truncate all": lambda: sql("TRUNCATE trail_event CASCADE")}
        if connection.vendor == "postgresql"
        else {
            "replace": lambda: sql("INSERT OR REPLACE INTO trail_event SELECT * FROM trail_event"),
        }
    ),
}


def _young() -> None:
    """Past the purge, which asks for nothing young: as it deletes, but of everything."""
    if connection.vendor == "postgresql":
        sql("SELECT set_config('trail.forgetting', 'on', true)")
    Event.objects.all().delete()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=364)], ids=["new", "of this year"])
def test_an_event_stays_as_it_was_written(change, age):
    old_event(age)
    before = Event.objects.values().get()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        CHANGES[change]()
    assert Event.objects.values().get() == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows no settings of a transaction")
def test_an_old_event_goes_by_no_other_door():
    old_event(10 * YEAR)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.all().delete()
    assert Event.objects.count() == 1


def test_the_purge_removes_what_is_older_than_the_retention(settings):
    settings.TRAIL_RETENTION_YEARS = 5
    day = timedelta(days=1)
    kept = [old_event(age) for age in (timedelta(0), 2 * YEAR, 5 * YEAR - day)]
    for age in (5 * YEAR + day, 8 * YEAR):
        old_event(age)
    assert retention.forget(timezone.now()) == 2
    assert retention.forget(timezone.now()) == 0
    assert set(Event.objects.all()) == set(kept)


def test_the_purge_removes_no_more_than_was_asked_for(settings):
    settings.TRAIL_RETENTION_YEARS = 1
    kept = old_event(3 * YEAR)
    old_event(4 * YEAR)
    assert retention.forget(timezone.now() - 3.5 * YEAR) == 1
    assert Event.objects.get() == kept


def test_the_purge_goes_on_batch_after_batch(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        old_event(9 * YEAR)
    assert retention.forget(timezone.now()) == 5


def test_an_event_goes_with_the_change_that_it_tells_of():
    with transaction.atomic():
        record(Action.DEPOSIT)
        assert Event.objects.exists()
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    record(Action.DEPOSIT)
    assert Event.objects.get().result == Result.DONE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", [1, 2])
def test_a_test_that_commits_leaves_an_empty_trail_and_a_closed_one(round):
    assert not Event.objects.exists()
    record(Action.DEPOSIT)
    with pytest.raises(IntegrityError, match="append-only"):
        Event.objects.all().delete()
