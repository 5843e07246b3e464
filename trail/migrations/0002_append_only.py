"""The database itself refuses to change an event, to empty the table, and to remove a row before its time.

The one door (trail/retention.py): a row older than a year goes, on PostgreSQL in a transaction that has said
`set_config('trail.forgetting', 'on', true)`. Whoever owns the table can take the triggers away: docs/trail.md says
how an operator keeps that from the portal's own role.

A later migration that alters this table must make SQLite's triggers again: Django copies the table there, and drops
the old one with its triggers.
"""

from django.db import migrations

POSTGRESQL = (
    """
    CREATE FUNCTION trail_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('trail.forgetting', true) = 'on'
            AND OLD.at < statement_timestamp() - interval '1 year'
        THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'The trail is append-only: % of trail_event is refused.', TG_OP
            USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
    END
    $$
    """,
    """
    CREATE TRIGGER trail_event_append_only BEFORE UPDATE OR DELETE ON trail_event
    FOR EACH ROW EXECUTE FUNCTION trail_event_refuse()
    """,
    """
    CREATE TRIGGER trail_event_never_emptied BEFORE TRUNCATE ON trail_event
    FOR EACH STATEMENT EXECUTE FUNCTION trail_event_refuse()
    """,
)
POSTGRESQL_BACK = (
    "DROP TRIGGER trail_event_never_emptied ON trail_event",
    "DROP TRIGGER trail_event_append_only ON trail_event",
    "DROP FUNCTION trail_event_refuse()",
)
# RAISE takes no expression before SQLite 3.47: a sentence each.
SQLITE = (
    """
    CREATE TRIGGER trail_event_no_update BEFORE UPDATE ON trail_event
    BEGIN SELECT RAISE(ABORT, 'The trail is append-only: UPDATE of trail_event is refused.'); END
    """,
    """
    CREATE TRIGGER trail_event_no_delete BEFORE DELETE ON trail_event WHEN OLD.at >= datetime('now', '-1 year')
    BEGIN SELECT RAISE(ABORT, 'The trail is append-only: DELETE of trail_event is refused.'); END
    """,
    # INSERT OR REPLACE removes the row that is there without asking the trigger above.
    """
    CREATE TRIGGER trail_event_no_replace BEFORE INSERT ON trail_event
    WHEN EXISTS (SELECT 1 FROM trail_event WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'The trail is append-only: REPLACE of trail_event is refused.'); END
    """,
)
SQLITE_BACK = (
    "DROP TRIGGER trail_event_no_replace",
    "DROP TRIGGER trail_event_no_delete",
    "DROP TRIGGER trail_event_no_update",
)


def close(apps, schema_editor):
    run(schema_editor, {"postgresql": POSTGRESQL, "sqlite": SQLITE})


def open_again(apps, schema_editor):
    run(schema_editor, {"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK})


def run(schema_editor, statements):
    """KeyError on a database for which nobody wrote how it refuses."""
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("trail", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(close, open_again),
    ]
