"""Which Chromium drives the browser tests; `python -m tests.chromium` installs one where there is none.

CHROMIUM=… chooses one; otherwise one that is installed on the system, then Playwright's own. The same engine comes in
two shapes: with windows, and as a shell without any, which needs half of the other's time for a page, or less. The
shell is preferred, unless the tests are to be watched (`--headed`).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find(*, headless: bool = True) -> Path | None:
    """The Chromium to use, None where there is none that starts."""
    names = (*SHELLS, *NAMES) if headless else NAMES
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, names)]
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
    """Install a Chromium unless there is one; SystemExit with a sentence when none can be had.

    Where Debian has the shell and a Chromium with windows is there, that one does if the shell cannot be had.
    """
    found = find()
    if found and (found.name in SHELLS or "CHROMIUM" in os.environ):
        return
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    of_debian = os.geteuid() == 0 and shutil.which("apt-get")
    packages = [SHELLS[0]] if found else [SHELLS[0], NAMES[0]]
    ways = [["apt-get", "install", "--yes", "--no-install-recommends", package] for package in packages if of_debian]
    for way in ways if found else [*ways, playwright]:
        print(f"{found or 'No Chromium'} found: {' '.join(way)}", flush=True)  # noqa: T201 - a command's output
        if subprocess.run(way).returncode == 0 and find():
            return
    if not found:
        sys.exit(
            "The browser tests need a Chromium, and none could be installed: install one, or name it with CHROMIUM=…"
        )


if __name__ == "__main__":
    main()
