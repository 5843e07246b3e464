"""The portal's own settings with what a test run needs: a key, a fast hasher, folders of its own."""

import atexit
import os
import tempfile
from pathlib import Path

# One for each process, removed at its end.
_FOLDER = tempfile.TemporaryDirectory(prefix="portail-tests-")
atexit.register(_FOLDER.cleanup)
os.environ["VAR_DIR"] = _FOLDER.name
os.environ.setdefault("SECRET_KEY", "tests-only")

# So that its addresses are there; a provider is started by its own tests alone (tests/roles/test_proconnect.py).
os.environ.setdefault("PROCONNECT_ISSUER", "http://127.0.0.1:1")
os.environ.setdefault("PROCONNECT_CLIENT_ID", "portail-tests")
os.environ.setdefault("PROCONNECT_CLIENT_SECRET", "secret-tests")

from portal.settings import *  # noqa: E402, F403
from portal.settings import STORAGES, VAR_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
(Path(VAR_DIR) / "static").mkdir()
# Staff of the tests come in as they are; tests/roles/test_second_factor.py turns it on.
STAFF_SECOND_FACTOR = False
