"""Puts the demo data into an empty database, and keeps them out of any other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from dossiers.models import Dossier
from outbox.models import Mail
from roles.enums import RoleScope
from roles.models import Company, Establishment, RoleAssignment, User

from . import deposits, dossiers
from .people import PASSWORD, PEOPLE
from .places import COMPANIES


class ForeignDataError(Exception):
    """The database holds companies, people or dossiers that are not the demo's; `kinds` names which."""

    def __init__(self, kinds: list[str]) -> None:
        super().__init__(", ".join(kinds))
        self.kinds = kinds


def load() -> bool:
    """Make the demo data if the database is empty, all of them or none; return whether it did.

    Where they are already, nothing changes: what was deposited since is kept. Raises ForeignDataError.
    """
    if foreign := _foreign_kinds():
        raise ForeignDataError(foreign)
    if Company.objects.exists():
        return False
    with _quiet(), transaction.atomic():
        sites = _make_places()
        people = _make_people(sites)
        made = Dossier.objects.bulk_create(dossiers.build(sites))
        deposits.make_all(dict(zip(dossiers.requests(), made, strict=True)), people)
        # Nobody waits for the receipts of what was deposited before the demo began: they count as sent.
        Mail.objects.update(sent_at=timezone.now(), next_attempt_at=None)
    return True


def _foreign_kinds() -> list[str]:
    """The kinds of rows, in words, of which the database holds some that the demo did not make."""
    sites = {site.name: Establishment(name=site.name) for *_, sites in COMPANIES for site in sites}
    own = {
        "companies": Company.objects.filter(siren__in=[siren for _, siren, _ in COMPANIES]),
        "establishments": Establishment.objects.filter(
            siret__in=[site.siret for *_, sites in COMPANIES for site in sites]
        ),
        "users": User.objects.filter(email__in=[person.email for person in PEOPLE]),
        "dossiers": Dossier.objects.filter(number__in=[dossier.number for dossier in dossiers.build(sites)]),
    }
    return [kind for kind, rows in own.items() if rows.model._default_manager.exclude(pk__in=rows).exists()]


def _make_places() -> dict[str, Establishment]:
    """The establishments by name, with their companies."""
    companies = Company.objects.bulk_create(Company(name=name, siren=siren) for name, siren, _ in COMPANIES)
    made = Establishment.objects.bulk_create(
        Establishment(company=company, name=site.name, siret=site.siret, uses_convergence_api=site.uses_convergence_api)
        for company, (*_, sites) in zip(companies, COMPANIES, strict=True)
        for site in sites
    )
    return {site.name: site for site in made}


def _make_people(sites: dict[str, Establishment]) -> dict[str, User]:
    """The users by account, with their roles. One hash for all: the password is no secret."""
    password = make_password(PASSWORD)
    made = User.objects.bulk_create(
        User(
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            password=password,
            is_staff=person.is_staff,
            is_superuser=person.is_staff and not person.group,
        )
        for person in PEOPLE
    )
    companies = {site.company.name: site.company for site in sites.values()}
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=user, role=role, company=companies[place])
        if role.scope == RoleScope.COMPANY
        else RoleAssignment(user=user, role=role, establishment=sites[place])
        for user, person in zip(made, PEOPLE, strict=True)
        for role, place in person.grants
    )
    for user, person in zip(made, PEOPLE, strict=True):
        if person.group:
            user.groups.add(Group.objects.get(name=person.group))
    return {person.account: user for user, person in zip(made, PEOPLE, strict=True)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a line for each deposit, nor for each alarm that cannot be set while the broker is not up."""
    logger = logging.getLogger("invoices")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
