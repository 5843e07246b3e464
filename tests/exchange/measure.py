"""How long a large import takes, and how much memory: `python -m tests.exchange.measure --lines 100000 --bad 50`.

On a database of its own: SQLite's, or one of the server that DATABASE_URL names. Imports a file of dossiers by
`manage.py import_dossiers`, then again, then another one that is killed half-way and gone on with.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from openpyxl import Workbook

from tests.exchange.tables import TITLES, dossiers, write_csv
from tests.stack import own_database

ROOT = Path(__file__).resolve().parents[2]
SITES = 200
PREPARE = f"""
from tests.factories import CompanyFactory, EstablishmentFactory
company = CompanyFactory()
print(*(EstablishmentFactory(company=company).siret for _ in range({SITES})))
"""
PROGRESS = """
from exchange.models import Import
print(*Import.objects.order_by("-pk").values_list("state", "line").first())
"""
# The sweep, as a worker runs it, but for a claim that nobody holds any more.
GO_ON = """
from exchange import running
from exchange.models import Import
Import.objects.update(runner=None)
running.run_waiting()
asked = Import.objects.order_by("-pk").first()
counts = {name: getattr(asked, name) for name in ("created", "changed", "unchanged", "refused")}
print(asked.state, counts)
from dossiers.models import Dossier
print("dossiers in the database:", Dossier.objects.count())
"""


class Portal:
    """Commands of the portal, each a process."""

    def __init__(self, folder: Path, database: str) -> None:
        self.env = os.environ | {"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
        self.env |= {"SECRET_KEY": "measure", "LOG_LEVEL": "WARNING"} | ({"DATABASE_URL": database} if database else {})

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, stdout=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str) -> str:
        """What a command prints; beneath it, what it took."""
        began = time.monotonic()
        process = self.start(*arguments)
        output, _ = process.communicate()
        assert process.returncode == 0, output
        return f"{output}  [{time.monotonic() - began:.1f} s]"

    def measured(self, *arguments: str) -> str:
        """As `run`, with the peak of its memory."""
        began = time.monotonic()
        process = self.start(*arguments)
        assert process.stdout
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, output
        seconds, busy = time.monotonic() - began, usage.ru_utime + usage.ru_stime
        return f"{output}  [{seconds:.1f} s, of which {busy:.1f} s of CPU, peak RSS {usage.ru_maxrss // 1024} MB]"


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--bad", type=int, default=50)
    parser.add_argument("--xlsx", action="store_true", help="a workbook rather than CSV")
    wanted = parser.parse_args()
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="portal-measure-")))
        server = os.environ.get("DATABASE_URL", "")
        portal = Portal(folder, resources.enter_context(own_database(server)) if server.startswith("postgres") else "")
        portal.run("migrate", "-v0")
        sirets = portal.run("shell", "-v0", "-c", PREPARE).split()[:SITES]
        path, other = (folder / f"{name}.{'xlsx' if wanted.xlsx else 'csv'}" for name in ("dossiers", "other"))
        write = write_xlsx if wanted.xlsx else write_csv
        write(path, dossiers(sirets, wanted.lines, bad=wanted.bad))
        write(other, dossiers(sirets, wanted.lines, bad=wanted.bad, start=wanted.lines))
        print(f"{wanted.lines} lines, {wanted.bad} of them wrong, {path.stat().st_size // 2**20} MB")  # noqa: T201 - a command's output
        report = folder / "report.csv"
        print("nothing:", portal.measured("check"))  # noqa: T201 - a command's output
        began = time.monotonic()
        print("first:", portal.measured("import_dossiers", str(path), "--report", str(report)))  # noqa: T201 - a command's output
        took = time.monotonic() - began
        lines = report.read_text().splitlines()
        print(f"the report has {len(lines) - 1} lines, {sum(';Refusé;' in line for line in lines)} of them refusals")  # noqa: T201 - a command's output
        print("again:", portal.measured("import_dossiers", str(path)))  # noqa: T201 - a command's output
        process = portal.start("import_dossiers", str(other))
        # The check is over by then, and the import is not.
        time.sleep(took * 0.75)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        print("killed:", portal.run("shell", "-v0", "-c", PROGRESS))  # noqa: T201 - a command's output
        print("gone on with:", portal.measured("shell", "-v0", "-c", GO_ON))  # noqa: T201 - a command's output


def write_xlsx(path: Path, lines: Iterable[dict[str, str]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(TITLES)
    for line in lines:
        sheet.append(list(line.values()))
    book.save(path)


if __name__ == "__main__":
    main()
