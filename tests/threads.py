"""Things that happen at the same time."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run the actions in threads of their own that start together; return their results, in order."""
    barrier = threading.Barrier(len(actions))
    results = [None] * len(actions)

    def run(rank, action):
        try:
            barrier.wait(10)
            results[rank] = action()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results
