"""The forms of the four steps. Each validates as of now, from what was typed and what the draft holds (RULES.md §5)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html

from dossiers.models import Dossier
from roles.enums import Side
from roles.models import User

from .. import rules
from ..catalogue import in_force
from ..catalogue.values import Catalogue, LimitsInForce
from ..deposits import holder_of
from ..enums import DocumentType
from ..forms import PdfField
from ..models import Deposit, Document, Draft
from ..pdf.reading import Reading
from ..presentation import counted
from ..proposals.kept import kept
from ..proposals.values import standing
from .fields import AmountField, InvoiceNumberField, IssueDateField
from .marks import Confirmation, Differences, MarkedField, differences, words_of
from .steps import DETAILS, INVOICE, SEND, SUPPORTING

TYPED_LENGTH = 500  # of one field, as kept; far more than any field takes
INVOICE_SLOT = "facture"
CERTIFICATE_SLOT = "certificat"
SEARCH_TIMEOUT_MS = 15_000  # of an answer while one types; a line as slow as that is as good as cut


@dataclass(frozen=True)
class Gauge:
    """How complete a step is: `done` of `total`, and the words for it."""

    done: int
    total: int
    note: str

    @property
    def full(self) -> bool:
        return self.done == self.total


@dataclass
class Situation:
    """What the forms of a draft are checked against: the draft, its person, its documents, what else it names."""

    draft: Draft
    person: User
    documents: Mapping[str, Document] = field(default_factory=dict)
    covers_tuition: bool | None = None
    # The same for all that is asked within one request.
    catalogue: Catalogue = field(default_factory=in_force.catalogue)
    limits: LimitsInForce = field(default_factory=in_force.limits)

    @property
    def extra(self) -> dict[str, Any]:
        return self.draft.data["extra_data"]

    @property
    def pieces(self) -> list[dict[str, str]]:
        """The fields added for supporting documents, in order: {"slot": …, "type": …}."""
        return self.extra["pieces"]

    @cached_property
    def chosen(self) -> list[Dossier]:
        """The associated dossiers, in the order chosen, whether or not they may still be."""
        found = Dossier.objects.with_places().in_bulk(self.extra["dossiers"])
        return [found[pk] for pk in self.extra["dossiers"] if pk in found]

    @cached_property
    def associable(self) -> Any:
        """The dossiers that may be associated, as of now (§5.2)."""
        return Dossier.objects.associable_with(self.draft.origin, self.person, self.draft.as_side).with_places()

    @cached_property
    def not_associable(self) -> list[Dossier]:
        """Of the chosen dossiers, those that may not be associated any more."""
        if not self.chosen:
            return []
        still = set(self.associable.filter(pk__in=self.extra["dossiers"]).values_list("pk", flat=True))
        return [dossier for dossier in self.chosen if dossier.pk not in still]

    @cached_property
    def reading(self) -> Reading | None:
        """What was read in the invoice's PDF."""
        invoice = self.documents.get(INVOICE_SLOT)
        return kept(invoice.reading) if invoice else None

    @cached_property
    def recognised(self) -> list[Dossier]:
        """The dossiers that the draft's documents mention, that may be associated as of now and are not."""
        mentioned = self.extra.get("mentioned", {})
        found = {pk for slot in self.documents for pk in mentioned.get(slot, ())} - set(self.extra["dossiers"])
        full = len(self.chosen) >= self.limits.associated_dossiers
        return list(self.associable.filter(pk__in=found)) if found and not full else []

    @property
    def certificate_required(self) -> bool:
        """Whether the certificate is required (§5.3); before the first step's answer, whether « Oui » would."""
        covers_tuition = True if self.covers_tuition is None else self.covers_tuition
        return rules.certificate_required(covers_tuition, [self.draft.origin, *self.chosen])

    @property
    def allowed_types(self) -> dict[str, str]:
        """The types that the origin takes: labels by code (§5.3)."""
        return rules.document_types(self.draft.origin, self.catalogue)

    @property
    def offered_types(self) -> dict[str, str]:
        """The types to choose from for another document; the certificate too, where it has no field of its own."""
        return {
            code: label
            for code, label in self.allowed_types.items()
            if code != DocumentType.CERTIFICAT_REALISATION or not self.has_certificate_field
        }

    @property
    def has_certificate_field(self) -> bool:
        """The certificate has its own field where it is required and not added already, or while that holds a file."""
        added = any(piece["type"] == DocumentType.CERTIFICAT_REALISATION for piece in self.pieces)
        return CERTIFICATE_SLOT in self.documents or (self.certificate_required and not added)

    @property
    def ordered_documents(self) -> list[Document]:
        """The draft's documents as they will be filed: the invoice, the certificate, the others as added."""
        return [self.documents[slot] for slot in (INVOICE_SLOT, *self.file_slots) if slot in self.documents]

    @property
    def fingerprint(self) -> str:
        """A hash of all that would be sent: what was typed, the dossiers, the documents."""
        typed = {step: values for step, values in self.draft.data["step_data"].items() if step != "transmettre"}
        content = [typed, self.extra["dossiers"], [str(document.pk) for document in self.ordered_documents]]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def other_parties(self) -> list[str]:
        """The names of the companies that will see the deposit on the other side (§7); more than one is a warning."""
        other = Side.PRESTATAIRE if self.draft.as_side == Side.ENTREPRISE else Side.ENTREPRISE
        return sorted({dossier.perimeter(other).company.name for dossier in (self.draft.origin, *self.chosen)})

    @property
    def file_slots(self) -> dict[str, str]:
        """The fields of the third step that take a file, in order, with their types."""
        own: dict[str, str] = {}
        if self.has_certificate_field:
            own[CERTIFICATE_SLOT] = DocumentType.CERTIFICAT_REALISATION
        return own | {piece["slot"]: piece["type"] for piece in self.pieces}


class StepForm(forms.Form):
    """One step. `refusals` are sentences by field that are not about what was typed: a refused file, for one.

    They show whether or not the form is bound, and make it invalid.
    """

    def __init__(
        self, *args: Any, situation: Situation, refusals: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        self.situation = situation
        self.refusals = refusals or {}
        super().__init__(*args, **kwargs)

    def full_clean(self) -> None:
        super().full_clean()
        for name, sentence in self.refusals.items():
            # What a step has no field for is said of the whole of it.
            place = name if name in self.fields else NON_FIELD_ERRORS
            self.errors.setdefault(place, self.error_class(renderer=self.renderer)).append(sentence)

    def file_slots(self) -> dict[str, str]:
        """The fields of this step that take a file, with the type of document (its code) that each makes."""
        return {}

    def require_file(self, slot: str, sentence: str) -> None:
        """Add the sentence to a file's field unless the draft holds its file, or it was just refused."""
        if slot not in self.situation.documents and slot not in self.refusals:
            self.add_error(slot, sentence)

    def gauge(self) -> Gauge:
        """How complete the step is."""
        raise NotImplementedError


class InvoiceFileForm(StepForm):
    """« Ajout de la facture » (§5.1)."""

    covers_tuition = forms.ChoiceField(
        label="Votre facture concerne des frais pédagogiques",
        choices=(("oui", "Oui"), ("non", "Non")),
        widget=forms.RadioSelect,
        help_text="« Oui » : frais pédagogiques, avec ou sans frais annexes. « Non » : frais annexes seulement "
        "(hébergement, restauration, premier équipement…).",
        error_messages={
            "invalid_choice": "Choisissez « Oui » ou « Non ».",
            "required": "Choisissez « Oui » ou « Non ».",
        },
    )
    facture = PdfField("Facture", required=False)

    def file_slots(self) -> dict[str, str]:
        return {INVOICE_SLOT: DocumentType.FACTURE}

    def clean(self) -> dict[str, Any]:
        self.require_file(INVOICE_SLOT, "Choisissez le PDF de votre facture.")
        return self.cleaned_data

    def gauge(self) -> Gauge:
        missing = [
            words
            for name, words in (("covers_tuition", "type de frais"), (INVOICE_SLOT, "PDF de la facture"))
            if name in self.errors
        ]
        return Gauge(2 - len(missing), 2, f"À compléter : {', '.join(missing)}" if missing else "Complète")


def already_used(number: str, situation: Situation) -> str | None:
    """That the invoice's number is used in the perimeter, and by what, if the person may see it (§5.2); else None."""
    draft = situation.draft
    holder = holder_of(number, draft.as_side, draft.origin.perimeter_id(draft.as_side))
    if holder is None:
        return None
    if not Deposit.objects.visible_to(situation.person).filter(pk=holder.pk).exists():
        return f"Ce numéro de facture est déjà utilisé pour {draft.origin.perimeter(draft.as_side).name}."
    return format_html(
        "Ce numéro est déjà celui de la facture déposée le {} dans le dossier {}.",
        date_format(timezone.localtime(holder.submitted_at), "j F Y"),
        holder.origin.number,
    )


class DetailsForm(StepForm):
    """« Détails de la facture » (§5.2)."""

    bound_field_class = MarkedField
    TYPED = (
        ("number", "numéro"),
        ("issue_date", "date"),
        ("amount_ht", "montant HT"),
        ("amount_ttc", "montant TTC"),
    )
    # What else may be wrong with the step, and is nothing to complete where it is not.
    FURTHER = (("recherche", "dossiers associés"), ("confirmed", "confirmation"))

    recherche = forms.CharField(
        label="Rechercher un autre dossier à associer",
        required=False,
        max_length=100,
        error_messages={"max_length": "Cherchez avec moins de mots : un numéro, un nom, une entreprise."},
        widget=forms.TextInput({"autocomplete": "off", "class": "input", "data-enter": "rechercher"}),
    )
    number = InvoiceNumberField(
        label="Numéro de la facture",
        help_text=f"Tel qu’il figure sur la facture, {settings.INVOICE_NUMBER_LENGTH} caractères au plus.",
    )
    issue_date = IssueDateField(label="Date d'émission")
    amount_ht = AmountField(label="Montant HT", help_text="En euros, par exemple 1 234,56.")
    amount_ttc = AmountField(label="Montant TTC", help_text="Égal au montant HT si la formation est exonérée de TVA.")

    confirmed = Confirmation(label="Je confirme les valeurs saisies")
    # What differs from the XML of the invoice's PDF, once the form was checked.
    differences = Differences()

    REQUIRED = {
        "number": "Indiquez le numéro de la facture.",
        "issue_date": "Indiquez la date d’émission de la facture.",
        "amount_ht": "Indiquez le montant hors taxes.",
        "amount_ttc": "Indiquez le montant toutes taxes comprises.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, sentence in self.REQUIRED.items():
            self.fields[name].error_messages["required"] = sentence
        today = timezone.localdate()
        earliest = rules.earliest_issue_date(today, self.situation.limits.invoice_age_years)
        self.fields["issue_date"].help_text = f"Jour/mois/année, du {earliest:%d/%m/%Y} au {today:%d/%m/%Y}."
        side = self.situation.draft.as_side
        perimeter = self.situation.draft.origin.perimeter(side)
        # Answers while one types (js/association.js); « Rechercher » asks the same without it.
        self.fields["recherche"].widget.attrs |= {
            "data-search": True,
            "hx-get": reverse("invoices:associable", args=[self.situation.draft.pk]),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#dossiers-trouves",
            "hx-swap": "innerHTML",
            "hx-sync": "this:queue last",
            "hx-indicator": "#recherche-dossiers",
            "hx-config": f'{{"timeout": {SEARCH_TIMEOUT_MS}}}',
        }
        self.fields["recherche"].help_text = (
            f"Par numéro, bénéficiaire ou entreprise, parmi les dossiers de {perimeter.name}. "
            f"{counted(self.situation.limits.associated_dossiers, 'dossier')} au plus."
        )

    @cached_property
    def marks(self) -> dict[str, str]:
        """Of the fields that hold what is proposed, where that was read."""
        reading = self.situation.reading
        held = {name: str(self[name].value() or "") for name, _ in self.TYPED}
        return dict.fromkeys(standing(held, reading), words_of(reading)) if reading else {}

    def clean_number(self) -> str:
        number = self.cleaned_data["number"]
        if sentence := already_used(number, self.situation):
            raise forms.ValidationError(sentence, code="taken")
        return number

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        ht, ttc = data.get("amount_ht"), data.get("amount_ttc")
        if ht and ttc and ttc < ht:
            self.add_error("amount_ttc", "Le montant TTC est inférieur au montant HT : vérifiez les deux montants.")
        most, chosen = self.situation.limits.associated_dossiers, len(self.situation.chosen)
        if chosen > most:
            self.add_error(
                "recherche",
                f"{counted(most, 'dossier')} au plus par dépôt, en plus de celui-ci, et {chosen} sont associés. "
                f"Retirez-en {chosen - most}.",
            )
        for dossier in self.situation.not_associable:
            self.add_error(
                "recherche",
                f"Le dossier {dossier.number} (« {dossier.get_status_display()} ») ne peut plus être associé : "
                "retirez-le de la liste.",
            )
        self._check_against_reading()
        return data

    def _check_against_reading(self) -> None:
        """What differs from the XML is confirmed, and what is proposed is seen, before anything is sent."""
        labels = {name: str(self.fields[name].label) for name, _ in self.TYPED}
        self.differences = differences(self.situation.reading, self.cleaned_data, labels)
        if self.differences and self.cleaned_data.get("confirmed") != self.differences.mark:
            self.add_error(
                "confirmed",
                "Ce qui est saisi n’est pas ce que dit le XML de votre facture\u00a0: corrigez-le, ou confirmez-le.",
            )
        if self.marks and DETAILS not in self.situation.extra["attempted"]:
            sentence = "Vérifiez les valeurs proposées d’après votre PDF, puis continuez."
            self.add_error(None, forms.ValidationError(sentence, code="unseen"))

    def gauge(self) -> Gauge:
        further = [words for name, words in self.FURTHER if name in self.errors]
        missing = [words for name, words in self.TYPED if name in self.errors] + further
        total = len(self.TYPED) + len(further)
        if not missing and self.has_error(NON_FIELD_ERRORS, "unseen"):
            return Gauge(total, total + 1, "À vérifier")
        return Gauge(total - len(missing), total, f"À compléter : {', '.join(missing)}" if missing else "Complète")


class SupportingDocumentsForm(StepForm):
    """« Pièces justificatives » (§5.3): a file for each field, and a list to add another."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for slot, type_ in self.file_slots().items():
            self.fields[slot] = PdfField(self.situation.catalogue.label(type_), required=False)
        self.fields["type"] = forms.ChoiceField(
            label="Ajouter un autre type de document",
            required=False,
            choices=[
                ("", "Choisissez un type de document"),
                *self.situation.offered_types.items(),
            ],
            widget=forms.Select({"class": "select", "data-enables": "ajouter-piece"}),
        )

    def file_slots(self) -> dict[str, str]:
        return self.situation.file_slots

    def clean(self) -> dict[str, Any]:
        if self.situation.certificate_required and self.situation.has_certificate_field:
            self.require_file(CERTIFICATE_SLOT, "Choisissez le PDF du certificat de réalisation : il est obligatoire.")
        most, added = self.situation.limits.supporting_documents, len(self.situation.pieces)
        if added > most:
            self.add_error(
                "type",
                f"Un dépôt a {counted(most, 'pièce')} au plus, et {added} sont ajoutées. Retirez-en {added - most}.",
            )
        allowed = self.situation.allowed_types
        for piece in self.situation.pieces:
            if piece["type"] not in allowed:
                label = self.situation.catalogue.label(piece["type"])
                self.add_error(piece["slot"], f"Ce dossier n’accepte plus de document « {label} » : retirez-le.")
            else:
                self.require_file(piece["slot"], "Choisissez un PDF, ou retirez ce document.")
        return self.cleaned_data

    def gauge(self) -> Gauge:
        slots = self.file_slots()
        done = sum(slot not in self.errors for slot in slots)
        if "type" in self.errors:
            return Gauge(done, len(slots) + 1, "Trop de documents")
        if done < len(slots):
            count = len(slots) - done
            return Gauge(done, len(slots), "1 document attendu" if count == 1 else f"{count} documents attendus")
        present: Sequence[Document] = [
            self.situation.documents[slot] for slot in slots if slot in self.situation.documents
        ]
        return Gauge(max(1, done), max(1, done), "Complète" if present else "Rien d’obligatoire")


class ConfirmationForm(StepForm):
    """« Transmettre » (§5.4): nothing to type, all the rest to check, and that it is what the page showed."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["shown"] = self.situation.fingerprint

    def clean_shown(self) -> str:
        """Refuse to send what another tab has changed since the page was shown."""
        shown = self.cleaned_data["shown"]
        if shown and shown != self.situation.fingerprint:
            raise forms.ValidationError(
                "Le brouillon a changé dans un autre onglet : relisez ce qui sera transmis, puis transmettez.",
                code="changed",
            )
        return shown


STEP_FORMS: dict[str, type[StepForm]] = {
    INVOICE: InvoiceFileForm,
    DETAILS: DetailsForm,
    SUPPORTING: SupportingDocumentsForm,
    SEND: ConfirmationForm,
}


def typed_at(step: str, posted: QueryDict) -> dict[str, str]:
    """What came of the fields that this step has, as typed, by their names in the page; and that alone.

    Without the one character that PostgreSQL stores nowhere.
    """
    names = (f"{step}-{name}" for name in STEP_FORMS[step].base_fields)
    return {name: str(posted[name]).replace("\x00", "")[:TYPED_LENGTH] for name in names if name in posted}


def words_typed_at(step: str, posted: QueryDict) -> list[tuple[str, str]]:
    """The same for a person to read: labels and what was typed, of the fields that one types into."""
    typed = typed_at(step, posted)
    fields = STEP_FORMS[step].base_fields
    return [
        (str(field.label), typed[f"{step}-{name}"])
        for name, field in fields.items()
        if isinstance(field.widget, forms.TextInput) and typed.get(f"{step}-{name}")
    ]
