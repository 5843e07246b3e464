"""One row for each mail."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone


class MailQuerySet(models.QuerySet["Mail"]):
    """Mails."""

    def due(self) -> "MailQuerySet":
        """Those whose next attempt may begin now, in the order of their turn."""
        return self.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at", "pk")

    def in_line(self) -> "MailQuerySet":
        """Those to be sent, now or at their next attempt."""
        return self.filter(next_attempt_at__isnull=False)

    def given_up(self) -> "MailQuerySet":
        """Those that no server took for too long."""
        return self.filter(sent_at=None, next_attempt_at=None)

    def settled(self, *, since: timedelta) -> "MailQuerySet":
        """Those sent or given up at least this long after they were put in line."""
        return self.filter(next_attempt_at=None, queued_at__lte=timezone.now() - since)


class Mail(models.Model):
    """A mail to one person: in line (`next_attempt_at`), sent (`sent_at`), or given up (neither).

    `key` names what it tells, such as « deposit:<id>:received »: told once, whoever writes it how often.
    """

    key = models.CharField("clé", max_length=100, unique=True, editable=False)
    recipient = models.EmailField("destinataire", editable=False)
    subject = models.CharField("objet", max_length=150, editable=False)
    body = models.TextField("texte", editable=False)
    # It holds what only its reader may know, such as a link to a new password: shown to nobody, gone once it is sent.
    confidential = models.BooleanField("confidentiel", default=False, db_default=False, editable=False)
    created_at = models.DateTimeField("écrit le", default=timezone.now, editable=False)
    # From here count the days after which it is given up: put back in line, a mail has them all again.
    queued_at = models.DateTimeField("mis en file le", default=timezone.now, editable=False)
    next_attempt_at = models.DateTimeField("prochain essai", default=timezone.now, null=True, editable=False)
    attempts = models.PositiveSmallIntegerField("essais", default=0, editable=False)
    sent_at = models.DateTimeField("envoyé le", null=True, editable=False)
    last_error = models.CharField("dernière erreur", max_length=500, blank=True, editable=False)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel"
        ordering = ("-created_at", "pk")
        indexes = (
            models.Index(fields=("next_attempt_at",), condition=Q(next_attempt_at__isnull=False), name="mail_in_line"),
            # Counted by the back office's home and by the metrics, among all that were sent.
            models.Index(fields=("queued_at",), condition=Q(sent_at=None, next_attempt_at=None), name="mail_given_up"),
        )
        constraints = (
            models.CheckConstraint(
                name="mail_sent_is_out_of_line", condition=Q(sent_at=None) | Q(next_attempt_at=None)
            ),
        )

    def __str__(self) -> str:
        return self.subject
