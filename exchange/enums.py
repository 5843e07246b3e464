"""What is imported, and where an import stands."""

from django.db.models import TextChoices


class Kind(TextChoices):
    """What the lines of a file are."""

    COMPANIES = "companies", "Sociétés"
    ESTABLISHMENTS = "establishments", "Établissements"
    DOSSIERS = "dossiers", "Dossiers"
    ACCOUNTS = "accounts", "Comptes et rôles"


class State(TextChoices):
    """Where an import stands: its file is checked, which writes nothing; somebody confirms; it is imported."""

    CHECKING = "CHECKING", "Vérification en cours"
    CHECKED = "CHECKED", "À confirmer"
    IMPORTING = "IMPORTING", "Import en cours"
    DONE = "DONE", "Importé"
    UNREADABLE = "UNREADABLE", "Fichier illisible"
    ABANDONED = "ABANDONED", "Abandonné"
    EXPIRED = "EXPIRED", "Expiré sans confirmation"
    FAILED = "FAILED", "Interrompu"


UNDER_WAY = (State.CHECKING, State.IMPORTING)
# Nothing more is done with them: their file is gone.
OVER = (State.DONE, State.UNREADABLE, State.ABANDONED, State.EXPIRED, State.FAILED)


class Outcome(TextChoices):
    """What becomes of a line; of one that changes nothing only the number is kept."""

    CREATED = "created", "Créé"
    CHANGED = "changed", "Modifié"
    UNCHANGED = "unchanged", "Inchangé"
    REFUSED = "refused", "Refusé"
