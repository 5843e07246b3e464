"""`python -m tests.fuzz`: a long run, on a database and a folder of its own."""

import argparse
import logging
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> int:
    """Print the table; 0 where every request was answered, 1 where one was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()

    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    from tests.fuzz.place import make_place
    from tests.fuzz.run import run

    logging.disable(logging.CRITICAL)
    setup_test_environment()
    settings.DOCUMENT_ROOT.mkdir(parents=True, exist_ok=True)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        report = run(make_place(), requests=chosen.requests, number=chosen.seed)
    finally:
        teardown_databases(databases, verbosity=0)
    print(report.table())  # noqa: T201 - a command's output
    print(f"{report.total} requests, seed {chosen.seed}: {len(report.faults)} faults")  # noqa: T201
    for fault in report.faults[:20]:
        print(f"\n{fault}")  # noqa: T201
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
