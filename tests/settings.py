"""The portal's own settings with what a test run needs: a key, a fast hasher, folders of its own."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "tests-only")
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="portail-tests-"))

from portal.settings import *  # noqa: F403
from portal.settings import STORAGES, VAR_DIR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
(Path(VAR_DIR) / "static").mkdir(parents=True, exist_ok=True)
