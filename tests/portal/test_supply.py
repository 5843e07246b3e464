"""What the portal is made of: locks with hashes that agree, nothing that nothing uses, no secret, no known hole."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.conf import settings

from tools.audit import verdict

ROOT = Path(settings.BASE_DIR)
LOCKS = ("requirements.lock", "requirements-production.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Direct dependencies that no module imports, and what they are for.
NOT_IMPORTED = {
    "psycopg": "Django's driver of PostgreSQL",
    "tzdata": "zoneinfo reads it",
}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def name_of(requirement: str) -> str:
    """A requirement's package, as it is compared."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def locked(lock: str) -> dict[str, tuple[str, int]]:
    """Of each package in a lock with its marker: the version, and how many hashes it has."""
    found = {}
    for block in re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.I):
        if "==" in block and not block.startswith("#"):
            requirement = block.partition(" \\")[0]
            package, _, version = requirement.partition("==")
            found[name_of(package) + version.partition(";")[2]] = (version.split()[0], len(HASH.findall(block)))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes(lock: str) -> None:
    packages = locked(lock)
    assert len(packages) > 30
    lines = [line for line in (ROOT / lock).read_text().splitlines() if re.match(r"[a-z0-9]", line, re.I)]
    assert len(lines) == len(packages)
    assert [package for package, (_, hashes) in packages.items() if not hashes] == []


def test_the_locks_agree() -> None:
    everything = locked("requirements-dev.lock")
    for lock in LOCKS[:2]:
        assert {name: version for name, (version, _) in locked(lock).items()}.items() <= {
            name: version for name, (version, _) in everything.items()
        }.items(), lock


def imported(folders: list[Path]) -> set[str]:
    """The top-level modules that our own code imports, or names in the settings."""
    found = set()
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module)
    apps = [*settings.INSTALLED_APPS, *settings.MIDDLEWARE]
    return {name.partition(".")[0] for name in {*found, *apps}}


def test_each_dependency_earns_its_place() -> None:
    ours = [ROOT / name for name in ("dossiers", "exchange", "invoices", "outbox", "portal", "roles", "trail")]
    distributions = packages_distributions()
    used = {name_of(of) for module in imported(ours) for of in distributions.get(module, ())}
    wanted = {name_of(requirement) for requirement in PROJECT["dependencies"]}
    assert wanted - used - set(NOT_IMPORTED) == set()
    assert set(NOT_IMPORTED) <= wanted - used, "named as not imported, and imported"


def scan(*paths: Path) -> subprocess.CompletedProcess[str]:
    """The scan of `make check`, on a copy of the baseline: it may rewrite it."""
    return subprocess.run(
        [Path(sys.executable).parent / "detect-secrets-hook", "--baseline", paths[0].parent / "baseline", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("kind", "planted"),
    [
        ("Private Key", "-----BEGIN " + "RSA PRIVATE KEY-----"),
        ("AWS Access Key", "key = 'AKIA" + "IOSFODNN7QRSTUVW'"),
        ("Basic Auth Credentials", "url = 'postgres://portail:" + "fae6Ohqu4@db/portail'"),
        ("Hex High Entropy String", "token = '" + "9c3f1e7ab2d84065f1c09e6d7b3a5824'"),
    ],
)
def test_a_planted_secret_is_found(tmp_path: Path, kind: str, planted: str) -> None:
    shutil.copy(ROOT / ".secrets.baseline", tmp_path / "baseline")
    (tmp_path / "settings.py").write_text(f"{planted}\n")
    found = scan(tmp_path / "settings.py")
    assert found.returncode == 1
    assert kind in found.stdout


def test_the_baseline_forgives_nothing() -> None:
    """What is no secret is said so beside it, where the next reader sees it."""
    assert json.loads((ROOT / ".secrets.baseline").read_text())["results"] == {}


def answer(*packages: dict) -> str:
    return json.dumps({"dependencies": list(packages)})


SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
HOLED = {"name": "pypdf", "version": "7.1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["7.1.1"]}]}
UNKNOWN = {"name": "six", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("output", "trouble", "status", "told"),
    [
        (answer(SOUND), "", 0, "no known hole in 1 packages"),
        (answer(SOUND, UNKNOWN), "", 0, "does not know six"),
        (answer(SOUND, HOLED), "Found 1 known vulnerability", 1, "pypdf 7.1.0: PYSEC-2026-1, mended in 7.1.1"),
        (answer(UNKNOWN), "", 0, "skipped: "),
        ("", "requests.exceptions.ConnectionError: Max retries exceeded", 0, "skipped: "),
        ("", "requirement six is not pinned", 1, "six is not pinned"),
        ("", "", 1, "said nothing"),
    ],
)
def test_an_audit_fails_for_a_hole_and_not_for_a_network(output: str, trouble: str, status: int, told: str) -> None:
    given, sentence = verdict(output, trouble)
    assert (given, told in sentence) == (status, True), sentence
