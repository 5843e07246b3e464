"""The form of one role of one person: what the role is granted on must be what it asks for (RULES.md §3)."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .enums import Role, RoleScope, Side
from .models import Company, Establishment, RoleAssignment

NO_NUMBER = "Indiquez les neuf chiffres d’un SIREN, ou les quatorze d’un SIRET."
UNKNOWN_SIREN = "Aucune société n’a ce SIREN."
UNKNOWN_SIRET = "Aucun établissement n’a ce SIRET."
TWO_PLACES = "Choisissez dans la liste ou par le numéro : pas les deux."
PLACE = {RoleScope.COMPANY: "une société", RoleScope.ESTABLISHMENT: "un établissement"}
Choices = list[tuple[str, str | list[tuple[str, str]]]]


def roles_by_side(scope: RoleScope | None = None) -> Choices:
    """The roles for a list, grouped by side and by what they are granted on; with `scope` those of that scope."""
    groups: Choices = [("", "---------")]
    for side in Side:
        for kind in RoleScope:
            roles = [(role.value, role.label) for role in Role if (role.side, role.scope) == (side, kind)]
            if scope in (None, kind):
                groups.append((f"{side.label}, sur {PLACE[kind]}", roles))
    return groups


class RoleAssignmentForm(forms.ModelForm):
    """A role, and the company or the establishment that it is granted on: chosen, or named by its number.

    The number does without the lists that are filled while one types, and so without JavaScript.
    """

    number = forms.CharField(label="ou SIREN, SIRET", required=False, max_length=20)

    class Meta:
        model = RoleAssignment
        fields = ("user", "role", "company", "establishment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" not in self.fields:  # only looked at
            return
        # Another role on the same place is one of the same scope.
        held = self.instance.as_role.scope if self.instance.pk else None
        self.fields["role"].choices = roles_by_side(held)  # type: ignore[attr-defined]
        self.fields["number"].widget.attrs |= {"size": 13, "inputmode": "numeric"}

    def clean_number(self) -> Company | Establishment | None:
        """The place that the number names."""
        number = "".join(self.cleaned_data["number"].split())
        if not number:
            return None
        if not (number.isascii() and number.isdecimal() and len(number) in (9, 14)):
            raise ValidationError(NO_NUMBER)
        place: Company | Establishment | None
        if len(number) == 9:
            place, unknown = Company.objects.filter(siren=number).first(), UNKNOWN_SIREN
        else:
            place, unknown = Establishment.objects.filter(siret=number).first(), UNKNOWN_SIRET
        if place is None:
            raise ValidationError(unknown)
        return place

    def clean(self) -> dict[str, Any]:
        """One place, of the kind that the role asks for."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        place = cleaned.get("number")
        if place:
            if cleaned.get("company") or cleaned.get("establishment"):
                self.add_error("number", TWO_PLACES)
                return cleaned
            cleaned["company" if isinstance(place, Company) else "establishment"] = place
        if cleaned.get("role") and not self.errors:
            self._check_place(Role[cleaned["role"]], cleaned)
        return cleaned

    def _check_place(self, role: Role, cleaned: dict[str, Any]) -> None:
        wanted, other = "company", "establishment"
        if role.scope == RoleScope.ESTABLISHMENT:
            wanted, other = other, wanted
        if cleaned.get(other) or not cleaned.get(wanted):
            self.add_error(
                "number" if cleaned.get("number") else wanted,
                f"Le rôle « {role.label} » s’attribue sur {PLACE[role.scope]}, et là seulement.",
            )
