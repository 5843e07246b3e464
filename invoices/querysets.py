"""Which deposits, documents and drafts may this person see, and which are due? (RULES.md §5, §6, §7)"""

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from dossiers.models import Dossier
from roles.models import User

from .enums import DepositState

if TYPE_CHECKING:
    from .models import Deposit, Document, Draft


class DepositQuerySet(models.QuerySet["Deposit"]):
    """Deposits; what a dossier shows of them is derived, never stored (§6)."""

    def filed_in(self, dossier: Dossier) -> Self:
        """The deposits that a dossier shows: made on it, or associated with it and transmitted."""
        return self.filter(
            Q(origin=dossier)
            | Q(pk__in=dossier.links.values("deposit")) & Q(state=DepositState.TRANSMITTED)
        )

    def visible_to(self, user: User) -> Self:
        """The deposits that a dossier visible to the person shows (§7)."""
        return self.filter(_shown_in(Dossier.objects.visible_to(user)))

    def due(self, *, since: timedelta = timedelta(0)) -> Self:
        """Pending deposits whose delay ended at least `since` ago, by the database's clock."""
        return self.filter(state=DepositState.PENDING, transmit_at__lte=Now() - since)


class DocumentQuerySet(models.QuerySet["Document"]):
    """PDFs."""

    def visible_to(self, user: User) -> Self:
        """The documents filed in a dossier that the person sees, and those of their own open drafts (§7)."""
        dossiers = Dossier.objects.visible_to(user)
        return self.filter(
            Q(deposit__isnull=False) & _shown_in(dossiers, "deposit__")
            | Q(draft__owner=user, draft__deleted_at=None, draft__origin__in=dossiers)
        )

    def loose(self, *, since: timedelta) -> Self:
        """The documents that have belonged to nothing for this long, by the database's clock."""
        return self.filter(loose_since__lte=Now() - since)


class DraftQuerySet(models.QuerySet["Draft"]):
    """Deposits being prepared."""

    def resumable_by(self, user: User) -> Self:
        """The person's own open drafts on dossiers that they still see."""
        return self.filter(
            owner=user, deleted_at=None, origin__in=Dossier.objects.visible_to(user)
        )


def _shown_in(dossiers: models.QuerySet[Dossier], path: str = "") -> Q:
    """Deposits (reached by `path`) that one of these dossiers shows; the set's form of DepositQuerySet.filed_in."""
    from .models import AssociatedDossier

    link = AssociatedDossier.objects.filter(deposit=OuterRef(f"{path}pk"), dossier__in=dossiers)
    return Q(**{f"{path}origin__in": dossiers}) | Q(Exists(link), **{f"{path}state": DepositState.TRANSMITTED})
