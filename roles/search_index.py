"""The index by which words within a normalised name are found, and how migrations make it.

On PostgreSQL it holds the names' trigrams beside the establishment (extensions `pg_trgm` and `btree_gin`), so a word of
three characters or more is found among the names of one establishment alone. Elsewhere it is a plain index of the same
columns, from which the names are read without their rows.
"""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, CreateExtension
from django.core.management import CommandError
from django.db import DatabaseError, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class NameIndex(GinIndex):
    """Of an establishment and a normalised name, in this order."""

    def __init__(self, *, fields: list[str], name: str) -> None:
        super().__init__(fields=fields, name=name, opclasses=["int8_ops", "gin_trgm_ops"])

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        path, arguments, options = super().deconstruct()
        del options["opclasses"]
        return path, arguments, options

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **options: Any
    ) -> Any:
        if schema_editor.connection.vendor == "postgresql":
            return super().create_sql(model, schema_editor, using=using, **options)
        return models.Index(fields=self.fields, name=self.name).create_sql(model, schema_editor, **options)


class AddNameIndex(AddIndexConcurrently):
    """While others read and write on PostgreSQL; elsewhere as any index. For migrations that are not atomic."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class NeedExtension(CreateExtension):
    """Makes a PostgreSQL extension, unless somebody has; CommandError where the portal's role may not."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except DatabaseError as error:
            raise CommandError(
                f"The database's role cannot make the extension {self.name}. Nothing was changed, and the version "
                f"before goes on. As a role that may: CREATE EXTENSION {self.name}; then migrate again "
                "(docs/operations.md)."
            ) from error

    def database_backwards(self, *arguments: Any) -> None:
        """It stays: others may use it."""
