"""What a worker runs for the whole house."""

from celery import shared_task

from . import retention


@shared_task(name="portal.tasks.purge")
def purge() -> int:
    """Remove whatever is over, each night; return how much it was."""
    return sum(line.removed.number for line in retention.purge())
