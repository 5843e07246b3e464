"""`/style/`: the design system on one page, for those who build the portal. Routed with DEBUG on, and nowhere else.

It shows the templates that the pages use, with objects made here and never saved; what is a class and no template
is written in templates/style.html.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dossiers.enums import DossierStatus, Product
from dossiers.forms import DossierFilters
from dossiers.models import Dossier
from invoices.catalogue import in_force
from invoices.enums import DepositState, DocumentType
from invoices.forms import PdfField
from invoices.models import Deposit, Document, Draft, Invoice
from invoices.pdf.reading import Reading, Source
from invoices.wizard.fields import AmountField, IssueDateField
from invoices.wizard.forms import Gauge
from invoices.wizard.marks import MarkedField, words_of
from invoices.wizard.page import send_note
from invoices.wizard.steps import DETAILS, INVOICE, SEND, STEP_TITLES, SUPPORTING
from roles.enums import Side
from roles.models import Company, Establishment


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Tokens and components, each in all its states."""
    dossier = sample_dossier()
    deposits = [sample_deposit(rank, state, dossier) for rank, state in enumerate(DepositState)]
    context = {
        "token_groups": token_groups(),
        "form": SampleForm(prefix="exemple", auto_id="%s"),
        "wrong_form": wrong_form(),
        "search": DossierFilters()["q"],
        "held": deposits[0].all_documents[0],
        "gauges": [Gauge(0, 4, "Vide"), Gauge(2, 4, "À moitié"), Gauge(4, 4, "Complète")],
        "rail": sample_rail(),
        "step": DETAILS,
        "send_note": send_note([DETAILS, SUPPORTING]),
        "messages": [Message(level, sentence) for level, sentence in NOTICES],
        "dossier": dossier,
        "dossiers": [sample_dossier(status) for status in DossierStatus],
        "deposits": deposits,
        "cancellable": {deposits[0].pk},
        "whole": "",
        "draft": {
            "row": Draft(pk=UUID(int=100), saved_at=SUBMITTED, data={"step": DETAILS}),
            "step_title": STEP_TITLES[DETAILS],
        },
        "page_obj": Paginator(range(75), 25).page(2),
    }
    return render(request, "style.html", context)


# --- Tokens -----------------------------------------------------------------------------------------------------


@dataclass
class Token:
    """A name of static/css/tokens.css with its values."""

    name: str
    light: str
    dark: str

    @property
    def kind(self) -> str:
        """How its specimen is drawn; empty for what has none."""
        if self.light.startswith("#"):
            return "colour"
        return next((kind for kind in ("text", "space", "radius") if self.name.startswith(f"--{kind}")), "")


def token_groups() -> list[tuple[str, list[Token]]]:
    """The tokens of the style sheet, under the comments that head them there."""
    sheet = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    declaration = r"^ +(--[a-z0-9-]+): ([^;]+);"
    in_the_dark = dict(re.findall(declaration, dark, re.M))
    groups: list[tuple[str, list[Token]]] = [("", [])]
    for heading, name, value in re.findall(rf"^  /\* (.+) \*/$|{declaration}", light, re.M):
        if heading:
            groups.append((heading, []))
        else:
            groups[-1][1].append(Token(name, value, in_the_dark.get(name, value)))
    return [group for group in groups if group[1]]


# --- Samples ----------------------------------------------------------------------------------------------------

SUBMITTED = datetime(2026, 11, 23, 14, 35, tzinfo=timezone.get_default_timezone())

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # pragma: allowlist secret

NOTICES = (
    (constants.SUCCESS, "Facture F2026-118 déposée."),
    (constants.INFO, "Ce dépôt est déjà parti : rien n’a été envoyé deux fois."),
    (constants.WARNING, "Complétez d’abord l’étape « Détails de la facture »."),
    (constants.ERROR, "Le fichier n’est plus lisible : envoyez-le de nouveau."),
)


class SampleForm(forms.Form):
    """A field of each kind, some with a value that was read."""

    bound_field_class = MarkedField
    marks: Mapping[str, str] = {"texte": words_of(Reading(Source.XML)), "montant": words_of(Reading(Source.TEXT))}

    texte = forms.CharField(label="Numéro de la facture", help_text="Tel qu’il figure sur la facture.")
    date = IssueDateField(label="Date d’émission", help_text="Jour/mois/année.")
    montant = AmountField(label="Montant TTC", help_text="En euros, par exemple 1 234,56.")
    liste = forms.ChoiceField(
        label="Type de document",
        choices=lambda: [("", "Choisissez un type de document"), *in_force.catalogue().labels.items()],
        widget=forms.Select({"class": "select"}),
    )
    choix = forms.ChoiceField(
        label="Votre facture concerne des frais pédagogiques",
        choices=[("oui", "Oui"), ("non", "Non")],
        widget=forms.RadioSelect,
    )
    fichier = PdfField("Certificat de réalisation", required=False)


def wrong_form() -> SampleForm:
    """The same with an error on each field."""
    form = SampleForm({"refus-texte": "F2026-118", "refus-montant": "12 x"}, prefix="refus", auto_id="%s")
    form.marks = {}
    form.errors.clear()
    form.add_error("texte", "Ce numéro est déjà celui de la facture déposée le 02/10/2026.")
    form.add_error("date", "Indiquez la date d’émission de la facture.")
    form.add_error("montant", "Ce montant n’est pas compris. Écrivez-le en euros, par exemple 1 234,56.")
    form.add_error("liste", "Choisissez un type de document.")
    form.add_error("choix", "Répondez par « Oui » ou par « Non ».")
    form.add_error("fichier", "facture.pdf : ce fichier n’est pas un PDF. Exportez le document au format PDF.")
    return form


def sample_dossier(status: DossierStatus = DossierStatus.EN_COURS_DE_REGLEMENT) -> Dossier:
    """A dossier with its places, without a database."""
    employer = Establishment(name="Horizon Lyon", company=Company(name="Groupe Horizon"))
    provider = Establishment(name="Formatech Lyon", company=Company(name="Formatech"))
    return Dossier(
        pk=1,
        number="CPRO-2026-004217",
        product=Product.CPRO,
        status=status,
        subrogated=True,
        employer=employer,
        training_provider=provider,
        beneficiary_first_name="Zoé",
        beneficiary_last_name="Lefèvre",
        training_title="Technicienne de maintenance industrielle",
        starts_on=date(2025, 9, 1),
        ends_on=date(2026, 8, 31),
        granted_tuition=Decimal("4800.00"),
        granted_ancillary=Decimal("600.00"),
    )


def sample_deposit(rank: int, state: DepositState, dossier: Dossier) -> Deposit:
    """A deposit of an invoice and a certificate, with all that its card asks for, without a database."""
    pending, number = state == DepositState.PENDING, f"F2026-{118 + rank}"
    deposit = Deposit(
        pk=UUID(int=rank + 1),
        origin=dossier,
        depositor_id=1,
        side=Side.PRESTATAIRE,
        perimeter=dossier.training_provider,
        number_key=number,
        state=state,
        submitted_at=timezone.now() if pending else SUBMITTED,
        transmit_at=(timezone.now() if pending else SUBMITTED) + timedelta(minutes=15),
        transmitted_at=SUBMITTED + timedelta(minutes=15) if state == DepositState.TRANSMITTED else None,
        cancelled_at=SUBMITTED + timedelta(minutes=5) if state == DepositState.CANCELLED else None,
    )
    Invoice(
        deposit=deposit,
        number=number,
        issue_date=date(2026, 11, 20),
        amount_ht=Decimal("4000.00"),
        amount_ttc=Decimal("4800.00"),
    )
    documents = [
        Document(pk=UUID(int=10 + rank), type=type_, name=name, pages=pages, size=size, sha256=SHA256, deposit=deposit)
        for type_, name, pages, size in (
            (DocumentType.FACTURE, f"facture_{number}.pdf", 1, 98_304),
            (DocumentType.CERTIFICAT_REALISATION, "certificat_lefevre.pdf", 2, 188_416),
        )
    ]
    deposit.associated_count = 0
    deposit.all_documents = documents  # nothing is asked of the database
    return deposit


def sample_rail() -> list[dict[str, Any]]:
    """The first step done, the second current, the third begun, the last not to be reached yet."""
    stands: dict[str, tuple[str, Gauge | None]] = {
        INVOICE: ("done", Gauge(2, 2, "Complète")),
        DETAILS: ("current", Gauge(2, 4, "À compléter : montant HT, montant TTC")),
        SUPPORTING: ("todo", Gauge(0, 1, "1 document attendu")),
        SEND: ("todo", None),
    }
    return [
        {
            "number": rank,
            "step": step,
            "title": STEP_TITLES[step],
            "state": state,
            "gauge": gauge,
            "reachable": state == "done",
        }
        for rank, (step, (state, gauge)) in enumerate(stands.items(), start=1)
    ]
