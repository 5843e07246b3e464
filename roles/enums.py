"""The sides, the domains and the roles (RULES.md §1, §3)."""

from typing import Self

from django.db import models


class Side(models.TextChoices):
    """The side on which a person acts; the staff of a CFA are on the provider's."""

    ENTREPRISE = "ENTREPRISE", "Entreprise"
    PRESTATAIRE = "PRESTATAIRE", "Prestataire de formation"


class RoleScope(models.TextChoices):
    """What a role is granted on: a whole company, or one establishment."""

    COMPANY = "COMPANY", "Société"
    ESTABLISHMENT = "ESTABLISHMENT", "Établissement"


class Domain(models.TextChoices):
    """The two families of products (RULES.md §1)."""

    ALTERNANCE = "ALTERNANCE", "Alternance"
    PDC = "PDC", "Plan de développement des compétences"


ALTERNANCE = frozenset({Domain.ALTERNANCE})
PDC = frozenset({Domain.PDC})
ALL = ALTERNANCE | PDC


class Role(models.TextChoices):
    """The roles of the guide, one line each: side, scope, domains, whether it may deposit, label (RULES.md §3)."""

    side: Side
    scope: RoleScope
    domains: frozenset[Domain]
    may_deposit: bool

    def __new__(cls, code: str, side: Side, scope: RoleScope, domains: frozenset[Domain], may_deposit: bool) -> Self:
        role = str.__new__(cls, code)
        role._value_ = code
        role.side = side
        role.scope = scope
        role.domains = domains
        role.may_deposit = may_deposit
        return role

    # fmt: off
    RESP_GESTION_SOCIETE = (
        "RESP_GESTION_SOCIETE", Side.ENTREPRISE, RoleScope.COMPANY, ALL, True,
        "Responsable gestion société")
    ADMIN_SOCIETE_ALTERNANCE = (
        "ADMIN_SOCIETE_ALTERNANCE", Side.ENTREPRISE, RoleScope.COMPANY, ALTERNANCE, True,
        "Administrateur société alternance")
    ADMIN_SOCIETE_PDC = (
        "ADMIN_SOCIETE_PDC", Side.ENTREPRISE, RoleScope.COMPANY, PDC, True,
        "Administrateur société PDC")
    ADMIN_ETABLISSEMENT = (
        "ADMIN_ETABLISSEMENT", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, ALL, True,
        "Administrateur établissement")
    ADMIN_ETABLISSEMENT_ALTERNANCE = (
        "ADMIN_ETABLISSEMENT_ALTERNANCE", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, ALTERNANCE, True,
        "Administrateur établissement alternance")
    ADMIN_ETABLISSEMENT_PDC = (
        "ADMIN_ETABLISSEMENT_PDC", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, PDC, True,
        "Administrateur établissement PDC")
    GESTION_INTEGRALE_TRANSMISSION = (
        "GESTION_INTEGRALE_TRANSMISSION", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, ALL, True,
        "Gestion intégrale des dossiers alternance et plan de développement des compétences avec transmission")
    GESTION_ALTERNANCE_TRANSMISSION = (
        "GESTION_ALTERNANCE_TRANSMISSION", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, ALTERNANCE, True,
        "Gestion intégrale des dossiers alternance avec transmission")
    GESTION_PDC_TRANSMISSION = (
        "GESTION_PDC_TRANSMISSION", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, PDC, True,
        "Gestion intégrale plan de développement des compétences avec transmission")
    GESTION_INTEGRALE_SANS_TRANSMISSION = (
        "GESTION_INTEGRALE_SANS_TRANSMISSION", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, ALL, False,
        "Gestion intégrale des dossiers alternance et plan de développement des compétences sans transmission")
    CONSULTATION_ENTREPRISE = (
        "CONSULTATION_ENTREPRISE", Side.ENTREPRISE, RoleScope.ESTABLISHMENT, ALL, False,
        "Consultation entreprise")
    ADMIN_SOCIETE_PRESTATAIRE = (
        "ADMIN_SOCIETE_PRESTATAIRE", Side.PRESTATAIRE, RoleScope.COMPANY, ALL, True,
        "Administrateur société prestataire")
    RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE = (
        "RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE", Side.PRESTATAIRE, RoleScope.ESTABLISHMENT, ALL, True,
        "Responsable gestion des comptes établissement prestataire")
    SAISIE_PRESTATAIRE = (
        "SAISIE_PRESTATAIRE", Side.PRESTATAIRE, RoleScope.ESTABLISHMENT, ALL, True,
        "Saisie alternance et PDC")
    SAISIE_ALTERNANCE_PRESTATAIRE = (
        "SAISIE_ALTERNANCE_PRESTATAIRE", Side.PRESTATAIRE, RoleScope.ESTABLISHMENT, ALTERNANCE, True,
        "Saisie alternance")
    SAISIE_PDC_PRESTATAIRE = (
        "SAISIE_PDC_PRESTATAIRE", Side.PRESTATAIRE, RoleScope.ESTABLISHMENT, PDC, True,
        "Saisie PDC")
    CONSULTATION_PRESTATAIRE = (
        "CONSULTATION_PRESTATAIRE", Side.PRESTATAIRE, RoleScope.ESTABLISHMENT, ALL, False,
        "Consultation prestataire")
    # fmt: on


def roles_of(scope: RoleScope) -> list[str]:
    """The codes of the roles that are granted on this kind of perimeter, in the guide's order."""
    return [role.value for role in Role if role.scope == scope]
