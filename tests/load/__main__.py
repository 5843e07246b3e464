"""`make load`; see the package's words. Ctrl-C ends it, and everything that it started."""

import argparse

from tests.chaos.command import in_place, leave, say
from tests.chaos.place import Place


def main() -> int:
    """Measure, and return 1 when a promise was not kept, 130 when interrupted."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--seed", type=int, default=1, help="decides what is deposited, and every pause (1)")
    shared.add_argument("--settings", default="portal.settings", help="settings of the portal (portal.settings)")
    shared.add_argument("--keep", action="store_true", help="keep the folder, with the logs of all that ran")
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="Measure the portal under load.")
    kinds = parser.add_subparsers(dest="kind", required=True)

    people = kinds.add_parser("people", parents=[shared], help="people in the wizard at the same time")
    people.add_argument("--people", type=int, default=50, help="how many (50)")
    people.add_argument("--minutes", type=float, default=10, help="for how long they begin deposits (10)")
    people.add_argument("--megabytes", type=float, default=2, help="size of each PDF (2)")
    people.add_argument("--pause", type=float, default=5, help="mean seconds of thought before each action (5)")
    people.add_argument("--limit", type=float, default=1, help="seconds below which the p95 of each action is (1)")
    people.add_argument("--delay", type=int, default=60, help="TRANSMISSION_DELAY, in seconds (60)")

    due = kinds.add_parser("due", parents=[shared], help="deposits that are due at the same moment")
    due.add_argument("--deposits", type=int, default=20_000, help="how many (20000)")
    due.add_argument("--limit", type=float, default=60, help="seconds in which all are transmitted (60)")
    due.add_argument("--memory", type=float, default=300, help="megabytes below which the worker stays (300)")
    asked = parser.parse_args()

    def go(place: Place) -> int:
        # Only now: the settings read the environment that the place has made.
        from tests.load import due, people

        if asked.kind == "people":
            wanted = people.Options(
                asked.people, asked.minutes * 60, asked.megabytes, asked.pause, asked.limit, asked.seed
            )
            rows = people.run(wanted, place, say)
        else:
            rows = due.run(due.Options(asked.deposits, asked.limit, asked.memory, asked.seed), place, say)
        broken = sum(row.broken for row in rows)
        say(f"{broken} promises are broken." if broken else "Every promise holds.")
        return 1 if broken else 0

    if asked.kind == "people":
        return in_place(go, settings=asked.settings, delay=asked.delay, webs=1, keep=asked.keep)
    # Nothing is asked of a web server, and no delay begins: the deposits are made as rows.
    return in_place(go, settings=asked.settings, delay=900, webs=0, keep=asked.keep)


if __name__ == "__main__":
    leave(main())
