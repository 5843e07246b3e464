"""« Comptes et rôles »: accounts, and the roles that they hold, as a table."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from roles.accounts import links
from roles.enums import Role, RoleScope
from roles.models import Company, Establishment, RoleAssignment, User
from trail.enums import Action
from trail.recording import record

from .tables import EXPORTED_AT_ONCE, Column, Row, TableResource, as_typed, read
from .values import SIREN_DIGITS, SIRET_DIGITS, Choice, Digits, Email, Text, as_text

Held = tuple[Role, str]  # a role, and the SIREN or SIRET of what it is held on


class Place(Text):
    """A SIREN or a SIRET, whichever the number is."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = as_text(value).replace(" ", "")
        return Digits(SIREN_DIGITS if len(text) <= SIREN_DIGITS else SIRET_DIGITS).clean(text)


PLACE = Place()


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
        said = [
            read(widget, cell) or as_typed(cell)
            for widget, cell in (
                (self.fields["role"].widget, row.get(self.fields["role"].column_name)),
                (PLACE, row.get(self.fields["place"].column_name)),
            )
        ]
        key = self.key_of(row)
        return " ".join([key, *said]) if key else ""

    def load(self, rows: list[Row]) -> None:
        super().load(rows)
        places = {place for row in rows if (place := read(PLACE, row.get(self.fields["place"].column_name)))}
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
        number = read(PLACE, row[place_column.column_name])
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
        by, about = self.asked.by, {"import": self.asked.pk}
        before = self.known.get(instance.email)
        if before is None:
            instance.save(force_insert=True)
            record(Action.ADMIN_ADD, person=by, on=instance, details=about)
            if self.asked.invites and by:
                links.invite(instance, by=by)
        elif (before.first_name, before.last_name) != (instance.first_name, instance.last_name):
            instance.save(update_fields=["first_name", "last_name"])
            record(Action.ADMIN_CHANGE, person=by, on=instance, details=about)
        for role, number in sorted(instance.held - (before.held if before else frozenset())):
            place = self.places[number]
            granted = RoleAssignment(user=instance, role=role)
            setattr(granted, "company" if isinstance(place, Company) else "establishment", place)
            granted.save(force_insert=True)
            record(Action.ADMIN_ADD, person=by, on=granted, details=about)
        self.known[instance.email] = instance

    def exported(self, rows: QuerySet) -> Iterator[list[Any]]:
        """A line for each role, or one without."""
        wanted = rows.prefetch_related("role_assignments__company", "role_assignments__establishment")
        for user in wanted.iterator(chunk_size=EXPORTED_AT_ONCE):
            who = [user.email, user.first_name, user.last_name]
            held = [(one.as_role.label, number_of(one.place)) for one in user.role_assignments.all()]
            for role, place in held or [("", "")]:
                yield [*who, role, place]


def number_of(place: Company | Establishment) -> str:
    """By what a file names it."""
    return place.siren if isinstance(place, Company) else place.siret
