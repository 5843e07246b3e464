"""Which task goes to which queue, and what the worker does with it."""

from datetime import timedelta

import pytest
from celery.schedules import BaseSchedule, crontab

from portal.celery import app


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("invoices.tasks.transmit", "transmission"),
        ("invoices.tasks.transmit_due", "sweep"),
        ("invoices.tasks.hand_over", "handover"),
        ("invoices.tasks.tell_untold", "chores"),
        ("invoices.tasks.purge_files", "chores"),
        ("exchange.tasks.run_waiting", "chores"),
        ("portal.tasks.purge", "chores"),
    ],
)
def test_triggers_sweep_and_chores_do_not_stand_behind_each_other(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue
    assert queue in app.amqp.queues.consume_from


def period(asked: BaseSchedule) -> timedelta:
    """How long lies between two runs; of what stands at an hour, the shorter of two days'."""
    if isinstance(asked, crontab):
        assert asked.hour
        assert asked.minute
        return timedelta(hours=23)
    return asked.run_every


def test_what_beat_asks_for_is_a_task_and_expires_before_it_comes_again() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= period(entry["schedule"]).total_seconds()


def test_a_countdown_is_never_handed_out_twice(settings) -> None:
    timeout = app.conf.broker_transport_options["visibility_timeout"]
    assert timeout >= 4 * settings.TRANSMISSION_DELAY.total_seconds()


def test_a_task_is_acknowledged_when_it_is_done() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert ours
    assert all(task.acks_late and not task.reject_on_worker_lost for task in ours.values())
