"""One row for each import, and one for each stretch of its lines that is done."""

from datetime import timedelta
from typing import Self, cast

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from invoices.storage import FileStore
from roles.models import User

from .enums import OVER, UNDER_WAY, Kind, State


def import_storage() -> FileStore:
    """Where the files wait: beside the documents (DOCUMENT_STORAGE_URL), for every machine to read."""
    return cast(FileStore, storages["imports"])


class ImportQuerySet(models.QuerySet["Import"]):
    """Imports."""

    def under_way(self) -> Self:
        """Those that a worker works on, or is to, the oldest first."""
        return self.filter(state__in=UNDER_WAY).order_by("pk")

    def held(self) -> Self:
        """Those that a worker has told of lately: it is alive."""
        limit = timezone.now() - timedelta(seconds=settings.IMPORT_CLAIM_SECONDS)
        return self.filter(state__in=UNDER_WAY, runner__isnull=False, progressed_at__gt=limit)

    def unconfirmed(self) -> Self:
        """Those that nobody confirmed in time."""
        limit = timezone.now() - timedelta(days=settings.IMPORT_CONFIRMATION_DAYS)
        return self.filter(state=State.CHECKED, progressed_at__lte=limit)

    def expired(self) -> Self:
        """Those whose time has ended: the report of an import holds names."""
        return self.filter(created_at__lte=timezone.now() - timedelta(days=settings.IMPORT_RETENTION_DAYS))


class Import(models.Model):
    """A file of lines, and how far it is (exchange/running.py). Its file goes when it is over; the row some days later.

    `line` is the last line of the file that is done with, in this pass: the check, or the import itself.
    """

    kind = models.CharField("contenu", max_length=20, choices=Kind.choices)
    state = models.CharField("état", max_length=20, choices=State.choices, default=State.CHECKING, editable=False)
    by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="imports", verbose_name="demandé par"
    )
    file = models.FileField("fichier", storage=import_storage, max_length=100, blank=True, editable=False)
    name = models.CharField("nom du fichier", max_length=255, editable=False)
    size = models.PositiveBigIntegerField("taille (octets)", editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    invites = models.BooleanField("inviter les nouveaux comptes", default=False, editable=False)
    created_at = models.DateTimeField("reçu le", default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField("confirmé le", null=True, editable=False)
    ended_at = models.DateTimeField("terminé le", null=True, editable=False)
    # Known exactly once the check is over; a guess before.
    lines = models.PositiveIntegerField("lignes", default=0, editable=False)
    line = models.PositiveIntegerField(default=0, editable=False)
    created = models.PositiveIntegerField("créés", default=0, editable=False)
    changed = models.PositiveIntegerField("modifiés", default=0, editable=False)
    unchanged = models.PositiveIntegerField("inchangés", default=0, editable=False)
    refused = models.PositiveIntegerField("refusés", default=0, editable=False)
    # Titles of columns that are not read.
    ignored = models.JSONField("colonnes ignorées", default=list, editable=False)
    # Why it is UNREADABLE, or FAILED.
    reason = models.CharField("motif", max_length=500, blank=True, editable=False)
    # Who works on it, when they last told of it, and how often it was begun without a line being done.
    runner = models.UUIDField(null=True, editable=False)
    progressed_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        # Added, that is to say imported; changed by the workers alone, and gone at its time.
        default_permissions = ("add", "view")
        ordering = ("-pk",)
        indexes = (models.Index(fields=("id",), condition=Q(state__in=UNDER_WAY), name="import_under_way"),)
        constraints = (
            models.CheckConstraint(
                name="import_keeps_its_file_until_it_is_over",
                condition=Q(state__in=OVER, file="", ended_at__isnull=False)
                | Q(~Q(state__in=OVER), ~Q(file=""), ended_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("admin:exchange_import_change", args=[self.pk])

    @property
    def trail_label(self) -> str:
        """How the trail names it."""
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Whether a worker works on it, or is to."""
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int:
        """How far this pass is, as far as the number of lines is known."""
        return min(99, 100 * self.done // self.lines) if self.lines else 0

    @property
    def done(self) -> int:
        """The lines of this pass that are done."""
        return self.created + self.changed + self.unchanged + self.refused


class ImportPart(models.Model):
    """What became of a stretch of lines, written with them. Of lines that changed nothing it keeps only how many.

    `told` is a list of what exchange.running.told makes of each other line.
    """

    of = models.ForeignKey(Import, models.CASCADE, related_name="parts")
    first_line = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    told = models.JSONField(default=list)

    class Meta:
        verbose_name = "partie d’un import"
        default_permissions = ()
        ordering = ("first_line",)
        constraints = (models.UniqueConstraint(name="import_part_once", fields=("of", "first_line")),)

    def __str__(self) -> str:
        return f"{self.of_id} · {self.first_line}"
