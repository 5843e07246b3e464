"""States of a deposit and types of documents."""

from django.db import models


class DepositState(models.TextChoices):
    """Where a deposit stands (RULES.md §6). Written by invoices.transmission alone."""

    PENDING = "PENDING", "En cours de transmission"
    TRANSMITTED = "TRANSMITTED", "Transmis"
    CANCELLED = "CANCELLED", "Annulé"


class DocumentType(models.TextChoices):
    """The invoice, and the types of supporting documents in the guide's order (RULES.md §5.3)."""

    FACTURE = "FACTURE", "Facture"
    CERTIFICAT_REALISATION = "CERTIFICAT_REALISATION", "Certificat de réalisation"
    RELEVE_DEPENSES = "RELEVE_DEPENSES", "Relevé de dépenses"
    BULLETIN_SALAIRE = "BULLETIN_SALAIRE", "Bulletin de salaire"
    FEUILLE_EMARGEMENT = "FEUILLE_EMARGEMENT", "Feuille d'émargement"
    CONVENTION_FORMATION = "CONVENTION_FORMATION", "Convention de formation"
    PROGRAMME = "PROGRAMME", "Programme de formation"
    DEVIS = "DEVIS", "Devis"
    CERFA_APPRENTISSAGE = "CERFA_APPRENTISSAGE", "CERFA contrat d'apprentissage (10103)"
    CERFA_PROFESSIONNALISATION = "CERFA_PROFESSIONNALISATION", "CERFA contrat de professionnalisation (12434)"
    AVENANT = "AVENANT", "Avenant"
    CONVENTION_TRIPARTITE = "CONVENTION_TRIPARTITE", "Convention tripartite d'aménagement de durée"
    JUSTIFICATIF_RUPTURE = "JUSTIFICATIF_RUPTURE", "Justificatif de rupture"
    FRAIS_HEBERGEMENT = "FRAIS_HEBERGEMENT", "Justificatif de frais d'hébergement"
    FRAIS_RESTAURATION = "FRAIS_RESTAURATION", "Justificatif de frais de restauration"
    PREMIER_EQUIPEMENT = "PREMIER_EQUIPEMENT", "Justificatif de premier équipement"
    MOBILITE_INTERNATIONALE = "MOBILITE_INTERNATIONALE", "Justificatif de mobilité internationale"
    AVIS_RECEVABILITE = "AVIS_RECEVABILITE", "Avis de recevabilité (livret 1)"
    RIB = "RIB", "RIB"
    AUTRE_DOCUMENT = "AUTRE_DOCUMENT", "Autre document"
