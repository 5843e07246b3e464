"""Mails in the back office: looked at, and put back in line when they were given up."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from . import sending
from .models import Mail, MailQuerySet

# Where a mail stands, and the rows that stand there.
STATES = {
    "en-file": ("En file", Q(next_attempt_at__isnull=False)),
    "envoye": ("Envoyé", Q(sent_at__isnull=False)),
    "abandonne": ("Abandonné", Q(sent_at=None, next_attempt_at=None)),
}


class StateFilter(admin.SimpleListFilter):
    """By where a mail stands."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, label) for code, (label, _) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = STATES.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(Mail)
class MailAdmin(admin.ModelAdmin):
    """Mails, by state; nothing is written by hand."""

    list_display = ("subject", "recipient", "state", "attempts", "created_at", "next_attempt_at", "sent_at")
    list_filter = (StateFilter, ("last_error", admin.EmptyFieldListFilter))
    search_fields = ("recipient__istartswith", "subject__icontains", "key__startswith")
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = (
        "key",
        "recipient",
        "subject",
        "text",
        "created_at",
        "queued_at",
        "next_attempt_at",
        "attempts",
        "sent_at",
        "last_error",
    )
    readonly_fields = fields
    actions = ("put_back",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Who may change mails may have them sent again."""
        return super().has_change_permission(request)

    @admin.display(description="texte")
    def text(self, mail: Mail) -> str:
        """What it says, unless that is for its reader alone."""
        return "Confidentiel : seul le destinataire peut le lire." if mail.confidential else mail.body

    @admin.display(description="état")
    def state(self, mail: Mail) -> str:
        if mail.sent_at:
            return STATES["envoye"][0]
        return STATES["en-file" if mail.next_attempt_at else "abandonne"][0]

    @admin.action(description="Renvoyer les courriels abandonnés", permissions=["resend"])
    def put_back(self, request: HttpRequest, chosen: MailQuerySet) -> None:
        """« Renvoyer »: those that were given up go back in line; the others stay as they are."""
        for mail in chosen.given_up():
            self.log_change(request, mail, "Remis en file.")
        count = sending.put_back(chosen)
        if count:
            self.message_user(request, f"{count} courriel{'s' if count > 1 else ''} de nouveau en file.")
        else:
            self.message_user(request, "Aucun de ces courriels n’est abandonné : rien à renvoyer.", messages.WARNING)
