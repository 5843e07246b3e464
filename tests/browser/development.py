"""The portal as those who build it see it: `manage.py runserver` with DEBUG on, without worker or broker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from django.conf import settings

from portal.launch.services import leashed
from tests.stack import free_port, wait_until


@contextmanager
def development_server(folder: Path) -> Iterator[str]:
    """Serve it, with a database of its own in the folder, and give its address."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"DEBUG": "1", "DJANGO_SETTINGS_MODULE": "portal.settings", "LOG_LEVEL": "CRITICAL"}
    environment |= {"VAR_DIR": str(folder)}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=settings.BASE_DIR, env=environment, check=True)
    server = subprocess.Popen(
        leashed([sys.executable, "manage.py", "runserver", "--noreload", str(port)], signal.SIGTERM),
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )

    def answers() -> bool:
        try:
            return urlopen(f"http://127.0.0.1:{port}/sante/").status == 200
        except OSError:
            return False

    try:
        wait_until(answers, "the development server answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)
