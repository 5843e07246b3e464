"""`make bench`; see the package's words. Ctrl-C ends it, and everything that it started."""

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import django

from tests.bench.world import World, database_of, drop, own_place

ROUNDS, SMALL_ROUNDS = 5, 1
DOSSIERS, SMALLER = 1_000_000, 10_000
INTERRUPTED = 130


def main() -> int:
    """Measure, and return 1 when a promise was not kept, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the portal side by side with its limits.")
    parser.add_argument("--small", action="store_true", help="a minute's run that judges shape, never times")
    parser.add_argument("--rounds", type=int, help=f"how often the contestants take turns ({ROUNDS})")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these measures alone")
    parser.add_argument("--dossiers", type=int, help=f"how many there are ({DOSSIERS}; {SMALLER} with --small)")
    parser.add_argument("--write", action="store_true", help="leave table and plot of these measures in docs/bench/")
    parser.add_argument("--drop", action="store_true", help="remove the databases that were kept, and do nothing else")
    asked = parser.parse_args()
    dossiers = asked.dossiers or (SMALLER if asked.small else DOSSIERS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with own_place() as folder:
            if asked.drop:
                for size in {dossiers, SMALLER}:
                    drop(database_of(size))
                return 0
            django.setup()
            rounds = asked.rounds or (SMALL_ROUNDS if asked.small else ROUNDS)
            return go(folder, dossiers, rounds, asked.only, small=asked.small, write=asked.write)
    except KeyboardInterrupt:
        say("Interrupted: everything was stopped.")
        return INTERRUPTED


def go(folder: Path, dossiers: int, rounds: int, names: list[str], *, small: bool, write: bool) -> int:
    """Measure in this place; say what came out, and write it down where that is asked."""
    from django.core.management import call_command

    from tests.bench import measure, reading, report, sending, uploading

    call_command("collectstatic", interactive=False, verbosity=0)
    measures = measure.wanted([*reading.MEASURES, *sending.MEASURES, *uploading.MEASURES], names)
    results: list[measure.Result] = []
    told: list[str] = []
    with ExitStack() as stack:
        world = stack.enter_context(World(dossiers, folder, say, small=small))
        smaller = None if small else stack.enter_context(World(SMALLER, folder, say))
        for one in measures:
            if small and not one.shape:
                continue
            say(f"{one.title} …")
            found = [measure.run(one, world, rounds)]
            if smaller and one.grows:
                found.append(measure.run_growth(one, smaller, world, rounds))
            for line in report.table(found):
                say(line)
            results += found
            told = [
                f"{dossiers:,} dossiers, {dossiers // 5:,} deposits; medians of {rounds} interleaved rounds; "
                f"{os.cpu_count()} cores, all on one machine, "
                f"which had {os.getloadavg()[2]:.0f} processes to run in the last quarter of an hour",
                "",
                *report.table(results),
            ]
            if write:  # after each: a run may be cut
                report.write(told, results)
    for line in told:
        say(line)
    broken = sum(len(result.broken) for result in results)
    say(f"{broken} promises are not kept." if broken else "Every promise is kept.")
    return 1 if broken else 0


def say(line: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
