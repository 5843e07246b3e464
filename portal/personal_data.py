"""« Données personnelles »: what is kept of people, and how long; « Mes données »: all that is kept of one of them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from exchange.models import Import
from invoices.models import Allowance, Deposit, Document, Draft
from outbox.models import Mail
from roles.http import PersonRequest
from roles.models import User
from trail.enums import Action
from trail.models import Event
from trail.recording import id_of, record

READ_AT_ONCE = 500
YEAR_DAYS = 365


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What is kept, why, how long by the settings, who sees it, and whom to write to (PRIVACY_CONTACT)."""
    kept = {
        "deposits": in_years(settings.DEPOSIT_RETENTION_YEARS),
        "cancelled": in_days(settings.CANCELLED_RETENTION_DAYS),
        "drafts": in_days(settings.DRAFT_RETENTION_DAYS),
        "mails": in_days(settings.MAIL_RETENTION_DAYS),
        "accounts": in_days(settings.UNUSED_ACCOUNT_DAYS),
        "trail": in_years(settings.TRAIL_RETENTION_YEARS),
    }
    return render(request, "personal_data.html", {"kept": kept, "contact": settings.PRIVACY_CONTACT})


@require_safe
def download(request: PersonRequest) -> StreamingHttpResponse:
    """« Mes données »: a JSON file with all that the portal holds on the person who asks, and on nobody else."""
    record(Action.PERSONAL_DATA, person=request.user, on=request.user)
    return StreamingHttpResponse(
        written(request.user),
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="mes-donnees-{timezone.localdate():%Y-%m-%d}.json"',
            "Cache-Control": "private, no-store",
        },
    )


def written(of: User) -> Iterator[str]:
    """One JSON object, piece by piece: a person may have made tens of thousands of deposits."""
    yield "{\n"
    for rank, (name, value) in enumerate(held_on(of).items()):
        yield f"{',' if rank else ''}{_json(name)}: "
        if isinstance(value, dict):
            yield f"{_json(value)}\n"
            continue
        yield "["
        for place, item in enumerate(value):
            yield f"{',' if place else ''}\n{_json(item)}"
        yield "]\n"
    yield "}\n"


def held_on(of: User) -> dict[str, dict[str, Any] | Iterable[dict[str, Any]]]:
    """What is kept of a person, by its kind. Dossiers stand as their number: beneficiaries are other people."""
    return {
        "compte": {
            "adresse": of.email,
            "prénom": of.first_name,
            "nom": of.last_name,
            "créé le": of.date_joined,
            "actif depuis": of.active_since,
            "dernière connexion": of.last_login,
            "ouvert": of.is_active,
            "back-office": of.is_staff,
            "identifiant ProConnect": of.proconnect_sub,
        },
        # Never their secrets: who reads this file would have them too.
        "double authentification": [
            {"moyen": device.name, "ajouté le": device.created_at, "dernier usage": device.last_used_at}
            for kind in (TOTPDevice, StaticDevice)
            for device in kind.objects.filter(user=of)
        ],
        "quota": [
            {"heure commencée le": allowance.begun_at, "fichiers envoyés": allowance.uploads}
            for allowance in Allowance.objects.filter(person=of)
        ],
        "rôles": [
            {"rôle": assignment.get_role_display(), "attribué sur": str(assignment.place)}
            for assignment in of.role_assignments.select_related("company", "establishment")
        ],
        "brouillons": (
            {
                "dossier": draft.origin.number,
                "en tant que": draft.as_side.label,
                "commencé le": draft.created_at,
                "enregistré le": draft.saved_at,
                "saisi": draft.data,
            }
            for draft in Draft.objects.filter(owner=of).select_related("origin")
        ),
        "dépôts": map(_deposit, _deposits(of)),
        "fichiers envoyés": (
            {
                "nom": document.name,
                "type": document.get_type_display(),
                "reçu le": document.uploaded_at,
                "octets": document.size,
                "SHA-256": document.sha256,
            }
            for document in Document.objects.filter(uploaded_by=of).iterator(READ_AT_ONCE)
        ),
        "imports": (
            {"contenu": asked.get_kind_display(), "fichier": asked.name, "reçu le": asked.created_at}
            for asked in Import.objects.filter(by=of)
        ),
        "courriels": (
            {"objet": mail.subject, "écrit le": mail.created_at, "envoyé le": mail.sent_at}
            for mail in Mail.objects.filter(recipient=of.email).iterator(READ_AT_ONCE)
        ),
        "journal": (
            {
                "le": event.at,
                "action": event.get_action_display(),
                "résultat": event.get_result_display(),
                "motif": event.reason_label,
                "objet": event.subject_label,
                "adresse IP": event.address,
            }
            for event in Event.objects.filter(person_id=of.pk).iterator(READ_AT_ONCE)
        ),
        # When somebody of the back office saw the portal in their place; not who.
        "vu à sa place": (
            {"le": event.at, "action": event.get_action_display()}
            for event in Event.objects.filter(
                subject_type=User._meta.label_lower,
                subject_id=id_of(of.pk),
                action__in=(Action.VIEW_AS, Action.VIEW_AS_END),
            )
        ),
    }


def in_years(years: int) -> str:
    """« 10 ans »."""
    return f"{years} an{'s' if years > 1 else ''}"


def in_days(days: int) -> str:
    """« 30 jours », or whole years where it is some."""
    if days % YEAR_DAYS == 0:
        return in_years(days // YEAR_DAYS)
    return f"{days} jour{'s' if days > 1 else ''}"


def _deposits(of: User) -> Iterator[Deposit]:
    made = Deposit.objects.filter(Q(depositor=of) | Q(cancelled_by=of))
    return made.select_related("invoice", "origin", "depositor").iterator(READ_AT_ONCE)


def _deposit(deposit: Deposit) -> dict[str, Any]:
    return {
        "référence": deposit.reference,
        "dossier": deposit.origin.number,
        "facture": deposit.invoice.number if hasattr(deposit, "invoice") else None,
        "en tant que": deposit.as_side.label,
        "statut": deposit.get_state_display(),
        "déposé le": deposit.submitted_at,
        "transmis le": deposit.transmitted_at,
        "annulé le": deposit.cancelled_at,
    }


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
