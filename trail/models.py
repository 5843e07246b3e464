"""One row for each event."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .enums import Result, actions
from .reasons import label_of

EMAIL_LENGTH = 254
ID_LENGTH = 64
LABEL_LENGTH = 255


class EventQuerySet(models.QuerySet["Event"]):
    """Events."""

    def about_deposit(self, deposit: UUID) -> "EventQuerySet":
        """All that happened to a deposit, from the first file of its draft on, the oldest first."""
        return self.filter(deposit=deposit).order_by("at", "pk")


class Event(models.Model):
    """Who did what, on what, when, from where, with what result.

    The database refuses to change or to empty it, and to remove a row before its time (migrations, and
    trail/retention.py). So nothing here refers to a row that may go: people and things are kept by number and by
    the name that they had.
    """

    at = models.DateTimeField("le", db_default=Now(), editable=False)
    action = models.CharField("action", max_length=40, choices=actions, editable=False)
    result = models.CharField("résultat", max_length=10, choices=Result.choices, editable=False)
    # A short name of why it was refused, or failed: « too_large », « number_taken ».
    reason = models.CharField("motif", max_length=60, blank=True, editable=False)
    person_id = models.BigIntegerField("n° de compte", null=True, editable=False)
    email = models.CharField("adresse e-mail", max_length=EMAIL_LENGTH, blank=True, editable=False)
    side = models.CharField("en tant que", max_length=20, blank=True, editable=False)
    subject_type = models.CharField("objet", max_length=60, blank=True, editable=False)
    subject_id = models.CharField("n° de l’objet", max_length=ID_LENGTH, blank=True, editable=False)
    subject_label = models.CharField("nom de l’objet", max_length=LABEL_LENGTH, blank=True, editable=False)
    # Of the deposit that it is about, or of the draft that one is to become: they have the same id.
    deposit = models.UUIDField("n° du dépôt", null=True, editable=False)
    address = models.GenericIPAddressField("adresse IP", null=True, editable=False)
    request_id = models.CharField("n° de la requête", max_length=64, blank=True, editable=False)
    details = models.JSONField("détails", default=dict, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = "événement"
        # Nobody adds, changes or deletes one by hand: there is no such permission to grant.
        default_permissions = ("view",)
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=("-at", "-id"), name="event_at"),
            models.Index(fields=("action", "-at", "-id"), name="event_action"),
            models.Index(fields=("result", "-at", "-id"), condition=~Q(result=Result.DONE), name="event_not_done"),
            models.Index(fields=("person_id",), condition=Q(person_id__isnull=False), name="event_person"),
            models.Index(fields=("email",), condition=~Q(email=""), name="event_email"),
            # With the action: PostgreSQL takes it without knowing how many deposits there are.
            models.Index(fields=("deposit", "action"), condition=Q(deposit__isnull=False), name="event_deposit"),
            models.Index(fields=("subject_id",), condition=~Q(subject_id=""), name="event_subject"),
            models.Index(fields=("subject_label",), condition=~Q(subject_label=""), name="event_subject_label"),
            models.Index(fields=("request_id",), condition=~Q(request_id=""), name="event_request"),
            models.Index(fields=("address", "-at"), condition=Q(address__isnull=False), name="event_address"),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} · {self.subject_label or self.email}".rstrip(" ·")

    @property
    def reason_label(self) -> str:
        """Why it was refused, or failed, in French."""
        return label_of(self.reason)
