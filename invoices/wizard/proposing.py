"""What a file that comes into a draft proposes: values for the second step, dossiers to associate (RULES.md §5.2).

Nothing is added by itself, and nothing that was typed is overwritten. The caller holds the draft's lock and saves it.
"""

from dossiers.models import Dossier
from roles.models import User

from ..models import Document, Draft
from ..proposals.kept import kept
from ..proposals.values import SAME, filled_in
from .forms import INVOICE_SLOT
from .steps import DETAILS

# Of one file; a list of trainees may name many, of whom so many can be associated at most.
MOST_DOSSIERS = 20


def take_from(document: Document, draft: Draft, slot: str, person: User) -> None:
    """Note what a file proposes that is about to take its field in the draft, where the former one still is.

    Names that the file mentions are kept nowhere: only which dossiers they are, of those that the person may associate.
    """
    if slot == INVOICE_SLOT:
        fill_in(draft, document)
    mentioned = draft.data["extra_data"].setdefault("mentioned", {})
    mentioned[slot] = []
    if document.mentions:
        associable = Dossier.objects.associable_with(draft.origin, person, draft.as_side)
        mentioned[slot] = associable.named_in(document.mentions, most=MOST_DOSSIERS)


def fill_in(draft: Draft, document: Document | None) -> None:
    """Fill in « Détails de la facture » by the invoice's file that comes, or by none where it goes.

    The step is then as one that the person has not seen: they look at it before the draft is sent.
    """
    former = draft.documents.filter(slot=INVOICE_SLOT).first()
    typed = draft.data["step_data"].get(DETAILS, {})
    held = {name: typed.get(f"{DETAILS}-{name}", [""])[-1] for name in SAME}
    filled = filled_in(held, kept(former.reading) if former else None, kept(document.reading) if document else None)
    if filled != held:
        draft.data["step_data"][DETAILS] = typed | {f"{DETAILS}-{name}": [text] for name, text in filled.items()}
        attempted = draft.data["extra_data"]["attempted"]
        attempted[:] = [step for step in attempted if step != DETAILS]
