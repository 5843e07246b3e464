"""`make check`: no known hole in what production installs (requirements-production.lock).

pip-audit asks a service of the network. Where that cannot be reached, or is a mirror that knows of no holes, the check
says so and fails nothing: a machine without a network can make all the others. A hole that is found fails, and so does
a check that could not be made for another reason.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements-production.lock"
SECONDS = 90
SERVICE_SECONDS = 5
# What pip-audit says of a service that is not there; a lock that it cannot read it tells in other words.
UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "Could not connect", "Max retries exceeded")
AUDIT = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--disable-pip", "--require-hashes"]
AUDIT += ["--progress-spinner", "off", "--timeout", str(SERVICE_SECONDS), "--format", "json"]


def main() -> int:
    """Ask within SECONDS; return the exit status of the check."""
    try:
        done = subprocess.run(AUDIT, capture_output=True, text=True, timeout=SECONDS)  # noqa: S603 - our own command
    except subprocess.TimeoutExpired:
        status, told = 0, f"skipped: the service of known holes did not answer within {SECONDS} s"
    else:
        status, told = verdict(done.stdout, done.stderr)
    sys.stdout.write(f"audit: {told}\n")
    return status


def verdict(answer: str, trouble: str) -> tuple[int, str]:
    """The exit status, and what to say, of what pip-audit wrote to its output and to its error output."""
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        if any(word in trouble for word in UNREACHABLE):
            return 0, "skipped: the service of known holes cannot be reached"
        return 1, trouble.strip() or "pip-audit said nothing"
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {' or '.join(hole['fix_versions']) or 'none'}"
        for package in packages
        for hole in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if holes:
        return 1, "\n".join(("known holes", *holes))
    if len(unknown) == len(packages):
        return 0, "skipped: the service of known holes cannot be reached, a mirror answers that has none"
    also = f"; the service does not know {', '.join(unknown)}" if unknown else ""
    return 0, f"no known hole in {len(packages) - len(unknown)} packages{also}"


if __name__ == "__main__":
    sys.exit(main())
