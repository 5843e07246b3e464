"""What one member of the staff may do to another's account: never more than they may do themselves.

Permissions decide, whatever group they came by; a superuser's are all of them.
"""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from .models import User

SUPERUSER_ONLY = "Seul un superutilisateur peut modifier ce compte."
ABOVE = "Ce compte a des droits que vous n’avez pas : adressez-vous à une personne qui les a."


def why_untouchable(actor: User, person: User) -> str | None:
    """Why the actor may neither change nor help this account; None when it is not above their own.

    An account that is closed keeps its rights for the day it is opened again.
    """
    if actor.is_superuser:
        return None
    if person.is_superuser:
        return SUPERUSER_ONLY
    return None if permissions_of(person) <= actor.get_all_permissions() else ABOVE


def permissions_of(person: User) -> set[str]:
    """The permissions that an account was given, by itself and by its groups, open or closed."""
    given = Permission.objects.filter(Q(user=person) | Q(group__user=person)).order_by()
    return _labels(given)


def groups_given_by(actor: User) -> QuerySet[Group]:
    """The groups that the actor may put somebody in, or take them out of: those that allow nothing more."""
    groups = Group.objects.order_by("name")
    if actor.is_superuser:
        return groups
    own = actor.get_all_permissions()
    allowed = [
        group.pk
        for group in groups.prefetch_related("permissions__content_type")
        if {f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()} <= own
    ]
    return groups.filter(pk__in=allowed)


def _labels(permissions: QuerySet[Permission]) -> set[str]:
    return {f"{app}.{name}" for app, name in permissions.values_list("content_type__app_label", "codename")}
