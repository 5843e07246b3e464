"""The portal's settings with a sweep every two seconds, so that tests of accidents need not wait for twenty."""

from datetime import timedelta

from portal.settings import *  # noqa: F403
from portal.settings import CELERY_BEAT_SCHEDULE

TRANSMISSION_SWEEP_SECONDS = HANDOVER_SWEEP_SECONDS = 2
HANDOVER_FIRST_PAUSE = timedelta(seconds=1)
CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {
    name: CELERY_BEAT_SCHEDULE[name]
    | {
        "schedule": timedelta(seconds=TRANSMISSION_SWEEP_SECONDS),
        "options": {"expires": TRANSMISSION_SWEEP_SECONDS},
    }
    for name in ("transmit-due", "hand-over")
}
