"""Why a file is refused, each reason in a sentence for the person who chose it (RULES.md §9)."""

from enum import Enum

from django.conf import settings

from invoices.catalogue.values import LimitsInForce


class PdfProblem(Enum):
    """One member per refusal; the value is its sentence: what is wrong, then what to do."""

    EMPTY = "Ce fichier est vide. Vérifiez-le sur votre ordinateur, puis choisissez-le de nouveau."
    TOO_LARGE = (
        "Ce fichier dépasse {megabytes}\u00a0Mo. Réduisez-le, par exemple en numérisant en niveaux de gris "
        "à 150 points par pouce, puis choisissez-le de nouveau."
    )
    NOT_PDF = (
        "Ce fichier n’est pas un PDF, quel que soit son nom. Exportez le document au format PDF, "
        "puis choisissez le fichier obtenu."
    )
    ENCRYPTED = (
        "Ce PDF est protégé par un mot de passe, à l’ouverture ou contre les modifications. "
        "Retirez cette protection, ou imprimez-le dans un nouveau PDF, puis choisissez le fichier obtenu."
    )
    DAMAGED = (
        "Ce PDF est endommagé ou incomplet. Exportez ou numérisez de nouveau le document, "
        "puis choisissez le fichier obtenu."
    )
    NO_PAGE = "Ce PDF ne contient aucune page. Choisissez le fichier qui contient le document."
    TOO_MANY_PAGES = (
        "Ce PDF compte plus de {pages}\u00a0pages. Ne gardez que les pages utiles, puis choisissez le fichier obtenu."
    )
    LAUNCH_ACTION = (
        "Ce PDF contient un élément actif\u00a0: ouverture d’un programme ou d’un autre fichier, "
        "vidéo, son ou 3D. Imprimez-le dans un nouveau PDF, puis choisissez le fichier obtenu."
    )
    EMBEDDED_FILE = (
        "Ce PDF contient un fichier joint\u00a0; seul le XML d’une facture électronique "
        "(Factur-X, par exemple) est admis. Retirez ce fichier joint, puis choisissez de nouveau le PDF."
    )
    JAVASCRIPT = (
        "Cette facture contient un programme JavaScript ou un envoi de formulaire. "
        "Imprimez-la dans un nouveau PDF, puis choisissez le fichier obtenu."
    )
    XFA = (
        "Cette facture est un formulaire dynamique (XFA). "
        "Imprimez-la dans un nouveau PDF, puis choisissez le fichier obtenu."
    )
    # What its own XML says of an invoice (invoices/proposals/refusals.py).
    CREDIT_NOTE = (
        "Ce PDF est un avoir, d’après ses données électroniques\u00a0; seules les factures se déposent ici. "
        "Choisissez le PDF de la facture."
    )
    OTHER_CURRENCY = (
        "Cette facture n’est pas en euros, d’après ses données électroniques\u00a0; le portail ne reçoit que des "
        "factures en euros. Demandez-en une en euros, puis choisissez son PDF."
    )
    TOO_COSTLY = (
        "Ce PDF est construit de telle façon que sa lecture demande trop de temps ou de mémoire. "
        "Imprimez-le dans un nouveau PDF, puis choisissez le fichier obtenu."
    )
    NOT_CHECKED = (
        "Le portail est très sollicité et n’a pas pu vérifier ce fichier à temps. "
        "Attendez un instant, puis choisissez-le de nouveau."
    )
    NOT_STORED = (
        "Le portail n’a pas pu enregistrer ce fichier\u00a0: son espace de stockage ne répond pas. "
        "Attendez un instant, puis choisissez-le de nouveau."
    )
    # What is asked beside the PDF itself: before the check (quotas.py, turns.py), and after it (antivirus.py).
    BUSY = "Beaucoup de fichiers arrivent en ce moment. Réessayez dans une minute."
    MALWARE = (
        "Ce fichier contient un programme malveillant, d’après l’antivirus du portail. Ne l’ouvrez pas, "
        "et prévenez votre service informatique\u00a0; déposez le document à partir d’un autre exemplaire."
    )
    ANTIVIRUS_AWAY = (
        "L’antivirus du portail ne répond pas, et aucun fichier n’est accepté sans lui. "
        "Rien de ce que vous avez enregistré n’est perdu\u00a0: réessayez dans quelques minutes."
    )
    TOO_MANY_UPLOADS = (
        "Vous avez envoyé {uploads}\u00a0fichiers en moins d’une heure, le maximum. "
        "Rien de ce que vous avez enregistré n’est perdu\u00a0: dans une heure, rechargez la page et continuez."
    )
    NO_ROOM = (
        "Vos brouillons et les fichiers retirés depuis peu occupent {room}\u00a0Mo, le maximum. "
        "Transmettez ou supprimez des brouillons\u00a0: la place se libère dans les heures qui suivent. "
        "Rechargez alors la page."
    )

    def sentence(self, limits: LimitsInForce) -> str:
        """The sentence to show beside the file's field, with these limits and those of the settings."""
        return self.value.format(
            megabytes=limits.file_megabytes,
            pages=_grouped(limits.pdf_pages),
            uploads=_grouped(settings.UPLOADS_PER_HOUR),
            room=_grouped(settings.DRAFT_BYTES_PER_PERSON // 1024**2),
        )


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


class PdfRefused(Exception):  # noqa: N818 - a verdict, not an error
    """The file is not acceptable: `problem` says why, its sentence says so in French."""

    def __init__(self, problem: PdfProblem) -> None:
        super().__init__(problem.name)
        self.problem = problem
