"""Which task goes to which queue, and what the worker does with it."""

import pytest

from portal.celery import app


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("invoices.tasks.transmit", "transmission"),
        ("invoices.tasks.transmit_due", "sweep"),
        ("invoices.tasks.purge_files", "chores"),
    ],
)
def test_triggers_sweep_and_chores_do_not_stand_behind_each_other(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue
    assert queue in app.amqp.queues.consume_from


def test_what_beat_asks_for_is_a_task_and_expires_before_it_comes_again() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= entry["schedule"].run_every.total_seconds()


def test_a_countdown_is_never_handed_out_twice(settings) -> None:
    timeout = app.conf.broker_transport_options["visibility_timeout"]
    assert timeout >= 4 * settings.TRANSMISSION_DELAY.total_seconds()


def test_a_task_is_acknowledged_when_it_is_done() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert ours
    assert all(task.acks_late and not task.reject_on_worker_lost for task in ours.values())
