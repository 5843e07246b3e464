"""What the columns of each kind of file are, and what a line makes of a row: django-import-export's resources.

A resource reads a stretch of lines at a time (`import_data`): the rows that they name are loaded at once, compared,
validated, and written at once. What is equal is skipped, so a second import changes nothing. An empty cell changes
nothing in a row that is there; in a new one it leaves the default, or is refused where there is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import CheckConstraint, ForeignKey, Model, QuerySet
from django.db.models.fields import NOT_PROVIDED
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource

from roles.search import NormalisedField, normalise

from .models import Import
from .values import Text, as_text

Row = dict[str, Any]


class Column(Field):
    """A column of a file, by its title; `attribute` is of the model."""

    widget: Text

    def __init__(self, attribute: str, title: str, widget: Text | None = None, *, help_text: str = "") -> None:
        super().__init__(attribute=attribute, column_name=title, widget=widget or Text())
        self.help_text = help_text

    def shown(self, row: Model) -> Any:
        """What an export shows of a row of the database, typed as a spreadsheet likes it."""
        return self.widget.typed(self.get_value(row))


class Changes:
    """What a line changes: title, value before, value after. Made by the library, for a new row before it is filled."""

    def __init__(self, resource: "TableResource", row: Model, new: bool) -> None:
        self.before = None if new else self._told(resource, row)
        self.after: list[str] = []

    def compare_with(self, resource: "TableResource", row: Model) -> None:
        if self.before is not None:
            self.titles = [column.column_name for column in resource.columns]
            self.after = self._told(resource, row)

    def as_html(self) -> list[tuple[str, str, str]]:
        """The library's name for what is kept; of a new row, nothing."""
        if self.before is None:
            return []
        told = zip(self.titles, self.before, self.after, strict=True)
        return [(title, before, after) for title, before, after in told if before != after]

    @staticmethod
    def _told(resource: "TableResource", row: Model) -> list[str]:
        return [column.export(row) for column in resource.columns]


class StretchLoader(BaseInstanceLoader):
    """Loads the rows that a stretch of lines names, all at once."""

    resource: "TableResource"

    def __init__(self, resource: "TableResource", dataset: Any = None) -> None:
        super().__init__(resource, dataset)
        self.resource.load(dataset.dict if dataset else [])

    def get_instance(self, row: Row) -> Model | None:
        return self.resource.known.get(self.resource.key_of(row))


@dataclass
class Told:
    """What became of a line, beside its number: what it is of, what it changed, what is wrong with it."""

    key: str
    changes: list[tuple[str, str, str]]
    errors: list[tuple[str, str]]


class TableResource(ModelResource):
    """Companies, establishments, dossiers or accounts as a table.

    `checking` writes nothing. `asked` is the import that the lines belong to, which the trail names.
    """

    key: ClassVar[str]
    # What the admin's lists show of the rows is not enough for an export.
    related: ClassVar[tuple[str, ...]] = ()

    def __init__(self, asked: Import | None = None, *, checking: bool = True) -> None:
        super().__init__()
        self.asked = asked
        self.checking = checking
        self.known: dict[str, Any] = {}
        # The first line that named each key.
        self.lines: dict[str, int] = {}
        self.written: set[str] = set()

    class Meta:
        use_bulk = True
        batch_size = None
        use_transactions = True
        skip_unchanged = True
        report_skipped = True
        store_instance = True
        clean_model_instances = True
        instance_loader_class = StretchLoader

    # --- Titles ---------------------------------------------------------------------------------------------------

    @cached_property
    def columns(self) -> list[Column]:
        """The columns, in their order."""
        return [self.fields[name] for name in self._meta.fields]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The columns' titles, by what they are compared by."""
        return {normalise(column.column_name): column.column_name for column in self.columns}

    @property
    def key_column(self) -> Column:
        """The column that says which row is meant."""
        return self.fields[self.key]

    def title_of(self, typed: str) -> str | None:
        """The title that is meant, whatever the case and the accents; None for a column that is not ours."""
        return self.titles.get(normalise(typed))

    # --- A stretch of lines, as the library asks for it -----------------------------------------------------------

    def get_import_fields(self) -> list[Column]:
        return self.columns

    @classmethod
    def get_diff_class(cls) -> type[Changes]:
        return Changes

    def key_of(self, row: Row) -> str:
        """What the line says it is of, as it is stored; empty where it says nothing that can be read."""
        try:
            return str(self.key_column.clean(row)) if self._is_filled(self.key_column, row) else ""
        except ValueError:
            return ""

    def identity_of(self, row: Row) -> str:
        """What two lines of a file may not have in common."""
        return self.key_of(row)

    def notice(self, row: Row, line: int) -> None:
        """Remember where a key stands, also of a line that was done with before."""
        if identity := self.identity_of(row):
            self.lines.setdefault(identity, line)

    def before_import_row(self, row: Row, **kwargs: Any) -> None:
        """Refuse a line without its key, and one whose key stands above."""
        line = kwargs["lines"][kwargs["row_number"] - 1]
        if not self._is_filled(self.key_column, row):
            raise ValidationError(
                {self.key_column.attribute: "Cette colonne est vide : elle dit de quoi la ligne parle."}
            )
        self.notice(row, line)
        first = self.lines.get(self.identity_of(row), line)
        if first != line:
            raise ValidationError(
                {self.key_column.attribute: f"La ligne {first} dit déjà la même chose : retirez l’une des deux."}
            )

    def load(self, rows: list[Row]) -> None:
        """Load what these lines name, and hold it until they are written."""
        found = self.rows_named({key for row in rows if (key := self.key_of(row))})
        if not self.checking:
            found = found.order_by("pk").select_for_update()
        self.known = {getattr(row, self.key_column.attribute): row for row in found}
        self.written = set()

    def rows_named(self, keys: set[str]) -> QuerySet:
        """The rows of these keys."""
        return self._meta.model._default_manager.filter(**{f"{self.key_column.attribute}__in": keys}).order_by()

    def import_field(self, field: Column, instance: Model, row: Row, is_m2m: bool = False, **kwargs: Any) -> None:
        """An empty cell changes nothing."""
        if self._is_filled(field, row):
            field.save(instance, row, is_m2m, **kwargs)

    def skip_row(self, instance: Any, original: Any, row: Row, import_validation_errors: Any = None) -> bool:
        """What is as it was is skipped; a new row never is."""
        if import_validation_errors or original.pk is None:
            return False
        return all(column.get_value(instance) == column.get_value(original) for column in self.columns)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Raise ValidationError with all that is wrong. The database is asked nothing: what is named was looked up."""
        errors = dict(import_validation_errors or {})
        missing = [
            column
            for column in self.columns
            if column.attribute not in errors and column.get_value(instance) in (None, "") and self._needs(column)
        ]
        if len(missing) == 1:
            errors[missing[0].attribute] = "Cette colonne est vide : il faut la remplir pour créer la ligne."
        elif missing:
            titles = ", ".join(column.column_name for column in missing)
            errors.setdefault(self.key_column.attribute, f"Cette ligne est nouvelle, et il manque : {titles}.")
        try:
            instance.clean_fields(exclude=self._not_read | errors.keys() | {column.attribute for column in missing})
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if not errors:
            self.check(instance)
        if errors:
            raise ValidationError(errors)

    def check(self, instance: Any) -> None:
        """Raise ValidationError for what the database would refuse of a row whose fields are each right."""

    def before_save_instance(self, instance: Any, row: Row, **kwargs: Any) -> None:
        """Fill what is searched, which `bulk_update` does not, and remember which columns are to be written."""
        for field in self._searched:
            field.pre_save(instance, add=False)

    def after_import_row(self, row: Row, row_result: Any, **kwargs: Any) -> None:
        """Remember which columns were changed in this stretch."""
        changed = {title for title, *_ in row_result.diff or ()}
        self.written |= {column.attribute for column in self.columns if column.column_name in changed}

    def get_bulk_update_fields(self) -> list[str]:
        return sorted(self.written | {field.name for field in self._searched})

    def bulk_create(self, using_transactions: bool, dry_run: bool, *args: Any, **kwargs: Any) -> None:
        """A check writes nothing, not even to take it back."""
        if dry_run:
            self.create_instances.clear()
        super().bulk_create(using_transactions, dry_run, *args, **kwargs)

    def bulk_update(self, using_transactions: bool, dry_run: bool, *args: Any, **kwargs: Any) -> None:
        """A check writes nothing, not even to take it back."""
        if dry_run:
            self.update_instances.clear()
        super().bulk_update(using_transactions, dry_run, *args, **kwargs)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Not the library's: it would set the sequences of ids, while others take from them."""
        if not self.checking:
            self.tell(result)

    def tell(self, result: Any) -> None:
        """Write into the trail what is to be told of single rows."""

    # --- What is told of a line -----------------------------------------------------------------------------------

    def told(self, row: Row, row_result: Any) -> Told:
        """What became of a line, in the words of its file."""
        columns = {column.attribute.removesuffix("_id"): column.column_name for column in self.columns}
        errors: list[tuple[str, str]] = []
        if failed := row_result.validation_error:
            by_field = failed.message_dict if hasattr(failed, "error_dict") else {NON_FIELD_ERRORS: failed.messages}
            errors = [
                (columns.get(name.removesuffix("_id"), ""), message)
                for name, messages in by_field.items()
                for message in messages
            ]
        return Told(self.key_of(row) or as_typed(row.get(self.key_column.column_name)), row_result.diff or [], errors)

    # --- Out ------------------------------------------------------------------------------------------------------

    def exported(self, rows: QuerySet) -> Iterator[list[Any]]:
        """The rows of the database as lines that can be imported again, read as they are iterated over."""
        wanted = rows.select_related(*self.related) if self.related else rows
        for row in wanted.iterator(chunk_size=EXPORTED_AT_ONCE):
            yield [column.shown(row) for column in self.columns]

    # --- Within ---------------------------------------------------------------------------------------------------

    @cached_property
    def _searched(self) -> list[NormalisedField]:
        return [field for field in self._meta.model._meta.fields if isinstance(field, NormalisedField)]

    @cached_property
    def _not_read(self) -> set[str]:
        """The fields that no column fills, and relations, which were looked up."""
        fields = self._meta.model._meta.fields
        read = {column.attribute for column in self.columns}
        return {field.name for field in fields if field.name not in read or isinstance(field, ForeignKey)}

    @staticmethod
    def _is_filled(column: Column, row: Row) -> bool:
        value = row.get(column.column_name)
        return value is not None and (not isinstance(value, str) or bool(value.strip()))

    def _needs(self, column: Column) -> bool:
        field = self._meta.model._meta.get_field(column.attribute.removesuffix("_id"))
        return not field.blank and field.default is NOT_PROVIDED


EXPORTED_AT_ONCE = 1_000


def as_typed(value: Any) -> str:
    """What stands in a cell, whatever it is."""
    try:
        return as_text(value) if value is not None else ""
    except ValueError:
        return str(value)


def refusal_of(model: type[Model], constraint: str) -> str:
    """The sentence of a constraint, which stands with it."""
    found = next(one for one in model._meta.constraints if one.name == constraint)
    return str(found.violation_error_message) if isinstance(found, CheckConstraint) else ""


def read(widget: Text, value: Any) -> str:
    """What a cell means, or nothing."""
    try:
        return str(widget.clean(value)) if value is not None else ""
    except ValueError:
        return ""
