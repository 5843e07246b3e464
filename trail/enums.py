"""What the trail tells of."""

from django.db.models import TextChoices


class Action(TextChoices):
    """What somebody did, or tried to do; docs/trail.md says of each where it is recorded."""

    LOG_IN = "LOG_IN", "Connexion"
    LOG_OUT = "LOG_OUT", "Déconnexion"
    LOCK_OUT = "LOCK_OUT", "Suspension des connexions après trop d’essais"
    UNLOCK = "UNLOCK", "Déblocage des connexions d’un compte"
    INVITE = "INVITE", "Invitation"
    ACCEPT = "ACCEPT", "Premier mot de passe choisi"
    ASK_PASSWORD = "ASK_PASSWORD", "Demande d’un lien de mot de passe"
    CHOOSE_PASSWORD = "CHOOSE_PASSWORD", "Nouveau mot de passe choisi par un lien"
    CHANGE_PASSWORD = "CHANGE_PASSWORD", "Changement de mot de passe"
    END_SESSIONS = "END_SESSIONS", "Fermeture de toutes les sessions"
    SECOND_FACTOR_SET = "SECOND_FACTOR_SET", "Activation de la double authentification"
    SECOND_FACTOR_REMOVED = "SECOND_FACTOR_REMOVED", "Retrait de la double authentification"
    SECOND_FACTOR_CODE = "SECOND_FACTOR_CODE", "Code de double authentification"
    RECOVERY_CODES = "RECOVERY_CODES", "Nouveaux codes de secours"
    PROCONNECT = "PROCONNECT", "Identification par ProConnect"
    PROCONNECT_LINK = "PROCONNECT_LINK", "Association à ProConnect"
    PROCONNECT_UNLINK = "PROCONNECT_UNLINK", "Dissociation de ProConnect"
    CLOSE_ACCOUNT = "CLOSE_ACCOUNT", "Désactivation d’un compte"
    REOPEN_ACCOUNT = "REOPEN_ACCOUNT", "Réactivation d’un compte"
    VIEW_AS = "VIEW_AS", "Début de « Voir comme »"
    VIEW_AS_END = "VIEW_AS_END", "Fin de « Voir comme »"
    ACCESS = "ACCESS", "Accès"
    UPLOAD = "UPLOAD", "Envoi d’un fichier"
    VIEW = "VIEW", "Lecture d’une page d’un document"
    DOWNLOAD = "DOWNLOAD", "Téléchargement d’un document"
    DOWNLOAD_ALL = "DOWNLOAD_ALL", "Téléchargement d’un dépôt (ZIP)"
    RECEIPT = "RECEIPT", "Téléchargement d’un récépissé"
    EXPORT = "EXPORT", "Export d’une liste"
    IMPORT = "IMPORT", "Import d’un fichier"
    STATUS = "STATUS", "Changement du statut d’un dossier"
    DELETE_DRAFT = "DELETE_DRAFT", "Suppression d’un brouillon"
    DEPOSIT = "DEPOSIT", "Dépôt d’une facture"
    DEPOSIT_DOCUMENT = "DEPOSIT_DOCUMENT", "Dépôt d’un document hors facture"
    ASSOCIATE = "ASSOCIATE", "Association d’un dossier"
    CANCEL = "CANCEL", "Annulation d’un dépôt"
    TRANSMIT = "TRANSMIT", "Transmission d’un dépôt"
    RELAUNCH = "RELAUNCH", "Relance de la transmission d’un dépôt"
    HAND_OVER = "HAND_OVER", "Remise au système de l’OPCO"
    APPLY_STATUS = "APPLY_STATUS", "Statut repris du système de l’OPCO"
    ADMIN_ADD = "ADMIN_ADD", "Ajout dans le back-office"
    ADMIN_CHANGE = "ADMIN_CHANGE", "Modification dans le back-office"
    ADMIN_DELETE = "ADMIN_DELETE", "Suppression dans le back-office"
    PURGE = "PURGE", "Suppression de ce qui est échu"
    PERSONAL_DATA = "PERSONAL_DATA", "Export de données personnelles"


class Result(TextChoices):
    """How it ended."""

    DONE = "DONE", "Fait"
    REFUSED = "REFUSED", "Refusé"
    FAILED = "FAILED", "Échoué"


def actions() -> list[tuple[str, str]]:
    """The actions with their labels; called by the model, so that a new one needs no migration."""
    return Action.choices
