"""`make chaos`: deposits by several people over HTTP while everything is killed, hung and emptied (RULES.md §6).

    python -m tests.chaos --deposits 300 --faults 20 --seed 1

PostgreSQL, Valkey, two web servers, two workers and beat run on loopback, on ports and in a folder of their
own. The seed decides what is deposited, and every fault: which, after how many deposits, on what, for how
long. Afterwards the truth is read from the database, the storage and the pages, and held against what each
client was told. A table says what was found; the exit status is 1 when a promise was broken.

    orders → what each client is to deposit          faults → what is broken, and when
    client → deposits it, through browser            machines → what runs, and comes back
                     └──── records ────▶ verdict ◀──── faults, machines ────┘
"""
