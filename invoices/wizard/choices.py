"""The choices made within a step: dossiers to associate, files, documents to add (RULES.md §5.1 to §5.3).

Each takes the situation and the value of the button pressed, changes the draft's state, and returns None;
or changes nothing and returns the field it concerns with the sentence that says why. The caller holds the
draft's lock and saves the state.
"""

from collections.abc import Callable

from dossiers.models import Dossier

from .. import documents
from ..presentation import counted
from . import proposing
from .forms import CERTIFICATE_SLOT, INVOICE_SLOT, Situation

Refusal = tuple[str, str] | None
Choice = Callable[[Situation, str], Refusal]


def associate(situation: Situation, number: str) -> Refusal:
    """« Ajouter » a dossier found by the search: one that may be associated as of now, within the limit."""
    chosen = situation.extra["dossiers"]
    dossier = situation.associable.filter(number=number).first()
    if dossier is None:
        return "recherche", "Ce dossier ne peut pas être associé à ce dépôt. Choisissez-en un dans la liste."
    if dossier.pk in chosen:
        return None
    if len(chosen) >= situation.limits.associated_dossiers:
        return "recherche", (
            f"{counted(situation.limits.associated_dossiers, 'dossier')} au plus par dépôt, en plus de celui-ci. "
            f"Retirez-en un avant d’ajouter le dossier {dossier.number}."
        )
    chosen.append(dossier.pk)
    return None


def dissociate(situation: Situation, number: str) -> Refusal:
    """« Retirer » an associated dossier, whether or not it may still be associated."""
    removed = set(Dossier.objects.filter(number=number).values_list("pk", flat=True))
    situation.extra["dossiers"] = [pk for pk in situation.extra["dossiers"] if pk not in removed]
    return None


def search(situation: Situation, value: str) -> Refusal:  # noqa: ARG001 - a choice like the others
    """« Rechercher »: what was typed is kept with the rest of the step, and the step shows what it finds."""
    return None


def add_piece(situation: Situation, type_code: str) -> Refusal:
    """« + »: a field for a document of a type that the dossier's product and status allow."""
    if not type_code:
        return "type", "Choisissez d’abord un type de document dans la liste."
    if type_code not in situation.offered_types:
        return (
            "type",
            "Ce type de document n’est pas accepté pour ce dossier. Choisissez-en un dans la liste.",
        )
    if len(situation.pieces) >= situation.limits.supporting_documents:
        return "type", f"Un dépôt a {counted(situation.limits.supporting_documents, 'pièce')} au plus."
    # A name is never used again: a tab left open on a field that was removed must not fill another.
    situation.extra["pieces_added"] += 1
    situation.pieces.append({"slot": f"piece{situation.extra['pieces_added']}", "type": type_code})
    return None


def keep_file(situation: Situation, slot: str) -> Refusal:
    """A file sent by itself as soon as it was chosen: kept on its arrival, unless its field has gone meanwhile."""
    if slot == INVOICE_SLOT or slot in situation.file_slots:
        return None
    return "type", "Ce document a été retiré entre-temps. Ajoutez-le de nouveau, puis choisissez son fichier."


def remove_piece(situation: Situation, slot: str) -> Refusal:
    """« Retirer »: the document of a field, and the field itself unless the rules ask for it."""
    kept = [piece for piece in situation.pieces if piece["slot"] != slot]
    if len(kept) < len(situation.pieces) or slot in (INVOICE_SLOT, CERTIFICATE_SLOT):
        if slot == INVOICE_SLOT:
            proposing.fill_in(situation.draft, None)
        documents.remove_from_draft(situation.draft, slot)
        situation.extra["pieces"] = kept
    return None
