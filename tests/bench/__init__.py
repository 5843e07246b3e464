"""`make bench`: the portal side by side with its limits and with what stock tools would give, at a million dossiers.

    DATABASE_URL=postgres://… REDIS_URL=redis://… python -m tests.bench [--small] [--rounds 5] [--only NAME…] [--write]

Makes its own data, in databases of its own on that server (`portal_bench_…`), which are kept for the next run
(`--drop` removes them). Each measure names its contestants, which take turns, round by round, and promises of them; a
table says what came out, as medians with their spread. `--write` leaves it in docs/bench/, with a plot.

`--small` is a minute's run that judges shape alone: numbers of queries, plans. No time is ever judged there.

    measure → what is measured, what is promised, the rounds        world → a database of some size, what serves it
       └─ reading, sending, uploading → the measures themselves      └─ data → its rows
    report → the table and the plot
"""
