"""`make chaos`; see the package's words. Ctrl-C ends it, and everything that it started."""

import argparse
import os
import signal
import sys

import django

from tests.chaos.place import own_place


def main() -> int:
    """Run, and return 1 when a promise was broken, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="make chaos", description="Deposit while everything is killed.")
    parser.add_argument("--deposits", type=int, default=300, help="how many are made (300)")
    parser.add_argument("--faults", type=int, default=20, help="how many things are broken meanwhile (20)")
    parser.add_argument("--seed", type=int, default=1, help="decides every deposit and every fault (1)")
    parser.add_argument("--clients", type=int, default=8, help="how many deposit at the same time (8)")
    parser.add_argument("--cancels", type=float, default=20, help="per cent that are cancelled at the deadline (20)")
    parser.add_argument("--delay", type=int, default=8, help="TRANSMISSION_DELAY, in seconds (8)")
    parser.add_argument("--settings", default="portal.settings", help="settings of the portal (portal.settings)")
    parser.add_argument("--keep", action="store_true", help="keep the folder, with the logs of all that ran")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with own_place(asked.settings, asked.delay, keep=asked.keep) as place:
            django.setup()
            # Only now: the settings read the environment that the place has made.
            from tests.chaos.run import Options, run

            options = Options(asked.deposits, asked.faults, asked.seed, asked.clients, asked.cancels / 100)
            rows = run(options, place, say)
    except KeyboardInterrupt:
        say("Interrupted: everything was stopped.")
        return 130
    broken = sum(row.broken for row in rows)
    say(f"Seed {asked.seed}: {f'{broken} promises are broken.' if broken else 'every promise holds.'}")
    return 1 if broken else 0


def say(line: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Threads that wait for an answer are not waited for.
    os._exit(status)
