"""The portal's settings with nothing kept that nothing needs: what is left after a purge is what is deposited."""

from portal.settings import *  # noqa: F403

LOOSE_FILE_HOURS = 0
DRAFT_RETENTION_DAYS = 0
UNSAVED_START_DAYS = 0
