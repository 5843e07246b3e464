"""What a person reaches (RULES.md §3). Everything that asks "may they?" asks here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .enums import Domain, Role, Side
from .models import Establishment

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User


@dataclass(frozen=True)
class Reach:
    """One role a person holds, and the establishments on which it holds."""

    role: Role
    establishment_ids: frozenset[int]


@dataclass(frozen=True)
class PersonScope:
    """All that a person's roles open."""

    reaches: tuple[Reach, ...] = ()

    def establishments(self, side: Side, domain: Domain, *, to_deposit: bool = False) -> frozenset[int]:
        """The ids of the establishments whose dossiers of this domain the person reaches on this side.

        With `to_deposit`, by the roles that may deposit alone.
        """
        return frozenset().union(
            *(
                reach.establishment_ids
                for reach in self.reaches
                if reach.role.side == side
                and domain in reach.role.domains
                and (reach.role.may_deposit or not to_deposit)
            )
        )


def scope_of(user: "User | AnonymousUser") -> PersonScope:
    """A person's scope, by the roles that they held when first asked for; an inactive or anonymous person has none.

    A role on a company holds for all its establishments. Two queries, whatever the number of roles.
    """
    if not user.is_authenticated or not user.is_active:
        return PersonScope()
    companies = {assignment.company_id for assignment in user.roles_held if assignment.company_id}
    sites = list(
        Establishment.objects.filter(company__pk__in=companies).values_list("pk", "company__pk") if companies else ()
    )
    return PersonScope(
        tuple(
            Reach(
                assignment.as_role,
                frozenset(pk for pk, company in sites if company == assignment.company_id)
                if assignment.company_id
                else frozenset(filter(None, [assignment.establishment_id])),
            )
            for assignment in user.roles_held
        )
    )
