"""A file of any kind, imported as the back office does: kept, checked, confirmed, imported."""

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook

from exchange import running
from exchange.enums import Kind, State
from exchange.models import Import
from roles.models import User

Bring = Callable[..., Import]


def begun(kind: Kind, content: bytes | str, *, by: User | None = None, name: str = "essai.csv", **more) -> Import:
    data = content.encode() if isinstance(content, str) else content
    return running.begin(kind, ContentFile(data), name=name, sha256=sha256(data).hexdigest(), by=by, **more)


def fresh(asked: Import) -> Import:
    return Import.objects.select_related("by").get(pk=asked.pk)


def checked(kind: Kind, content: bytes | str, **more) -> Import:
    asked = begun(kind, content, **more)
    running.run(asked.pk)
    return fresh(asked)


def imported(kind: Kind, content: bytes | str, **more) -> Import:
    """Checked and imported; the check has told the same."""
    asked = checked(kind, content, **more)
    assert asked.state == State.CHECKED, asked.reason
    foretold = counts(asked)
    running.confirm(asked)
    running.run(asked.pk)
    asked = fresh(asked)
    assert asked.state == State.DONE
    assert counts(asked) == foretold
    return asked


def counts(asked: Import) -> tuple[int, int, int, int]:
    """Created, changed, unchanged, refused."""
    return asked.created, asked.changed, asked.unchanged, asked.refused


def told(asked: Import) -> list[dict]:
    """What is told of its lines."""
    return [line for part in asked.parts.all() for line in part.told]


def reasons(asked: Import) -> list[tuple[int, str, str]]:
    """Line, column and sentence of each refusal."""
    return [(line["line"], title, reason) for line in told(asked) for title, reason in line["errors"]]


def workbook(*rows: list) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture(autouse=True)
def _few_lines_at_once(settings) -> None:
    """So that small files go by several stretches too."""
    settings.IMPORT_STRETCH = 3
