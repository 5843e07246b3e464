"""The run in figures, and the table that it ends with."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import quantiles

from django.conf import settings

from invoices.models import Deposit
from tests.chaos.client import Record, Told
from tests.chaos.faults import OF_THE_BROKER, Fault, Kind
from tests.chaos.machines import Machines
from tests.chaos.verdict import Row

NAMED = 3  # offenders of a promise
WORDS_WIDTH = 62
# What « Transmettre » may take with the broker away; how late a deposit may be without faults, and with them.
ACCEPT_SECONDS = 5.0
LATE_SECONDS = 5.0
RECOVERY_SECONDS = 15.0
# What a process needs from its start to its first work, on a machine that has much to do.
BOOT_SECONDS = 6.0


def promises(rows: Sequence[Row]) -> Iterable[str]:
    """The table of what was promised; a broken one is marked, with its first offenders below."""
    yield f"{'promised':<{WORDS_WIDTH}} {'expected':>9} {'found':>9}"
    for row in rows:
        yield f"{row.promise:<{WORDS_WIDTH}} {row.expected:>9} {row.found:>9}{'   BROKEN' if row.broken else ''}"
        for offender in row.offenders[:NAMED]:
            yield f"    {offender}"
        if len(row.offenders) > NAMED:
            yield f"    and {len(row.offenders) - NAMED} more"


def spread(seconds: Sequence[float], limit: float | None = None) -> str:
    """« p50 0.1 s, p95 0.3 s, p99 0.4 s, max 0.5 s (of 120) », and whether the limit holds for the last."""
    if not seconds:
        return "none"
    p50, p95, p99, most = percentiles(seconds)
    words = f"p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, max {most:.2f} s (of {len(seconds)})"
    if limit is not None:
        words += f", at most {limit:g} s: {'yes' if most <= limit else 'NO'}"
    return words


def percentiles(values: Sequence[float]) -> tuple[float, float, float, float]:
    """The 50th, the 95th and the 99th percentile, and the largest; of one value at least."""
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [*values] * 99
    return cuts[49], cuts[94], cuts[98], max(values)


def times_to_accept(records: Sequence[Record], faults: Sequence[Fault]) -> Iterable[tuple[str, str]]:
    """How long « Transmettre » took where an answer came, and with the broker away."""
    answered = [record for record in records if record.told == Told.YES and not record.broken_lines]
    away = [fault for fault in faults if fault.kind in OF_THE_BROKER]

    def met(record: Record, these: Sequence[Fault]) -> bool:
        return any(fault.touches(record.pressed_at, record.answered_at) for fault in these)

    def took(these: Iterable[Record]) -> list[float]:
        return [record.answered_at - record.pressed_at for record in these]

    yield "accepted after", spread(took(answered))
    for kind in sorted(OF_THE_BROKER):
        these = [fault for fault in away if fault.kind == kind]
        others = [fault for fault in faults if fault.kind not in OF_THE_BROKER and fault.kind is not Kind.FLUSH]
        alone = [record for record in answered if met(record, these) and not met(record, others)]
        yield f"  {kind}", spread(took(alone), ACCEPT_SECONDS)


def latenesses(faults: Sequence[Fault]) -> Iterable[tuple[str, str]]:
    """How long after the end of their delay deposits were transmitted."""
    near, far, after_recovery = [], [], []
    for submitted, due, done in Deposit.objects.filter(transmitted_at__isnull=False).values_list(
        "submitted_at", "transmit_at", "transmitted_at"
    ):
        begin, end = submitted.timestamp(), due.timestamp()
        late = done.timestamp() - end
        # Whatever was broken while it waited may have taken its trigger.
        met = [fault for fault in faults if fault.touches(begin - BOOT_SECONDS, done.timestamp())]
        (near if met else far).append(late)
        if met:
            healed = max((fault.healed_at or 0) + BOOT_SECONDS for fault in met)
            after_recovery.append(max(0.0, done.timestamp() - max(end, healed)))
    yield "late, no fault while it waited", spread(far, LATE_SECONDS)
    yield "late, a fault while it waited", spread(near)
    sweep = settings.TRANSMISSION_SWEEP_SECONDS
    yield f"  after recovery (sweep {sweep} s)", spread(after_recovery, sweep + RECOVERY_SECONDS)


def figures(
    records: Sequence[Record], faults: Sequence[Fault], machines: Machines, statuses: Sequence[str], seconds: float
) -> Iterable[tuple[str, str]]:
    """What is told beside the promises, as a label and words each."""
    kinds = Counter(fault.kind for fault in faults if fault.fired_at)
    cancels = Counter(record.cancel_told for record in records if record.cancel_told)
    yield "deposits", f"{sum(record.told == Told.YES for record in records)} in {seconds:.0f} s"
    yield "  lines broken at « Transmettre »", str(sum(record.broken_lines for record in records))
    yield "  pressed twice", str(sum(record.order.pressed_twice for record in records))
    yield "  refused at first, and taken then", str(sum(len(record.refusals) for record in records))
    yield "looks into associated dossiers meanwhile", str(sum(len(record.sightings) for record in records))
    yield "cancelled at the deadline", ", ".join(f"{told} {cancels[told]}" for told in Told)
    yield "faults", str(kinds.total())
    for kind in Kind:
        yield f"  {kind}", str(kinds[kind])
    ended = [f"{machine.name}: {len(machine.unplanned)}" for machine in machines if machine.unplanned]
    yield "ended without being killed", ", ".join(ended) or "none"
    yield "answers", ", ".join(f"{status}: {times}" for status, times in sorted(Counter(statuses).items()))
    yield from times_to_accept(records, faults)
    yield from latenesses(faults)
    for kind, size in sorted(machines.memory.items()):
        yield f"memory, largest process of {kind}", f"{size / 2**20:.0f} MiB" if size else "not told here"
