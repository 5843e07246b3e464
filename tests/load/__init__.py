"""`make load`: how quick the portal is when many come at once, and how soon much that is due is transmitted.

    python -m tests.load people --people 50 --minutes 10
    python -m tests.load due --deposits 20000

What runs is what `make chaos` runs (tests/chaos), and nothing is broken: PostgreSQL, Valkey, one web server, one
worker and beat, by the commands of production, on loopback, in a folder of their own. A table says what was measured;
the exit status is 1 when a promise was not kept. How late deposits are transmitted without faults, at any number of
them, is said by `make chaos FAULTS=0`.

    people → persons in the wizard (person), each answer timed (stopwatch)
    due    → deposits made as rows, all due at the same moment
"""
