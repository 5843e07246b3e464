"""What the columns of each kind of file are, and what a line makes of a row: django-import-export's resources.

A resource reads a stretch of lines at a time (`import_data`): the rows that they name are loaded at once, compared,
validated, and written at once. What is equal is skipped, so a second import changes nothing. An empty cell changes
nothing in a row that is there; in a new one it leaves the default, or is refused where there is none.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import CheckConstraint, ForeignKey, Model, QuerySet
from django.db.models.fields import NOT_PROVIDED
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from roles.accounts import links
from roles.enums import Role, RoleScope
from roles.models import Company, Establishment, RoleAssignment, User
from roles.search import NormalisedField, normalise
from trail.enums import Action
from trail.recording import event, record, record_all

from .enums import Kind
from .models import Import
from .values import Amount, Choice, Day, Digits, Email, Site, Text, YesOrNo, as_text

Row = dict[str, Any]
SIREN_DIGITS, SIRET_DIGITS = 9, 14


class Column(Field):
    """A column of a file, by its title; `attribute` is of the model."""

    widget: Text

    def __init__(self, attribute: str, title: str, widget: Text | None = None, *, help_text: str = "") -> None:
        super().__init__(attribute=attribute, column_name=title, widget=widget or Text())
        self.help_text = help_text

    def shown(self, row: Model) -> Any:
        """What an export shows of a row of the database, typed as a spreadsheet likes it."""
        return self.widget.typed(self.get_value(row))


class SiteColumn(Column):
    """An establishment, by its SIRET."""

    def __init__(self, attribute: str, title: str) -> None:
        super().__init__(f"{attribute}_id", title, Site())
        self.relation = attribute

    def shown(self, row: Model) -> Any:
        return getattr(row, self.relation).siret


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
        for column in self.columns:
            if column.attribute not in errors and column.get_value(instance) in (None, "") and self._needs(column):
                errors[column.attribute] = "Cette colonne est vide : il faut la remplir pour créer la ligne."
        try:
            instance.clean_fields(exclude=self._not_read | errors.keys())
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
        return Told(self.key_of(row) or _as_typed(row.get(self.key_column.column_name)), row_result.diff or [], errors)

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


def _as_typed(value: Any) -> str:
    """What stands in a cell, whatever it is."""
    try:
        return as_text(value) if value is not None else ""
    except ValueError:
        return str(value)


def refusal_of(model: type[Model], constraint: str) -> str:
    """The sentence of a constraint, which stands with it."""
    found = next(one for one in model._meta.constraints if one.name == constraint)
    return str(found.violation_error_message) if isinstance(found, CheckConstraint) else ""


class CompanyResource(TableResource):
    """« Sociétés »."""

    key = "siren"

    siren = Column("siren", "SIREN", Digits(SIREN_DIGITS), help_text="neuf chiffres ; dit quelle société")
    name = Column("name", "Nom")

    class Meta(TableResource.Meta):
        model = Company
        fields = ("siren", "name")
        import_id_fields = ("siren",)


class EstablishmentResource(TableResource):
    """« Établissements »; the company of each is the one whose SIREN its SIRET begins with."""

    key = "siret"

    siret = Column("siret", "SIRET", Digits(SIRET_DIGITS), help_text="quatorze chiffres ; dit quel établissement")
    name = Column("name", "Nom")
    api = Column("uses_convergence_api", "API Convergence", YesOrNo(), help_text="oui ou non ; non si vide")

    class Meta(TableResource.Meta):
        model = Establishment
        fields = ("siret", "name", "api")
        import_id_fields = ("siret",)

    def load(self, rows: list[Row]) -> None:
        super().load(rows)
        sirens = {key[:SIREN_DIGITS] for row in rows if (key := self.key_of(row))}
        self.sirens = set(Company.objects.filter(siren__in=sirens).values_list("siren", flat=True))

    def check(self, instance: Establishment) -> None:
        siren = instance.siret[:SIREN_DIGITS]
        if siren not in self.sirens:
            raise ValidationError(
                {"siret": f"Aucune société n’a le SIREN {siren} : vérifiez-le, ou importez d’abord les sociétés."}
            )
        instance.company_id = siren


class DossierResource(TableResource):
    """« Dossiers »."""

    key = "number"
    related = ("employer", "training_provider")

    number = Column("number", "Numéro", help_text="dit quel dossier")
    product = Column("product", "Produit", Choice(Product), help_text="code ou libellé")
    status = Column(
        "status", "Statut", Choice(DossierStatus), help_text="code ou libellé ; « En cours de saisie » si vide"
    )
    subrogated = Column("subrogated", "Subrogé", YesOrNo(), help_text="oui ou non ; oui si vide")
    employer = SiteColumn("employer", "SIRET employeur")
    training_provider = SiteColumn("training_provider", "SIRET formation")
    first_name = Column("beneficiary_first_name", "Prénom du bénéficiaire")
    last_name = Column("beneficiary_last_name", "Nom du bénéficiaire")
    title = Column("training_title", "Intitulé de la formation")
    starts_on = Column("starts_on", "Début de la formation", Day(), help_text="jour/mois/année")
    ends_on = Column("ends_on", "Fin de la formation", Day(), help_text="jour/mois/année")
    tuition = Column("granted_tuition", "Frais pédagogiques accordés (HT)", Amount(), help_text="en euros")
    ancillary = Column("granted_ancillary", "Frais annexes accordés (HT)", Amount(), help_text="en euros ; 0 si vide")

    class Meta(TableResource.Meta):
        model = Dossier
        fields = (
            *("number", "product", "status", "subrogated", "employer", "training_provider"),
            *("first_name", "last_name", "title", "starts_on", "ends_on", "tuition", "ancillary"),
        )
        import_id_fields = ("number",)

    def load(self, rows: list[Row]) -> None:
        """The dossiers, and the establishments of the lines and of the dossiers as they are."""
        super().load(rows)
        columns = [column for column in self.columns if isinstance(column, SiteColumn)]
        digits = Digits(SIRET_DIGITS)
        sirets = {siret for column in columns for row in rows if (siret := _read(digits, row.get(column.column_name)))}
        present = {getattr(dossier, column.attribute) for column in columns for dossier in self.known.values()}
        sites = Establishment.objects.order_by()
        ids = dict(sites.filter(siret__in=sirets).values_list("siret", "pk"))
        ids |= dict(sites.filter(pk__in=present - set(ids.values())).values_list("siret", "pk"))
        for column in columns:
            column.widget.know(ids)

    def check(self, instance: Dossier) -> None:
        if instance.ends_on < instance.starts_on:
            raise ValidationError({"ends_on": refusal_of(Dossier, "dossier_ends_after_it_starts")})

    def tell(self, result: Any) -> None:
        """An event for each dossier whose status changed."""
        record_all(
            event(
                Action.STATUS,
                person=self.asked.by if self.asked else None,
                on=row.instance,
                details={
                    "from": row.original.status,
                    "to": row.instance.status,
                    "import": self.asked.pk if self.asked and self.asked.pk else 0,
                },
            )
            for row in result.rows
            if row.original is not None and row.original.status != row.instance.status
        )


def _read(widget: Text, value: Any) -> str:
    """What a cell means, or nothing."""
    try:
        return str(widget.clean(value)) if value is not None else ""
    except ValueError:
        return ""


Held = tuple[Role, str]  # a role, and the SIREN or SIRET of what it is held on


class RoleColumn(Column):
    """A role that the account of a line is to hold; with it goes the company or establishment, two columns on."""

    def get_value(self, row: Any) -> frozenset[Held]:
        return row.held

    def export(self, row: Any, **kwargs: Any) -> str:
        return ", ".join(sorted(f"{role.label} ({place})" for role, place in row.held))


class PlaceColumn(Column):
    """Where the role of a line is held: shown and compared with the role."""

    def get_value(self, row: Any) -> None:
        return None

    def export(self, row: Any, **kwargs: Any) -> str:
        return ""


class AccountResource(TableResource):
    """« Comptes et rôles »: a line for each role of each account, or one without a role.

    Roles are granted, never taken away. A new account has no password; it is invited if the import says so. Accounts
    of the back office are left alone.
    """

    key = "email"

    email = Column("email", "Adresse e-mail", Email(), help_text="dit quel compte")
    first_name = Column("first_name", "Prénom")
    last_name = Column("last_name", "Nom")
    role = RoleColumn("role", "Rôle", Choice(Role), help_text="code ou libellé ; une ligne pour chaque rôle")
    place = PlaceColumn("place", "SIREN ou SIRET", help_text="de la société ou de l’établissement où le rôle est tenu")

    class Meta(TableResource.Meta):
        model = User
        fields = ("email", "first_name", "last_name", "role", "place")
        import_id_fields = ("email",)
        # An account's roles need its id, and there are thousands of accounts, not hundreds of thousands.
        use_bulk = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What a check has found to be created, for the further lines of the same account.
        self.to_come: dict[str, User] = {}

    def identity_of(self, row: Row) -> str:
        """The same account may stand on several lines, not with the same role at the same place."""
        read = [
            _read(widget, cell) or _as_typed(cell)
            for widget, cell in (
                (self.fields["role"].widget, row.get(self.fields["role"].column_name)),
                (PLACE, row.get(self.fields["place"].column_name)),
            )
        ]
        key = self.key_of(row)
        return " ".join([key, *read]) if key else ""

    def load(self, rows: list[Row]) -> None:
        super().load(rows)
        places = {place for row in rows if (place := _read(PLACE, row.get(self.fields["place"].column_name)))}
        companies = Company.objects.filter(siren__in=places).order_by()
        sites = Establishment.objects.filter(siret__in=places).order_by()
        self.places: dict[str, Company | Establishment] = {one.siren: one for one in companies}
        self.places |= {one.siret: one for one in sites}
        for user in self.known.values():
            user.held = frozenset()
        held = RoleAssignment.objects.filter(user__in=self.known.values()).order_by()
        for assignment in held.select_related("user", "company", "establishment"):
            user = self.known[assignment.user.email]
            user.held |= {(assignment.as_role, number_of(assignment.place))}
        self.known |= {email: user for email, user in self.to_come.items() if email not in self.known}

    def get_instance(self, instance_loader: Any, row: Row) -> User | None:
        """A copy: of a line that is refused nothing may stay on the account, which further lines may be of."""
        return copy(self.known.get(self.key_of(row)))

    def init_instance(self, row: Row | None = None) -> User:
        """An account that its person is to open by an invitation."""
        user = User()
        user.held = frozenset()  # type: ignore[attr-defined]
        user.set_unusable_password()
        return user

    def import_instance(self, instance: Any, row: Row, **kwargs: Any) -> None:
        """Names, and the role in place of its two columns."""
        errors: dict[str, Any] = {}
        for column in self.columns[:3]:
            try:
                self.import_field(column, instance, row)
            except ValueError as error:
                errors[column.attribute] = ValidationError(str(error))
        try:
            instance.held |= self._granted(row)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def _granted(self, row: Row) -> frozenset[Held]:
        """The role that a line grants, if it does. Raises ValidationError."""
        role_column, place_column = self.fields["role"], self.fields["place"]
        filled = [self._is_filled(column, row) for column in (role_column, place_column)]
        if not any(filled):
            return frozenset()
        if not all(filled):
            missing = place_column if filled[0] else role_column
            raise ValidationError(
                {missing.attribute: "Cette colonne est vide : un rôle et l’endroit où il est tenu vont ensemble."}
            )
        try:
            role = Role[role_column.clean(row)]
        except ValueError as error:
            raise ValidationError({"role": str(error)}) from None
        number = _read(PLACE, row[place_column.column_name])
        place = self.places.get(number)
        if place is None:
            raise ValidationError(
                {"place": f"Aucune société ni établissement n’a le numéro {number} : vérifiez-le, ou importez-le."}
            )
        if isinstance(place, Company) != (role.scope == RoleScope.COMPANY):
            wanted = "d’une société" if role.scope == RoleScope.COMPANY else "d’un établissement"
            digits = "SIREN" if role.scope == RoleScope.COMPANY else "SIRET"
            raise ValidationError({"place": f"Ce rôle se tient auprès {wanted} : indiquez un {digits}."})
        return frozenset({(role, number)})

    def validate_instance(
        self, instance: User, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Raise ValidationError with all that is wrong, also where the account is not to be changed here."""
        errors = dict(import_validation_errors or {})
        if instance.is_staff or instance.is_superuser:
            errors["email"] = "Ce compte ouvre le back-office : modifiez-le dans sa page."
        elif not instance.is_active:
            errors["email"] = "Ce compte est désactivé : réactivez-le d’abord dans sa page."
        try:
            instance.clean_fields(exclude=self._not_read | errors.keys())
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def skip_row(self, instance: Any, original: Any, row: Row, import_validation_errors: Any = None) -> bool:
        """As of any row; an account that a check is to create counts as there."""
        if import_validation_errors or instance.email not in self.known:
            return False
        return all(column.get_value(instance) == column.get_value(original) for column in self.columns)

    def save_instance(self, instance: Any, is_create: bool, row: Row, **kwargs: Any) -> None:
        """Write the account and the roles that it has not yet, invite it if asked, and tell of it."""
        if self.checking:
            self.to_come.setdefault(instance.email, instance)
            self.known[instance.email] = instance
            return
        assert self.asked is not None  # noqa: S101 - what writes is an import
        about = {"person": self.asked.by, "details": {"import": self.asked.pk}}
        before = self.known.get(instance.email)
        if before is None:
            instance.save(force_insert=True)
            record(Action.ADMIN_ADD, on=instance, **about)
            if self.asked.invites and self.asked.by:
                links.invite(instance, by=self.asked.by)
        elif (before.first_name, before.last_name) != (instance.first_name, instance.last_name):
            instance.save(update_fields=["first_name", "last_name"])
            record(Action.ADMIN_CHANGE, on=instance, **about)
        for role, number in sorted(instance.held - (before.held if before else frozenset())):
            place = self.places[number]
            granted = RoleAssignment(user=instance, role=role)
            setattr(granted, "company" if isinstance(place, Company) else "establishment", place)
            granted.save(force_insert=True)
            record(Action.ADMIN_ADD, on=granted, **about)
        self.known[instance.email] = instance

    def exported(self, rows: QuerySet) -> Iterator[list[Any]]:
        """A line for each role, or one without."""
        wanted = rows.prefetch_related("role_assignments__company", "role_assignments__establishment")
        for user in wanted.iterator(chunk_size=EXPORTED_AT_ONCE):
            who = [user.email, user.first_name, user.last_name]
            held = [(one.as_role.label, number_of(one.place)) for one in user.role_assignments.all()]
            for role, place in held or [("", "")]:
                yield [*who, role, place]


class Place(Text):
    """A SIREN or a SIRET, whichever the number is."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = as_text(value).replace(" ", "")
        return Digits(SIREN_DIGITS if len(text) <= SIREN_DIGITS else SIRET_DIGITS).clean(text)


PLACE = Place()


def number_of(place: Company | Establishment) -> str:
    """By what a file names it."""
    return place.siren if isinstance(place, Company) else place.siret


RESOURCES: dict[Kind, type[TableResource]] = {
    Kind.COMPANIES: CompanyResource,
    Kind.ESTABLISHMENTS: EstablishmentResource,
    Kind.DOSSIERS: DossierResource,
    Kind.ACCOUNTS: AccountResource,
}
