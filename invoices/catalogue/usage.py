"""Where a type of document is in use: what a change of the catalogue would mean."""

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from ..models import Document, Draft
from .models import CatalogueEntry


def drafts_with(code: str) -> QuerySet[Draft]:
    """The open drafts in which a field for a document of this type was added (§5.3), with or without its file.

    Looked for in what the wizard keeps of each draft (invoices/wizard/storage.py), as both databases write JSON.
    """
    drafts = Draft.objects.filter(deleted_at=None).annotate(state=Cast("data", TextField()))
    return drafts.filter(state__contains=f'"type": "{code}"')


def drafts_that_refuse(entry: CatalogueEntry) -> QuerySet[Draft]:
    """Those of them whose dossier does not take the type, as it is now: their authors have to remove it."""
    drafts = drafts_with(entry.code)
    if not entry.active:
        return drafts
    return drafts.exclude(origin__product__in=entry.products, origin__status__in=entry.statuses)


def is_deposited(code: str) -> bool:
    """Whether any document is of this type: in a deposit, in a draft, or about to be purged."""
    return Document.objects.filter(type=code).exists()
