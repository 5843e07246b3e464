"""The second page of a log-in, and what a person does with their second factor on « Mon compte »."""

import io

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from django_otp import login as verify_session

from .. import entrance
from ..http import PersonRequest
from ..proconnect.identities import LinkRefusedError
from . import devices
from .forms import CodeForm, PasswordAndCodeForm, PasswordForm, RecoveryCodeForm


@method_decorator([login_not_required, sensitive_post_parameters()], name="dispatch")
class CodeView(View):
    """The code that a log-in asks for after the password; also where a session is to prove more than it did."""

    form_class = CodeForm
    template_name = "roles/code.html"
    check = staticmethod(devices.check)

    def get(self, request: HttpRequest) -> HttpResponse:
        waiting = entrance.waiting(request)
        return self.page(request, self.form(waiting)) if waiting else self.over(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        waiting = entrance.waiting(request)
        if waiting is None:
            return self.over(request)
        form = self.form(waiting, request.POST)
        if form.is_valid():
            try:
                return entrance.enter(request, waiting, form.outcome)
            except LinkRefusedError:
                messages.error(request, "Cette identité ProConnect vient d’être associée à un autre compte.")
                return redirect("login")
        if form.has_error("code", "refused") and not entrance.count_wrong_code(request, waiting):
            messages.error(request, "Trop de codes faux. Recommencez par votre mot de passe.")
            return redirect(to_login(waiting.next_page))
        return self.page(request, form)

    def form(self, waiting: entrance.Waiting, data: object = None) -> CodeForm:
        return self.form_class(data, verify=lambda code: self.check(waiting.person, code))

    def page(self, request: HttpRequest, form: CodeForm) -> HttpResponse:
        return render(request, self.template_name, {"form": form, "recovery": self.form_class is RecoveryCodeForm})

    def over(self, request: HttpRequest) -> HttpResponse:
        """Nobody waits here, or too long: what was proved is forgotten."""
        if request.user.is_authenticated:
            return HttpResponseRedirect(entrance.local_page(request, request.GET.get("next", "")))
        waits = request.session.pop(entrance.SESSION_KEY, None)
        if waits:
            messages.error(request, "Le délai de cinq minutes est passé. Connectez-vous de nouveau.")
        return redirect(to_login(waits["next_page"] if waits else ""))


class RecoveryCodeView(CodeView):
    """A recovery code instead, for who has lost their application."""

    form_class = RecoveryCodeForm
    check = staticmethod(devices.check_recovery)


@sensitive_post_parameters()
def overview(request: PersonRequest) -> HttpResponse:
    """Whether the person has a second factor, and what they can do about it; POST begins a new one."""
    second_factor = devices.of(request.user)
    form = PasswordForm(sent(request), request=request, person=request.user)
    if request.method == "POST" and second_factor is None and form.is_valid():
        devices.begin(request.user)
        return redirect(with_next("second_factor:enrol", request))
    return render(
        request,
        "roles/second_factor.html",
        {
            "form": form,
            "second_factor": second_factor,
            "required": settings.STAFF_SECOND_FACTOR and request.user.is_staff,
            "recovery_codes_wanted": devices.RECOVERY_CODES,
        },
    )


@sensitive_post_parameters()
def enrol(request: PersonRequest) -> HttpResponse:
    """The secret as a picture and in text; the first code takes it into use, and the recovery codes are shown."""
    device = devices.begun(request.user)
    if device is None:
        return redirect(with_next("second_factor:overview", request))
    form = CodeForm(sent(request), verify=lambda code: devices.confirm(request.user, code))
    if request.method == "POST" and form.is_valid():
        confirmed, codes = form.outcome
        request.session.cycle_key()
        verify_session(request, confirmed)
        return codes_page(request, codes)
    return render(request, "roles/second_factor_enrol.html", {"form": form, "key": devices.key_in_text(device)})


@require_safe
def qr_code(request: PersonRequest) -> HttpResponse:
    """The secret as a picture for the application's camera; 404 once it is in use. No cache may keep it."""
    device = devices.begun(request.user)
    if device is None:
        raise Http404
    picture = io.BytesIO()
    # Black on white in the dark too: not every camera reads the reverse.
    segno.make(device.config_url, error="m").save(picture, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return HttpResponse(picture.getvalue(), "image/svg+xml", headers={"Cache-Control": "private, no-store"})


@sensitive_post_parameters()
def renew_codes(request: PersonRequest) -> HttpResponse:
    """New recovery codes, for a code of the application."""
    if not devices.exists_for(request.user):
        return redirect("second_factor:overview")
    form = CodeForm(sent(request), verify=lambda code: devices.check(request.user, code))
    if request.method == "POST" and form.is_valid():
        return codes_page(request, devices.renew_recovery_codes(request.user))
    return render(request, "roles/second_factor_renew.html", {"form": form})


@require_POST
@sensitive_post_parameters()
def download_codes(request: PersonRequest) -> HttpResponse:
    """The recovery codes as a text file, sent back by the page that shows them; nothing else is echoed."""
    codes = request.POST.getlist("code")
    if len(codes) > devices.RECOVERY_CODES or not devices.are_recovery_codes(request.user, codes):
        raise Http404
    lines = ["Codes de secours du Portail des dépôts. Chacun ne sert qu’une fois.", "", *codes, ""]
    return HttpResponse(
        "\r\n".join(lines),
        "text/plain; charset=utf-8",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": 'attachment; filename="codes-de-secours.txt"',
        },
    )


@sensitive_post_parameters()
def remove(request: PersonRequest) -> HttpResponse:
    """Log in by the first factor alone from now on, for a password and a code."""
    if not devices.exists_for(request.user):
        return redirect("second_factor:overview")
    form = PasswordAndCodeForm(sent(request), request=request, person=request.user)
    if request.method == "POST" and form.is_valid():
        devices.remove(request.user, by=request.user)
        messages.success(request, "La double authentification est désactivée.")
        return redirect("second_factor:overview")
    return render(request, "roles/second_factor_remove.html", {"form": form})


def codes_page(request: PersonRequest, codes: list[str]) -> HttpResponse:
    """The recovery codes, once: the answer itself shows them, and nothing keeps them."""
    next_page = entrance.local_page(request, request.GET["next"]) if "next" in request.GET else ""
    return render(request, "roles/recovery_codes.html", {"codes": codes, "next_page": next_page})


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, be it nothing at all."""
    return request.POST if request.method == "POST" else None


def with_next(name: str, request: HttpRequest) -> str:
    """The address of this name, leading on to where the present one does."""
    next_page = request.GET.get("next")
    return reverse(name) + (f"?{urlencode({'next': next_page})}" if next_page else "")


def to_login(next_page: str) -> str:
    """The log-in page, leading on to a page if there is one."""
    return redirect_to_login(next_page).url if next_page else reverse("login")
