"""`make chaos`; see the package's words. Ctrl-C ends it, and everything that it started."""

import argparse

from tests.chaos.command import in_place, leave, say
from tests.chaos.place import Place


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

    def go(place: Place) -> int:
        # Only now: the settings read the environment that the place has made.
        from tests.chaos.run import Options, run

        options = Options(asked.deposits, asked.faults, asked.seed, asked.clients, asked.cancels / 100)
        broken = sum(row.broken for row in run(options, place, say))
        say(f"Seed {asked.seed}: {f'{broken} promises are broken.' if broken else 'every promise holds.'}")
        return 1 if broken else 0

    return in_place(go, settings=asked.settings, delay=asked.delay, keep=asked.keep)


if __name__ == "__main__":
    leave(main())
