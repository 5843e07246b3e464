"""The wizard: one draft for each start, its uuid in the address (RULES.md §5).

A POST is answered by a redirection unless it was refused, so that « back » and « reload » repeat nothing.
Files are checked and kept before the draft is locked; all the rest happens under its lock.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from formtools.wizard.forms import ManagementForm
from formtools.wizard.views import SessionWizardView

from roles.http import PersonRequest

from .. import documents
from ..catalogue import in_force
from ..deposits import FileLostError, InvoiceFacts, NumberTakenError, submit
from ..enums import DocumentType
from ..models import Document, Draft
from ..pdf import PdfRefused
from ..presentation import minutes, quoted
from ..uploads import IncomingFile
from . import association, choices, lapsed, proposing, stamps
from .forms import (
    CERTIFICATE_SLOT,
    INVOICE_SLOT,
    STEP_FORMS,
    Situation,
    StepForm,
    typed_at,
)
from .page import file_field, first_incomplete, rail_step, repeats, send_note
from .start import explain_missing, open_draft
from .steps import DETAILS, INVOICE, SEND, STEP_TITLES, SUPPORTING, step_url
from .storage import DraftRequest

# The buttons within a step, by their names.
CHOICES: dict[str, dict[str, choices.Choice]] = {
    INVOICE: {
        "recevoir": choices.keep_file,
        "retirer-piece": choices.remove_piece,
    },
    DETAILS: {
        "associer": choices.associate,
        "dissocier": choices.dissociate,
        "rechercher": choices.search,
    },
    SUPPORTING: {
        "associer": choices.associate,
        "recevoir": choices.keep_file,
        "ajouter-piece": choices.add_piece,
        "retirer-piece": choices.remove_piece,
    },
}


class DepositWizard(SessionWizardView):
    """The four steps of one draft; the step is in the address."""

    storage_name = "invoices.wizard.storage.DraftStorage"
    file_storage = None  # each file has its row and its place from its arrival
    form_list: Any = tuple(STEP_FORMS.items())

    # --- Which draft, and may this person go on with it? -------------------------------------------------------

    def dispatch(self, request: DraftRequest, *args: Any, depot: UUID, etape: str, **kwargs: Any) -> HttpResponse:
        self.refusals: dict[str, str] = {}
        self.sent = False
        self.stamp: str | None = None
        draft = open_draft(request, depot)
        if draft is None and stamps.KEEP in request.POST:
            return HttpResponse(status=204)  # nothing to keep, and nobody to tell: the next button says why
        if draft is None:
            lapsed.forget(request)
            return explain_missing(request, depot)
        if request.method != "POST":
            request.draft = draft
            return super().dispatch(request, *args, depot=depot, etape=etape, **kwargs)
        arrived = self.receive_files(request, draft, etape)
        if arrived:  # the check took its time: the roles too are asked again, as of now
            request.user.forget_scope()
        with transaction.atomic():
            locked = open_draft(request, depot, lock=True)
            if locked is None and stamps.KEEP in request.POST:
                return HttpResponse(status=204)
            if locked is None:  # sent or deleted by another tab since it was read above
                return explain_missing(request, depot)
            request.draft, self.arrived = locked, arrived
            return super().dispatch(request, *args, depot=depot, etape=etape, **kwargs)

    # --- Files -------------------------------------------------------------------------------------------------

    def receive_files(self, request: PersonRequest, draft: Draft, step: str) -> dict[str, Document]:
        """Check and keep the files of a POST, before any lock: a check may take seconds.

        Returns the documents, loose, by field. A refusal is kept as the field's sentence; that a file sent by
        itself is not there, as well.
        """
        received = {}
        for slot, type_ in self.slots_of(draft, step).items():
            incoming = request.FILES.get(f"{step}-{slot}")
            if not isinstance(incoming, IncomingFile):
                if request.POST.get("recevoir") == slot:
                    self.refusals[slot] = "Le fichier n’est pas arrivé. Choisissez-le de nouveau."
                continue
            try:
                received[slot] = documents.receive(incoming, type_, request.user, deposit=draft.pk, side=draft.side)
            except PdfRefused as refused:
                self.refusals[slot] = f"{incoming.name} : {refused.problem.sentence(in_force.limits())}"
        return received

    def slots_of(self, draft: Draft, step: str) -> dict[str, str]:
        """The fields of a step that take a file, without asking what the rules say of them now."""
        if step == INVOICE:
            return {INVOICE_SLOT: DocumentType.FACTURE}
        if step == SUPPORTING and draft.data:
            pieces = draft.data["extra_data"]["pieces"]
            return {CERTIFICATE_SLOT: DocumentType.CERTIFICAT_REALISATION} | {
                piece["slot"]: piece["type"] for piece in pieces
            }
        return {}

    # --- Forms -------------------------------------------------------------------------------------------------

    def get_prefix(self, request: PersonRequest, *args: Any, **kwargs: Any) -> str:
        return f"depot-{kwargs['depot']}"

    @cached_property
    def situation(self) -> Situation:
        """What the forms are checked against; read once, after what was posted has been kept."""
        answer = (self.storage.get_step_data(INVOICE) or {}).get(f"{INVOICE}-covers_tuition")
        draft = self.storage.draft
        return Situation(
            draft,
            self.request.user,
            {document.slot: document for document in draft.documents.all()},
            None if answer is None else answer == "oui",
        )

    def get_form(self, step: str | None = None, data: Any = None, files: Any = None) -> StepForm:
        # Files never go through the forms: they were checked and kept on arrival.
        return super().get_form(step, data, None)

    def get_form_kwargs(self, step: str | None = None) -> dict[str, Any]:
        return {"situation": self.situation, "refusals": self.refusals if step == self.steps.current else {}}

    def held(self, step: str) -> dict[str, str]:
        """What the draft holds of what was typed at a step, by the fields' names in the page."""
        typed = self.storage.get_step_data(step) or {}
        return {name: typed[name] for name in typed}

    def get_form_initial(self, step: str) -> dict[str, Any]:
        return {name.removeprefix(f"{step}-"): text for name, text in self.held(step).items()}

    def get_form_step_data(self, form: StepForm | None = None) -> dict[str, list[str]]:
        """What is typed at this step, in the fields that it has, and that alone.

        A field that did not come keeps what it had: a transfer cut short may look like a whole form. So does one
        that another tab has changed, and this one has not; or this one too, until the person was told.
        """
        step, posted = self.steps.current, self.request.POST
        typed = {name: text for name, text in typed_at(step, posted).items() if name not in self.contested}
        return self.with_typed(step, typed, posted.get(stamps.FIELD, ""))

    def with_typed(self, step: str, typed: Mapping[str, str], stamp: str) -> dict[str, list[str]]:
        """What the draft holds of a step, with what was typed in its place in a page of this stamp."""
        held = self.held(step)
        elsewhere = stamps.changed_elsewhere(step, stamp, typed, held)
        typed = {name: text for name, text in typed.items() if name not in elsewhere}
        return {name: [text] for name, text in (held | typed).items()}

    @cached_property
    def checked_forms(self) -> dict[str, StepForm]:
        """The first three steps, validated as of now from what the draft holds."""
        return {
            step: self.get_form(step, data=self.storage.get_step_data(step) or {})
            for step in (INVOICE, DETAILS, SUPPORTING)
        }

    # --- GET: the step of the address --------------------------------------------------------------------------

    def get(self, request: PersonRequest, *args: Any, etape: str, **kwargs: Any) -> HttpResponse:
        self.storage.current_step = etape
        self.stamp = stamps.stamp(etape, self.held(etape))  # what waits in the session is not in the draft yet
        self.restore_typed(etape)
        if blocking := first_incomplete(self.checked_forms, before=etape):
            return self.go_back_to(blocking)
        attempted = etape in self.storage.extra_data["attempted"]
        return self.render(self.checked_forms[etape] if attempted and etape != SEND else self.get_form(etape))

    def restore_typed(self, step: str) -> None:
        """Show what was typed after the session had ended, and say so; it is saved when the person goes on."""
        kept = lapsed.waiting(self.request, since=self.storage.draft.saved_at)
        if kept:
            self.storage.set_step_data(step, self.with_typed(step, kept["typed"], kept["stamp"]))
            level = messages.WARNING if kept["undone"] else messages.INFO
            messages.add_message(self.request, level, lapsed.sentence(kept))

    def go_back_to(self, step: str) -> HttpResponse:
        """Send the person to the step that comes first, and say so (§9)."""
        messages.warning(self.request, f"Complétez d’abord l’étape {quoted(STEP_TITLES[step])}.")
        return redirect(step_url(self.storage.draft.pk, step))

    # --- POST: keep everything, then do what was asked ---------------------------------------------------------

    def post(self, request: PersonRequest, *args: Any, etape: str, **kwargs: Any) -> HttpResponse:
        management = ManagementForm(request.POST, prefix=self.prefix)
        if not management.is_valid() or management.cleaned_data["current_step"] != etape:
            raise SuspiciousOperation("The management data do not belong to this step of this draft.")
        if stamps.KEEP in request.POST:
            return self.keep_typed(etape)
        self.storage.current_step = etape
        searched_before = self.get_form_initial(etape).get("recherche", "")
        compared = (etape, request.POST.get(stamps.FIELD, ""), typed_at(etape, request.POST), self.held(etape))
        self.changed_elsewhere = stamps.changed_elsewhere(*compared)
        self.contested = {name: compared[2][name] for name in stamps.contested(*compared)}
        self.storage.set_step_data(etape, self.get_form_step_data())
        self.keep_files(etape)
        lapsed.forget(request)
        response = self.show_contested(etape) if self.contested else self.act(etape, searched_before)
        if self.sent:
            return response
        self.storage.save()
        return response

    def keep_typed(self, step: str) -> HttpResponse:
        """Keep what is typed so far, as it is, for a page that goes on: no check, no other step, no page.

        Such a request may be overtaken by a button's. So it changes only what is still as its page showed it.
        """
        stamp, held = self.request.POST.get(stamps.FIELD, ""), self.held(step)
        kept = stamps.still_as_seen(step, stamp, typed_at(step, self.request.POST), held)
        if any(held.get(name, "") != text for name, text in kept.items()):
            self.storage.set_step_data(step, {name: [text] for name, text in (held | kept).items()})
            self.storage.current_step = self.storage.current_step or step
            lapsed.forget(self.request)
            self.storage.save()
        return HttpResponse(status=204, headers={stamps.HEADER: stamps.renewed(stamp, kept)})

    def keep_files(self, step: str) -> None:
        """Give the files that arrived to the draft; a field removed by another tab meanwhile takes none."""
        slots = self.slots_of(self.storage.draft, step)
        for slot, document in self.arrived.items():
            if slots.get(slot) == document.type:
                proposing.take_from(document, self.storage.draft, slot, self.request.user)
                documents.put_in_draft(document, self.storage.draft, slot)

    def act(self, step: str, searched_before: str) -> HttpResponse:
        """Do what the button that was pressed asks: go to a step, make a choice, or leave this step forwards."""
        posted = self.request.POST
        target = posted.get("wizard_goto_step")
        if target in STEP_TITLES:
            return self.render_goto_step(target)
        # « Enter » in the search field presses the form's first button: a new search is meant, not the next step.
        searched = posted.get(f"{DETAILS}-recherche", "").strip()
        if step == DETAILS and "entree" in posted and searched and searched != searched_before:
            return redirect(step_url(self.storage.draft.pk, step))
        for button, choice in CHOICES.get(step, {}).items():
            if button in posted:
                return self.choose(step, choice, posted[button].replace("\x00", ""))
        self.mark_attempted(step)
        if blocking := first_incomplete(self.checked_forms, before=step):
            return self.go_back_to(blocking)
        if self.changed_elsewhere:
            return self.show_changed(step)
        return super().post(self.request)

    def choose(self, step: str, choice: choices.Choice, value: str) -> HttpResponse:
        """Make a choice within a step, and show the step again."""
        if choice is choices.add_piece:
            value = self.request.POST.get(f"{step}-type", "")
        if refusal := choice(self.situation, value):
            self.refusals[refusal[0]] = refusal[1]
        if self.refusals:
            return self.render(self.get_form(step))
        return redirect(step_url(self.storage.draft.pk, step))

    def show_changed(self, step: str) -> HttpResponse:
        """Show the step as the draft holds it: it is not what the page showed that was left forwards."""
        self.say_refusals()
        messages.warning(self.request, "Ce brouillon a été modifié dans un autre onglet : vérifiez cette étape.")
        return redirect(step_url(self.storage.draft.pk, step))

    def show_contested(self, step: str) -> HttpResponse:
        """Show the step with what was typed, say what another tab saved there, and do nothing else yet."""
        self.say_refusals()
        form, held = self.get_form(step), self.held(step)
        texts = []
        for name, field in form.fields.items():
            typed, saved = self.contested.get(form.add_prefix(name)), held.get(form.add_prefix(name), "")
            if typed is not None:
                form.initial[name] = typed
                shown = dict(getattr(field, "choices", ())).get(saved, saved)
                texts.append(f"{field.label}, {quoted(shown) if shown else 'rien'}")
        messages.warning(
            self.request,
            f"Ce brouillon a été modifié dans un autre onglet, qui a enregistré\u00a0: {' ; '.join(texts)}. "
            "Cette page garde ce que vous y avez saisi\u00a0: vérifiez-le, puis continuez.",
        )
        return self.render(form)

    def say_refusals(self) -> None:
        """Say on the next page what this one has no place for."""
        for sentence in self.refusals.values():
            messages.error(self.request, sentence)

    def mark_attempted(self, step: str) -> None:
        """From now on the step shows its errors."""
        attempted = self.storage.extra_data["attempted"]
        if step not in attempted:
            attempted.append(step)

    def render_goto_step(self, goto_step: str, **kwargs: Any) -> HttpResponse:
        """« Étape précédente », or a step of the rail: what was typed here has been kept."""
        steps = list(STEP_TITLES)
        if steps.index(goto_step) > steps.index(self.steps.current):
            self.mark_attempted(self.steps.current)
            if self.changed_elsewhere:
                return self.show_changed(self.steps.current)
        self.say_refusals()
        self.storage.current_step = goto_step
        return redirect(step_url(self.storage.draft.pk, goto_step))

    def render_next_step(self, form: StepForm, **kwargs: Any) -> HttpResponse:
        self.storage.current_step = self.steps.next
        return redirect(step_url(self.storage.draft.pk, self.steps.current))

    def render_revalidation_failure(self, step: str, form: StepForm, **kwargs: Any) -> HttpResponse:
        """What no longer holds sends the person to the step that mends it (§5.4)."""
        self.mark_attempted(step)
        return self.go_back_to(step)

    # --- « Transmettre » ---------------------------------------------------------------------------------------

    def done(self, form_list: list[StepForm], form_dict: dict[str, StepForm], **kwargs: Any) -> HttpResponse:
        """Send the draft: all its steps have just been validated as of now, under its lock (§5.4)."""
        draft, details = self.storage.draft, form_dict[DETAILS].cleaned_data
        try:
            deposit = submit(
                deposit_id=draft.pk,
                origin=draft.origin,
                side=draft.as_side,
                depositor=self.request.user,
                documents=self.situation.ordered_documents,
                invoice=InvoiceFacts(
                    number=details["number"],
                    issue_date=details["issue_date"],
                    amount_ht=details["amount_ht"],
                    amount_ttc=details["amount_ttc"],
                    covers_tuition=form_dict[INVOICE].cleaned_data["covers_tuition"] == "oui",
                ),
                associated=self.situation.chosen,
            )
        except NumberTakenError:
            return self.render_revalidation_failure(DETAILS, form_dict[DETAILS])
        except FileLostError as lost:
            step = INVOICE if lost.document.slot == INVOICE_SLOT else SUPPORTING
            documents.remove_from_draft(draft, lost.document.slot)
            messages.error(
                self.request,
                f"Le fichier {quoted(lost.document.name)} n’est plus lisible : envoyez-le de nouveau.",
            )
            return self.render_revalidation_failure(step, form_dict[step])
        draft.delete()
        self.sent = True
        return redirect("invoices:receipt", deposit.pk)

    # --- What the page shows -----------------------------------------------------------------------------------

    def get_template_names(self) -> list[str]:
        return [f"invoices/wizard/{self.steps.current}.html"]

    def get_context_data(self, form: StepForm, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(form=form, **kwargs)
        situation, current = self.situation, self.steps.current
        repeated = repeats(situation) if current != DETAILS else {}
        incomplete = [name for name, checked in self.checked_forms.items() if not checked.is_valid()]
        context |= {
            "draft": situation.draft,
            "dossier": situation.draft.origin,
            "situation": situation,
            "step": current,
            "step_title": STEP_TITLES[current],
            "stamp": stamps.stamp(current, self.held(current)) if self.stamp is None else self.stamp,
            "previous": self.steps.prev,
            "files": [file_field(form, slot, repeated) for slot in form.file_slots()],
            "rail": [rail_step(step, current, self.checked_forms) for step in STEP_TITLES],
            "may_send": not incomplete,
            "send_note": send_note(incomplete),
        }
        if current == DETAILS:
            context |= association.found(situation, self.get_form_initial(current).get("recherche", ""))
        if current == SEND:
            context["sent"] = [(document, repeated.get(document.slot)) for document in situation.ordered_documents]
            context["details"] = self.checked_forms[DETAILS].cleaned_data
            context["covers_tuition"] = situation.covers_tuition
            context["delay"] = minutes(settings.TRANSMISSION_DELAY)
        return context
