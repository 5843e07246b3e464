"""What a measure puts into a world's database for itself, and takes away again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection
from django.db.models import Model


@contextmanager
def own_table(model: type[Model]) -> Iterator[None]:
    """The table of a model that is the bench's own; a run that was killed may have left one."""
    with connection.schema_editor() as editor:
        editor.execute(f"DROP TABLE IF EXISTS {model._meta.db_table}")
        editor.create_model(model)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(model)


def take_away(deposits: Sequence[UUID]) -> None:
    """Remove deposits with all that is theirs; the trail keeps its events."""
    with connection.cursor() as cursor:
        for table in ("invoices_document", "invoices_associateddossier", "invoices_invoice"):
            cursor.execute(f"DELETE FROM {table} WHERE deposit_id = ANY(%s)", [deposits])
        cursor.execute(
            "DELETE FROM outbox_mail WHERE key IN (SELECT 'deposit:' || reference || ':' || told"
            " FROM invoices_deposit, unnest(ARRAY['received', 'transmitted']) told WHERE id = ANY(%s))",
            [deposits],
        )
        cursor.execute("DELETE FROM invoices_deposit WHERE id = ANY(%s)", [deposits])
