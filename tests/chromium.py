"""Which Chromium drives the browser tests; `python -m tests.chromium` installs one where there is none.

CHROMIUM=… chooses one; otherwise one that is installed on the system, then Playwright's own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> Path | None:
    """The Chromium to use, None where there is none that starts."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)]
    with sync_playwright() as playwright:
        candidates.append(playwright.chromium.executable_path)
    return next((Path(candidate) for candidate in candidates if candidate and _starts(candidate)), None)


def _starts(candidate: str) -> bool:
    # Asked, because Ubuntu's `chromium-browser` is a script that only tells how to install one.
    try:
        version = subprocess.run([candidate, "--version"], capture_output=True, text=True, timeout=30)
    except OSError:
        return False
    return version.returncode == 0 and "Chrom" in version.stdout


def main() -> None:
    """Install a Chromium unless there is one; SystemExit with a sentence when none can be had."""
    if find():
        return
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    ways = [["apt-get", "install", "--yes", "chromium"]] if os.geteuid() == 0 and shutil.which("apt-get") else []
    for way in [*ways, playwright]:
        print(f"No Chromium found: {' '.join(way)}", flush=True)  # noqa: T201 - a command's output
        if subprocess.run(way).returncode == 0 and find():
            return
    sys.exit("The browser tests need a Chromium, and none could be installed: install one, or name it with CHROMIUM=…")


if __name__ == "__main__":
    main()
