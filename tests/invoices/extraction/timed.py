"""In the box, in the probe's place: the probe, whose second line is the seconds of the processor that reading took.

For measure.py. What reading takes is what the processor did between the verdict and the reading.
"""

import json
import runpy
import time
from pathlib import Path

PROBE = runpy.run_path(str(Path(__file__).parents[3] / "invoices" / "pdf" / "probe.py"))


def main() -> None:
    dumps = json.dumps
    at_verdict: list[float] = []

    def timed(value: object) -> str:
        if at_verdict:
            return dumps(time.process_time() - at_verdict[0])
        at_verdict.append(time.process_time())
        return dumps(value)

    json.dumps = timed  # type: ignore[assignment]
    PROBE["main"]()
