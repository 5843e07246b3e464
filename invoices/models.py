"""Deposits, invoices, documents, drafts, and the dossiers that receive them (RULES.md §1, §4 to §8)."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Self, cast

from django.conf import settings
from django.contrib import admin
from django.core.files.storage import storages
from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from dossiers.models import Dossier
from roles.enums import Side
from roles.models import Establishment, User

from .catalogue.in_force import type_label
from .catalogue.models import CODE_LENGTH
from .catalogue.values import BOUNDS, LARGEST_FILE_BYTES
from .clock import database_now
from .enums import DepositState, DocumentType
from .references import LENGTH as REFERENCE_LENGTH
from .references import new_reference
from .storage import FileStore

PENDING, TRANSMITTED, CANCELLED = DepositState
# Documents of deposits with something to tell; asked for by this very condition, which an index has too.
FLAGGED = Q(deposit__isnull=False) & ~Q(flags=[])


class DepositQuerySet(models.QuerySet["Deposit"]):
    """Deposits; what a dossier shows of them is derived, never stored (§6)."""

    def filed_in(self, dossier: Dossier) -> list[uuid.UUID]:
        """The ids of the deposits that a dossier shows, the newest first: made on it, or associated and transmitted."""
        # Each by its index, then together: asked by one condition with an « or », every deposit there is would be read.
        made = self.filter(origin=dossier).order_by().values_list("submitted_at", "pk")
        received = dossier.links.filter(deposit__state=DepositState.TRANSMITTED).order_by()
        filed = made.union(received.values_list("deposit__submitted_at", "deposit"), all=True)
        return [pk for _, pk in filed.order_by("-submitted_at", "pk")]

    def with_documents(self) -> Self:
        """With `all_documents`, but for what was read in them, which may be as long as a page."""
        # As a list: with a queryset for each deposit, ten of them took as long as asking for all the rest.
        return self.prefetch_related(Prefetch("documents", Document.objects.defer("reading"), to_attr="all_documents"))

    def with_associated_count(self) -> Self:
        """With `associated_count`: how many further dossiers receive each deposit."""
        links = AssociatedDossier.objects.filter(deposit=OuterRef("pk")).order_by().values("deposit")
        count = Subquery(links.values(count=Count("pk")), output_field=models.IntegerField())
        return self.annotate(associated_count=Coalesce(count, Value(0)))

    def visible_to(self, user: User) -> Self:
        """The deposits that a dossier visible to the person shows (§7)."""
        return self.filter(_shown_in(Dossier.objects.visible_to(user)))

    def with_dossiers_seen_by(self, user: User) -> Self:
        """With `dossiers_seen`: of the dossiers of each deposit, those that the person sees."""
        seen = Dossier.objects.visible_to(user)
        links = AssociatedDossier.objects.filter(dossier__in=seen).select_related("dossier")
        return self.prefetch_related(
            Prefetch("origin", seen, to_attr="origin_seen"), Prefetch("links", links, to_attr="links_seen")
        )

    def due(self, *, since: timedelta = timedelta(0)) -> Self:
        """Pending deposits whose delay ended at least `since` ago, by the database's clock."""
        return self.filter(state=DepositState.PENDING, transmit_at__lte=database_now(-since))

    def expired(self) -> Self:
        """Those whose time has ended, by the database's clock; one that waits for its transmission never has.

        Nor has one that waits for its hand-over, as long as there is somewhere to hand it over. Years are counted with
        a day more: a few days late rather than one early.
        """
        years = timedelta(days=366 * settings.DEPOSIT_RETENTION_YEARS)
        cancelled = timedelta(days=settings.CANCELLED_RETENTION_DAYS)
        over = Q(state=DepositState.TRANSMITTED, transmitted_at__lte=database_now(-years))
        if settings.HANDOVER_PLACE is not None:
            over &= ~Q(Exists(Handover.objects.undelivered().filter(deposit=OuterRef("pk"))))
        return self.filter(over | Q(state=DepositState.CANCELLED, cancelled_at__lte=database_now(-cancelled)))


class DocumentQuerySet(models.QuerySet["Document"]):
    """PDFs."""

    def visible_to(self, user: User) -> Self:
        """The documents filed in a dossier that the person sees, and those of their own open drafts (§7)."""
        dossiers = Dossier.objects.visible_to(user)
        return self.filter(
            Q(deposit__isnull=False) & _shown_in(dossiers, "deposit__")
            | Q(draft__owner=user, draft__deleted_at=None, draft__origin__in=dossiers)
        )

    def deposited_in_sight_of(self, user: User) -> Self:
        """The documents of deposits, not cancelled, that a dossier visible to the person shows (§7)."""
        return self.filter(_shown_in(Dossier.objects.visible_to(user), "deposit__"), deposit__isnull=False).exclude(
            deposit__state=DepositState.CANCELLED
        )

    def flagged(self) -> Self:
        """The deposited documents about which the check had something to tell, as their index has them."""
        return self.filter(FLAGGED)

    def loose(self, *, since: timedelta) -> Self:
        """The documents that have belonged to nothing for this long, by the database's clock."""
        return self.filter(loose_since__lte=database_now(-since))

    def purgeable(self) -> Self:
        """Those that no request under way can still take or read."""
        return self.loose(since=timedelta(hours=settings.LOOSE_FILE_HOURS))


class DraftQuerySet(models.QuerySet["Draft"]):
    """Deposits being prepared."""

    def begun_by(self, user: User) -> Self:
        """The person's own open drafts, on any dossier: whether they still see it is another question."""
        return self.filter(owner=user, deleted_at=None)

    def resumable_by(self, user: User) -> Self:
        """The person's own open drafts on dossiers that they still see."""
        return self.begun_by(user).filter(origin__in=Dossier.objects.visible_to(user))

    def saved(self) -> Self:
        """Those of which a step was saved: a start alone shows nowhere."""
        return self.filter(saved_at__isnull=False)

    def abandoned(self) -> Self:
        """Those that nobody has touched for DRAFT_RETENTION_DAYS."""
        return self.filter(deleted_at=None, saved_at__lte=database_now(-timedelta(days=settings.DRAFT_RETENTION_DAYS)))


def among(ids: Sequence[uuid.UUID]) -> Any:
    """For `pk__in`, where there may be thousands: they are one value wherever a database knows arrays."""
    return RawSQL("SELECT unnest(%s::uuid[])", [list(ids)]) if connection.vendor == "postgresql" else ids


def _shown_in(dossiers: models.QuerySet[Dossier], path: str = "") -> Q:
    """Deposits (reached by `path`) that one of these dossiers shows; the set's form of DepositQuerySet.filed_in."""
    link = AssociatedDossier.objects.filter(deposit=OuterRef(f"{path}pk"), dossier__in=dossiers)
    return Q(**{f"{path}origin__in": dossiers}) | Q(Exists(link), **{f"{path}state": DepositState.TRANSMITTED})


class Deposit(models.Model):
    """One invoice with its supporting documents, or documents without an invoice (§8), deposited together.

    Its id is that of the draft it was made from: the same start can be sent once only.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What its receipt says, and what lets anyone who was given it verify a file.
    reference = models.CharField(
        "référence", max_length=REFERENCE_LENGTH, unique=True, default=new_reference, editable=False
    )
    origin = models.ForeignKey(Dossier, models.PROTECT, related_name="own_deposits", verbose_name="dossier d’origine")
    dossiers = models.ManyToManyField(
        Dossier,
        through="AssociatedDossier",
        related_name="associated_deposits",
        verbose_name="dossiers associés",
    )
    side = models.CharField("déposé en tant que", max_length=20, choices=Side.choices)
    perimeter = models.ForeignKey(
        Establishment,
        models.PROTECT,
        related_name="deposits",
        verbose_name="établissement",
        help_text="L’établissement pour lequel le dépôt est fait, et où le numéro de facture est unique.",
    )
    depositor = models.ForeignKey(User, models.PROTECT, related_name="deposits", verbose_name="déposant")
    covers_tuition = models.BooleanField("frais pédagogiques", null=True)
    # The invoice's number as it is compared (rules.number_key), here beside the state that says whether it counts.
    number_key = models.CharField(max_length=4 * settings.INVOICE_NUMBER_LENGTH, null=True, editable=False)  # noqa: DJ001
    state = models.CharField("statut", max_length=20, choices=DepositState.choices, default=PENDING, editable=False)
    # By the database's clock; what has a default there is told by the insert itself.
    submitted_at = models.DateTimeField("déposé le", editable=False, db_default=Now())
    transmit_at = models.DateTimeField("à transmettre le", editable=False)
    transmitted_at = models.DateTimeField("transmis le", null=True, editable=False)
    cancelled_at = models.DateTimeField("annulé le", null=True, editable=False)
    cancelled_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="cancelled_deposits",
        verbose_name="annulé par",
    )

    # Filled by DepositQuerySet.with_associated_count.
    associated_count: int
    # Filled by DepositQuerySet.with_dossiers_seen_by.
    origin_seen: Dossier | None
    links_seen: "list[AssociatedDossier]"

    objects = DepositQuerySet.as_manager()

    class Meta:
        verbose_name = "dépôt"
        ordering = ("-submitted_at", "pk")
        # What the back office may do with it, beside looking: a deposit is never added, changed or deleted there.
        permissions = (
            ("relaunch_deposit", "Peut relancer la transmission d’un dépôt"),
            ("cancel_deposit", "Peut annuler un dépôt dont le délai court"),
            ("read_documents", "Peut lire les documents des dépôts"),
        )
        indexes = (
            models.Index(fields=("transmit_at",), condition=Q(state=PENDING), name="deposit_due"),
            models.Index(fields=("origin", "-submitted_at"), name="deposit_origin"),
            # Of those transmitted lately: which depositors were not told.
            models.Index(
                fields=("transmitted_at",), condition=Q(transmitted_at__isnull=False), name="deposit_transmitted_at"
            ),
            # The lists of the back office, newest first, of all of them and of each state.
            models.Index(fields=("-submitted_at", "id"), name="deposit_submitted"),
            models.Index(fields=("state", "-submitted_at", "id"), name="deposit_state_submitted"),
            # By number: its beginning, and the same on the other side.
            models.Index(
                fields=("number_key", "side"),
                opclasses=("varchar_pattern_ops", "varchar_pattern_ops"),
                condition=Q(number_key__isnull=False),
                name="deposit_number",
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="deposit_state_and_times_agree",
                condition=Q(state=PENDING, transmitted_at=None, cancelled_at=None, cancelled_by=None)
                | Q(state=TRANSMITTED, transmitted_at__isnull=False, cancelled_at=None, cancelled_by=None)
                | Q(
                    state=CANCELLED,
                    transmitted_at=None,
                    cancelled_at__isnull=False,
                    cancelled_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="deposit_never_transmitted_early",
                condition=Q(transmitted_at=None) | Q(transmitted_at__gte=F("transmit_at")),
            ),
            models.CheckConstraint(
                name="deposit_cancelled_before_its_delay_ends",
                condition=Q(cancelled_at=None) | Q(cancelled_at__lt=F("transmit_at")),
            ),
            models.CheckConstraint(
                name="deposit_transmit_after_submit", condition=Q(transmit_at__gte=F("submitted_at"))
            ),
            models.CheckConstraint(
                name="deposit_tuition_known_with_an_invoice",
                condition=Q(number_key=None, covers_tuition=None)
                | Q(number_key__isnull=False, covers_tuition__isnull=False),
            ),
            models.UniqueConstraint(
                name="deposit_number_once_a_perimeter",
                fields=("side", "perimeter", "number_key"),
                condition=~Q(state=CANCELLED),
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} · {self.origin.number}"

    @property
    def title(self) -> str:
        """« Facture F2026-118 », or the types of the documents of a deposit without an invoice."""
        if hasattr(self, "invoice"):
            return f"Facture {self.invoice.number}"
        return ", ".join(document.get_type_display() for document in self.all_documents)

    @cached_property
    def all_documents(self) -> "list[Document]":
        """Its documents, in order; DepositQuerySet.with_documents brings those of many along."""
        return list(self.documents.all())

    @property
    def trail_label(self) -> str:
        """How the trail names it."""
        return self.reference

    @property
    def trail_deposit(self) -> uuid.UUID:
        """The deposit that the trail files it under: itself."""
        return self.pk

    @property
    def dossiers_seen(self) -> list[Dossier]:
        """Its dossiers that the person of `with_dossiers_seen_by` sees, the origin first."""
        origin = [self.origin_seen] if self.origin_seen else []
        return origin + [link.dossier for link in self.links_seen]

    @property
    def as_side(self) -> Side:
        """The side it was made for."""
        return Side(self.side)

    @property
    def is_pending(self) -> bool:
        """Whether it is « En cours de transmission »."""
        return self.state == PENDING


class AssociatedDossier(models.Model):
    """Another dossier that receives a deposit once transmitted (§5.2). Written at « Transmettre », never after."""

    deposit = models.ForeignKey(Deposit, models.CASCADE, related_name="links", verbose_name="dépôt")
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="links", verbose_name="dossier")
    position = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "dossier associé"
        verbose_name_plural = "dossiers associés"
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(name="associated_dossier_once", fields=("deposit", "dossier")),
            # Together: so many rows at most for each deposit, whatever is written at the same time, and whatever the
            # limit in force is, which the wizard asks under its draft's lock.
            models.UniqueConstraint(name="associated_dossier_position_once", fields=("deposit", "position")),
            models.CheckConstraint(
                name="associated_dossier_position_in_bounds",
                condition=Q(position__gte=1, position__lte=BOUNDS["associated_dossiers"].highest),
            ),
        )

    def __str__(self) -> str:
        return str(self.dossier)


class Invoice(models.Model):
    """« Facture »: what is read on it (§5.2)."""

    deposit = models.OneToOneField(Deposit, models.CASCADE, related_name="invoice", verbose_name="dépôt")
    number = models.CharField("numéro", max_length=settings.INVOICE_NUMBER_LENGTH)
    issue_date = models.DateField("date d’émission")
    amount_ht = models.DecimalField("montant HT", max_digits=12, decimal_places=2)
    amount_ttc = models.DecimalField("montant TTC", max_digits=12, decimal_places=2)
    # The depositor confirmed something else than the XML in the invoice's PDF says.
    differs_from_xml = models.BooleanField("diffère du XML de son PDF", default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = "facture"
        ordering = ("-issue_date", "pk")
        indexes = (
            models.Index(fields=("deposit",), condition=Q(differs_from_xml=True), name="invoice_differs_from_xml"),
        )
        constraints = (
            models.CheckConstraint(name="invoice_amounts_above_zero", condition=Q(amount_ht__gt=0)),
            models.CheckConstraint(name="invoice_ttc_not_below_ht", condition=Q(amount_ttc__gte=F("amount_ht"))),
            models.CheckConstraint(name="invoice_number_not_empty", condition=~Q(number="")),
        )

    def __str__(self) -> str:
        return self.number


class Draft(models.Model):
    """A deposit being prepared: « Brouillon ». One for each start of the wizard; its uuid is in the address.

    `data` is what formtools keeps of a wizard (invoices/wizard/storage.py). Until a step is saved
    (`saved_at`) it is no more than a start, which nobody is shown. A deleted draft stays as a mark, so that
    a tab left open on it gets an explanation, until it is purged.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="drafts", verbose_name="auteur")
    origin = models.ForeignKey(Dossier, models.CASCADE, related_name="drafts", verbose_name="dossier d’origine")
    side = models.CharField("déposé en tant que", max_length=20, choices=Side.choices)
    data = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField("commencé le", auto_now_add=True)
    saved_at = models.DateTimeField("enregistré le", null=True, editable=False)
    deleted_at = models.DateTimeField("supprimé le", null=True, editable=False)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = "brouillon"
        ordering = ("-saved_at", "pk")

    def __str__(self) -> str:
        return f"Brouillon · {self.origin.number}"

    @property
    def trail_deposit(self) -> uuid.UUID:
        """The deposit that the trail files it under: the one that it is to become."""
        return self.pk

    @property
    def as_side(self) -> Side:
        """The side it is made for."""
        return Side(self.side)


def document_storage() -> FileStore:
    """Where the PDFs lie (DOCUMENT_STORAGE_URL)."""
    return cast(FileStore, storages["documents"])


class Document(models.Model):
    """One PDF. Its file is written once, under a generated name; the row then moves: loose → draft → deposit.

    A row is *loose* while it belongs to nothing: on arrival before its draft takes it, and once it was
    replaced, removed or abandoned. Loose rows are purged with their file; nothing makes a loose row live
    again after `settings.LOOSE_FILE_HOURS`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField("type", max_length=CODE_LENGTH)  # a code of the catalogue
    file = models.FileField("fichier", storage=document_storage, max_length=100, editable=False)
    name = models.CharField("nom du fichier", max_length=255)
    size = models.PositiveIntegerField("taille (octets)", editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    pages = models.PositiveIntegerField("pages", editable=False)
    flags = models.JSONField("signalements", default=list, editable=False)
    # What was read in it, as invoices.proposals.kept has it; null where that is nothing.
    reading = models.JSONField("lecture", null=True, editable=False)
    uploaded_by = models.ForeignKey(
        User, models.PROTECT, related_name="documents", editable=False, verbose_name="envoyé par"
    )
    uploaded_at = models.DateTimeField("reçu le", auto_now_add=True)
    loose_since = models.DateTimeField(null=True, editable=False)
    draft = models.ForeignKey(
        Draft, models.PROTECT, null=True, editable=False, related_name="documents", verbose_name="brouillon"
    )
    slot = models.CharField(max_length=20, blank=True, editable=False)
    deposit = models.ForeignKey(
        Deposit, models.PROTECT, null=True, editable=False, related_name="documents", verbose_name="dépôt"
    )
    position = models.PositiveSmallIntegerField("rang", default=0, editable=False)

    # Numbers and names found in it on its arrival, by which dossiers may be known. No column: they are kept nowhere.
    mentions: tuple[str, ...] = ()

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "document"
        ordering = ("position", "uploaded_at", "pk")
        indexes = (
            models.Index(fields=("loose_since",), condition=Q(loose_since__isnull=False), name="document_loose"),
            # What a person holds that is not deposited.
            models.Index(fields=("uploaded_by",), condition=Q(deposit=None), name="document_held"),
            # Whether a file that arrives was deposited before.
            models.Index(fields=("sha256",), condition=Q(deposit__isnull=False), name="document_deposited_file"),
            models.Index(fields=("deposit",), condition=FLAGGED, name="document_flagged"),
            # The back office's list.
            models.Index(fields=("-uploaded_at", "id"), name="document_uploaded"),
        )
        constraints = (
            models.CheckConstraint(
                name="document_loose_or_in_a_draft_or_deposited",
                condition=Q(loose_since__isnull=False, draft=None, deposit=None)
                | Q(loose_since=None, draft__isnull=False, deposit=None)
                | Q(loose_since=None, draft=None, deposit__isnull=False),
            ),
            models.UniqueConstraint(
                name="document_one_file_a_field", fields=("draft", "slot"), condition=Q(draft__isnull=False)
            ),
            models.UniqueConstraint(
                name="document_one_invoice_a_deposit",
                fields=("deposit",),
                condition=Q(type=DocumentType.FACTURE.value, deposit__isnull=False),
            ),
            models.CheckConstraint(
                name="document_size_in_bounds", condition=Q(size__gt=0, size__lte=LARGEST_FILE_BYTES)
            ),
            models.CheckConstraint(name="document_has_pages", condition=Q(pages__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.get_type_display()} · {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("invoices:document", args=[self.pk])

    @admin.display(description="type", ordering="type")
    def get_type_display(self) -> str:
        """The label of its type, as the catalogue has it now."""
        return type_label(self.type)

    @property
    def trail_deposit(self) -> uuid.UUID | None:
        """The deposit that the trail files it under, or the draft of one."""
        return self.deposit_id or self.draft_id


class Allowance(models.Model):
    """How many files a person sent in the hour that began at `begun_at`; the lock of all that is theirs to fill up."""

    person = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="allowance")
    begun_at = models.DateTimeField("heure commencée le", db_default=Now(), editable=False)
    uploads = models.PositiveIntegerField("envois", default=0, editable=False)

    class Meta:
        verbose_name = "quota"

    def __str__(self) -> str:
        return f"Quota · {self.person_id}"


class HandoverQuerySet(models.QuerySet["Handover"]):
    """Hand-overs."""

    def undelivered(self) -> Self:
        """Those of which the OPCO's system does not have everything yet, and is to have it."""
        return self.filter(delivered_at=None, abandoned_at=None)

    def in_line(self) -> Self:
        """Those of them that are tried again by themselves."""
        return self.filter(delivered_at=None, next_attempt_at__isnull=False)

    def stopped(self) -> Self:
        """Those that wait for somebody: a document is lost."""
        return self.filter(stopped_at__isnull=False)

    def unannounced(self) -> Self:
        """Those of which it has everything, and is still to be told."""
        return self.filter(delivered_at__isnull=False, next_attempt_at__isnull=False)

    def due(self) -> Self:
        """Those whose next attempt may begin now, in the order of their turn."""
        return self.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at", "pk")


class Handover(models.Model):
    """The way of a transmitted deposit to the OPCO's own system. Written by invoices.handover.delivery alone.

    In line (`next_attempt_at`) until documents and manifest are there (`delivered_at`) and, where there is a webhook,
    until its receiver was told (`announced_at`). Where a document is lost it leaves the line (`stopped_at`), until
    somebody has it handed over anew, or gives it up (`abandoned_at`).
    """

    deposit = models.OneToOneField(
        Deposit, models.CASCADE, primary_key=True, related_name="handover", verbose_name="dépôt", editable=False
    )
    created_at = models.DateTimeField("mise en file le", db_default=Now(), editable=False)
    next_attempt_at = models.DateTimeField("prochain essai", default=timezone.now, null=True, editable=False)
    attempts = models.PositiveIntegerField("essais", default=0, editable=False)
    delivered_at = models.DateTimeField("remise le", null=True, editable=False)
    manifest_sha256 = models.CharField("SHA-256 du manifeste", max_length=64, blank=True, editable=False)
    announced_at = models.DateTimeField("annoncée le", null=True, editable=False)
    last_error = models.CharField("dernière erreur", max_length=500, blank=True, editable=False)
    stopped_at = models.DateTimeField("arrêtée le", null=True, editable=False)
    abandoned_at = models.DateTimeField("abandonnée le", null=True, editable=False)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = "remise à l’OPCO"
        verbose_name_plural = "remises à l’OPCO"
        ordering = ("-created_at", "pk")
        # Nobody adds, changes or deletes one by hand.
        default_permissions = ("view",)
        permissions = (
            ("repeat_handover", "Peut remettre de nouveau un dépôt à l’OPCO"),
            ("abandon_handover", "Peut abandonner la remise d’un dépôt à l’OPCO"),
        )
        indexes = (
            models.Index(fields=("-created_at", "deposit"), name="handover_created_at"),
            models.Index(fields=("next_attempt_at",), condition=Q(delivered_at=None), name="handover_to_deliver"),
            models.Index(
                fields=("next_attempt_at",),
                condition=Q(delivered_at__isnull=False, next_attempt_at__isnull=False),
                name="handover_to_announce",
            ),
            models.Index(fields=("stopped_at",), condition=Q(stopped_at__isnull=False), name="handover_stopped"),
        )
        constraints = (
            models.CheckConstraint(
                name="handover_in_line_until_delivered_or_out_of_it",
                condition=Q(delivered_at__isnull=False, stopped_at=None, abandoned_at=None)
                | Q(delivered_at=None, next_attempt_at__isnull=False, stopped_at=None, abandoned_at=None)
                | Q(delivered_at=None, next_attempt_at=None, stopped_at__isnull=False, abandoned_at=None)
                | Q(delivered_at=None, next_attempt_at=None, stopped_at=None, abandoned_at__isnull=False),
            ),
            models.CheckConstraint(
                name="handover_delivered_with_its_manifest",
                condition=Q(delivered_at=None, manifest_sha256="")
                | Q(delivered_at__isnull=False) & ~Q(manifest_sha256=""),
            ),
            models.CheckConstraint(
                name="handover_announced_once_delivered",
                condition=Q(announced_at=None) | Q(delivered_at__isnull=False, next_attempt_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"Remise · {self.deposit.reference}"

    @property
    def trail_label(self) -> str:
        """How the trail names it."""
        return self.deposit.reference

    @property
    def trail_deposit(self) -> uuid.UUID:
        """The deposit that the trail files it under."""
        return self.deposit_id
