"""States of a deposit, and codes of types of documents."""

from enum import StrEnum

from django.db import models


class DepositState(models.TextChoices):
    """Where a deposit stands (RULES.md §6). Written by invoices.transmission alone."""

    PENDING = "PENDING", "En cours de transmission"
    TRANSMITTED = "TRANSMITTED", "Transmis"
    CANCELLED = "CANCELLED", "Annulé"


class DocumentType(StrEnum):
    """The codes of the types that the guide names (RULES.md §5.3).

    Each is a row of the catalogue (invoices.catalogue), where an OPCO adds others: what may be any type is a `str`.
    """

    FACTURE = "FACTURE"
    CERTIFICAT_REALISATION = "CERTIFICAT_REALISATION"
    RELEVE_DEPENSES = "RELEVE_DEPENSES"
    BULLETIN_SALAIRE = "BULLETIN_SALAIRE"
    FEUILLE_EMARGEMENT = "FEUILLE_EMARGEMENT"
    CONVENTION_FORMATION = "CONVENTION_FORMATION"
    PROGRAMME = "PROGRAMME"
    DEVIS = "DEVIS"
    CERFA_APPRENTISSAGE = "CERFA_APPRENTISSAGE"
    CERFA_PROFESSIONNALISATION = "CERFA_PROFESSIONNALISATION"
    AVENANT = "AVENANT"
    CONVENTION_TRIPARTITE = "CONVENTION_TRIPARTITE"
    JUSTIFICATIF_RUPTURE = "JUSTIFICATIF_RUPTURE"
    FRAIS_HEBERGEMENT = "FRAIS_HEBERGEMENT"
    FRAIS_RESTAURATION = "FRAIS_RESTAURATION"
    PREMIER_EQUIPEMENT = "PREMIER_EQUIPEMENT"
    MOBILITE_INTERNATIONALE = "MOBILITE_INTERNATIONALE"
    AVIS_RECEVABILITE = "AVIS_RECEVABILITE"
    RIB = "RIB"
    AUTRE_DOCUMENT = "AUTRE_DOCUMENT"


# Those that the rules and the screens know by name.
FIXED_TYPES = (DocumentType.FACTURE, DocumentType.CERTIFICAT_REALISATION)
