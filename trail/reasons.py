"""Why something was refused, or failed, as the screens say it; events keep the short name.

The names are those of the layers above, which the trail does not know: a test holds the table to what they write
(docs/trail.md has them too).
"""

LABELS = {
    # Log-ins, links, codes
    "credentials": "mot de passe faux",
    "inactive_account": "compte désactivé",
    "unknown_account": "aucun compte à cette adresse",
    "account": "trop d’essais sur ce compte",
    "address": "trop d’essais depuis cette adresse IP",
    "too_many": "trop de demandes",
    "otp_totp.totpdevice": "code de l’application faux ou déjà utilisé",
    "otp_static.staticdevice": "code de secours faux ou déjà utilisé",
    # « Voir comme »
    "view_as": "lecture seule pendant « Voir comme »",
    # ProConnect
    "denied": "identification abandonnée ou refusée",
    "state": "retour sans demande, ou trop tardif",
    "away": "ProConnect ne répond pas",
    "untrusted": "réponse de ProConnect non fiable",
    "unknown": "aucun compte à cette adresse",
    "other_identity": "compte associé à une autre identité",
    "staff": "compte du back-office sans second facteur",
    # Access
    "forbidden": "accès non permis",
    "forged_form": "formulaire d’une autre connexion, ou contrefait",
    "not_found": "introuvable, ou d’autrui",
    # Files, as the PDF check judges them
    "empty": "fichier vide",
    "too_large": "fichier trop lourd",
    "not_pdf": "pas un PDF",
    "encrypted": "protégé par un mot de passe",
    "damaged": "PDF endommagé",
    "no_page": "aucune page",
    "too_many_pages": "trop de pages",
    "launch_action": "contenu actif",
    "embedded_file": "fichier joint au PDF",
    "javascript": "facture avec JavaScript",
    "xfa": "facture en formulaire dynamique (XFA)",
    "too_costly": "PDF trop long à lire",
    "not_checked": "non vérifié à temps",
    "credit_note": "avoir, et non facture",
    "other_currency": "facture dans une autre devise",
    "not_stored": "stockage indisponible",
    "busy": "trop de fichiers en même temps",
    "malware": "programme malveillant",
    "antivirus_away": "antivirus indisponible",
    "too_many_uploads": "trop d’envois en une heure",
    "no_room": "place des brouillons épuisée",
    # Deposits
    "number_taken": "numéro de facture déjà utilisé",
    "file_lost": "fichier introuvable",
    "too_late": "délai d’annulation terminé",
    "not_due": "délai de transmission en cours",
    "not_pending": "déjà transmis ou annulé",
    "under_way": "transmission en cours",
}


def label_of(reason: str) -> str:
    """The reason in French; one that has no words, of another version, as it was written."""
    return LABELS.get(reason, reason)
