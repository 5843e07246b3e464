"""A WSGI application that receives bytes and keeps them, as safely as the portal: what an upload costs at least."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

CHUNK = 1024 * 1024


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """204 for what was sent, which lies on the disk by then; 200 for any other request."""
    if environ["REQUEST_METHOD"] != "POST":
        start_response("200 OK", [("Content-Length", "0")])
        return []
    with Path(os.environ["VAR_DIR"], f"{uuid4()}.raw").open("wb", buffering=0) as file:
        while chunk := environ["wsgi.input"].read(CHUNK):
            file.write(chunk)
        os.fsync(file.fileno())
    start_response("204 No Content", [])
    return []
