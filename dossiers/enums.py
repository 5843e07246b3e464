"""Products and statuses, with the facts that hang on them (RULES.md §1, §4)."""

from typing import Self

from django.db import models

from roles.enums import Domain, Side


class Product(models.TextChoices):
    """What a dossier asks funding for; each product belongs to one domain (RULES.md §1)."""

    domain: Domain

    def __new__(cls, code: str, domain: Domain) -> Self:
        product = str.__new__(cls, code)
        product._value_ = code
        product.domain = domain
        return product

    CAPP = "CAPP", Domain.ALTERNANCE, "Contrat d’apprentissage"
    CPRO = "CPRO", Domain.ALTERNANCE, "Contrat de professionnalisation"
    BC = "BC", Domain.PDC, "Bilan de compétences"
    VAE = "VAE", Domain.PDC, "Validation des acquis de l’expérience"
    AUTRE = "AUTRE", Domain.PDC, "Autre demande"


PRODUCTS_OF = {domain: [product for product in Product if product.domain == domain] for domain in Domain}


class DossierStatus(models.TextChoices):
    """Where a dossier stands; whether it takes invoices and associations (§4.2), and optional documents (§8)."""

    open_to_invoice: bool
    open_to_documents: bool

    def __new__(cls, code: str, open_to_invoice: bool, open_to_documents: bool) -> Self:
        status = str.__new__(cls, code)
        status._value_ = code
        status.open_to_invoice = open_to_invoice
        status.open_to_documents = open_to_documents
        return status

    #                                                invoice documents
    EN_COURS_DE_SAISIE = "EN_COURS_DE_SAISIE", False, True, "En cours de saisie"
    EN_COURS_DE_VALIDATION = "EN_COURS_DE_VALIDATION", True, True, "En cours de validation"
    INFORMATION_MANQUANTE = "INFORMATION_MANQUANTE", True, True, "Information manquante"
    VALIDE = "VALIDE", True, True, "Validé"
    A_FACTURER = "A_FACTURER", True, True, "À facturer"
    EN_COURS_DE_REGLEMENT = "EN_COURS_DE_REGLEMENT", True, True, "En cours de règlement"
    TERMINE = "TERMINE", True, True, "Terminé"
    REFUSE = "REFUSE", False, False, "Refusé"
    ANNULE = "ANNULE", False, False, "Annulé"


OPEN_TO_INVOICE = [status for status in DossierStatus if status.open_to_invoice]
OPEN_TO_DOCUMENTS = [status for status in DossierStatus if status.open_to_documents]

# What waits for someone first, what is over or not begun last: the order of the list of dossiers.
BY_NEED = (
    DossierStatus.A_FACTURER,
    DossierStatus.INFORMATION_MANQUANTE,
    DossierStatus.EN_COURS_DE_REGLEMENT,
    DossierStatus.VALIDE,
    DossierStatus.EN_COURS_DE_VALIDATION,
    DossierStatus.TERMINE,
    DossierStatus.EN_COURS_DE_SAISIE,
    DossierStatus.REFUSE,
    DossierStatus.ANNULE,
)

# The establishment by which each side reaches a dossier, and within which it associates and numbers (§3, §5.2).
PERIMETER_FIELD = {Side.ENTREPRISE: "employer", Side.PRESTATAIRE: "training_provider"}
