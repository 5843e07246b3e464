"""People, companies, establishments and roles in the back office."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from trail.paging import BoundedPaginator

from . import consequences, powers
from .accounts import closing, guard, links
from .accounts.lifetimes import in_words
from .assignments import RoleAssignmentForm
from .enums import Role, Side
from .models import Company, Establishment, FailedLogIn, RoleAssignment, User
from .proconnect import identities
from .search import normalise
from .second_factor import devices
from .view_as import viewing

# django-otp's own pages show secrets; what the back office does with second factors is done on the account.
admin.site.unregister([TOTPDevice, StaticDevice])

# What no group gives: by superusers alone. Groups are given up to one's own (roles/powers.py).
SUPERUSER_POWERS = ("is_superuser", "user_permissions")
# What hangs on each is shown before they are closed.
CLOSED_AT_ONCE = 100
# More establishments than this are a list of their own: a form takes a thousand fields at most.
ESTABLISHMENTS_ON_A_PAGE = 50


class NormalisedSearchMixin:
    """Searches the normalised columns as they are stored: accents and case ignored."""

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, normalise(search_term))  # type: ignore[misc]


class LargeTableMixin:
    """For a table of a million rows: nothing counts it, or sorts it, as a whole; lists of choices neither."""

    paginator: Any = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER


class RoleAssignmentInline(admin.TabularInline):
    """The roles of one person, with a line to add one where there is no JavaScript to add it with."""

    model = RoleAssignment
    form = RoleAssignmentForm
    fields = ("role", "company", "establishment", "number")
    autocomplete_fields = ("company", "establishment")
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("company", "establishment")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Places have pages of their own: no buttons beside them that would add or change one from here."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in ("company", "establishment"):
            for button in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, button, False)
        return field

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The number is for who may add: it is no column."""
        fields = super().get_fields(request, obj)
        return fields if self.has_add_permission(request, obj) else [name for name in fields if name != "number"]


class NewAccountForm(forms.ModelForm):
    """A new account, by e-mail address. Its person chooses the password: nobody here ever knows one."""

    invite = forms.BooleanField(
        label="inviter par e-mail",
        initial=True,
        required=False,
        help_text=f"Envoie un lien, valable {in_words(settings.INVITATION_LIFETIME)}, pour choisir un mot de passe.",
    )

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")


@admin.register(User)
class EmailUserAdmin(LargeTableMixin, UserAdmin):
    """Accounts that log in by e-mail address, with their roles.

    Passwords are neither shown nor set here: a link is sent. Who may change accounts gives no right that they have not,
    and touches no account that is above their own (roles/powers.py). Accounts are closed and opened by actions, which
    do what belongs to it.
    """

    form = forms.ModelForm
    add_form = NewAccountForm
    fieldsets = (
        (None, {"fields": ("email", "password_state")}),
        ("Identité", {"fields": ("first_name", "last_name")}),
        ("Accès", {"fields": ("is_open", "is_staff", "groups")}),
        ("Droits particuliers", {"classes": ("collapse",), "fields": ("is_superuser", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "first_name", "last_name", "invite")}),)
    readonly_fields = ("password_state", "is_open", "last_login", "date_joined")
    filter_horizontal = ("user_permissions",)
    list_display = ("email", "last_name", "first_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "role_assignments__role")
    search_fields = ("email", "last_name", "first_name")
    search_help_text = "Une adresse e-mail, un nom ou un prénom, ou le début de l’un d’eux."
    ordering = ("email",)
    inlines = (RoleAssignmentInline,)
    actions = (
        "invite",
        "send_password_link",
        "unlock",
        "end_sessions",
        "remove_second_factor",
        "unlink_proconnect",
        "close",
        "reopen",
    )

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        """Roles come after the account, as its password does."""
        return super().get_inlines(request, obj) if obj else ()

    def get_urls(self) -> list[Any]:
        """Those of any model, and « Voir comme »: Django's page that sets somebody's password is not among them."""
        view_as = self.admin_site.admin_view(self.view_as)
        return [
            path("<path:object_id>/voir-comme/", view_as, name="roles_user_view_as"),
            *admin.ModelAdmin.get_urls(self),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *SUPERUSER_POWERS)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Of the groups, those that give no more than one has."""
        if db_field.name == "groups":
            kwargs |= {"queryset": powers.groups_given_by(_person(request)), "widget": forms.CheckboxSelectMultiple}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A group has a page of its own: none is added in passing."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "groups":
            field.widget.can_add_related = False
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def has_help_permission(self, request: HttpRequest) -> bool:
        """Who helps on the telephone, and who may change the account anyway."""
        return request.user.has_perm("roles.help_user") or super().has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new account has no password, and is invited to choose one if the form says so."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change and form.cleaned_data["invite"]:
            links.invite(obj, by=_person(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With what can be done for this person, as buttons."""
        person = self.get_object(request, unquote(object_id))
        buttons = self._buttons(request, person) if isinstance(person, User) else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | buttons)

    def response_action(self, request: HttpRequest, queryset: QuerySet, *place: Any, **more: Any) -> Any:
        """An action that was begun on the page of an account ends there."""
        response = super().response_action(request, queryset, *place, **more)
        account = request.POST.get("account", "")
        if account.isdecimal() and (response is None or response.status_code == 302):
            return redirect("admin:roles_user_change", int(account))
        return response

    def _buttons(self, request: HttpRequest, person: User) -> dict[str, Any]:
        """What the page of an account offers beside its fields: actions that make sense for this one."""
        fits = {
            "invite": person.is_active and not person.has_usable_password(),
            "send_password_link": person.is_active and person.has_usable_password(),
            "unlock": person.is_active,
            "end_sessions": person.is_active,
            "remove_second_factor": devices.exists_for(person),
            "unlink_proconnect": person.proconnect_sub is not None,
            "close": person.is_active and person.pk != request.user.pk,
            "reopen": not person.is_active,
        }
        actions = self.get_actions(request) if _may_touch(request, person) else {}
        labels = {name: action[2] for name, action in actions.items() if action}
        return {
            "view_as": viewing.why_not(_person(request), person) is None,
            "account_actions": [(name, labels[name]) for name, does in fits.items() if does and name in labels],
        }

    @method_decorator(require_POST)
    def view_as(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """« Voir comme »: the portal as this person has it, from now on (roles/view_as/)."""
        if not request.user.has_perm(viewing.PERMISSION):
            raise PermissionDenied(viewing.NOT_PERMITTED)
        person = self.get_object(request, unquote(object_id))
        if not isinstance(person, User):
            raise Http404
        if refusal := viewing.begin(request, person):
            self.message_user(request, refusal, messages.WARNING)
            return redirect("admin:roles_user_change", person.pk)
        return redirect(resolve_url(settings.LOGIN_REDIRECT_URL))

    @admin.display(description="actif", boolean=True)
    def is_open(self, user: User) -> bool:
        """Changed by « Désactiver le compte » and « Réactiver le compte » alone."""
        return user.is_active

    @admin.display(description="mot de passe")
    def password_state(self, user: User) -> str:
        """Whether there is one, or what is missing to it."""
        if user.has_usable_password():
            return "Choisi"
        if not user.invited_at:
            return "Aucun : cette personne n’a pas été invitée."
        return f"Aucun : invitée le {date_format(localtime(user.invited_at), 'j F Y')}."

    @admin.action(description="Inviter par e-mail à choisir un mot de passe", permissions=["help"])
    def invite(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """« Inviter »: those who have no password yet."""
        self._each(request, chosen, links.invite, "Invitation envoyée")

    @admin.action(description="Envoyer un lien pour choisir un nouveau mot de passe", permissions=["help"])
    def send_password_link(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """The same link as « Mot de passe oublié ? » sends."""
        self._each(request, chosen, links.send_link, "Lien envoyé")

    @admin.action(description="Déconnecter de tous les appareils", permissions=["help"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """« Se déconnecter de tous les appareils », in the person's place."""
        self._each(request, chosen, links.end_sessions, "Appareils déconnectés")

    @admin.action(description="Débloquer la connexion après trop d’essais", permissions=["help"])
    def unlock(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Listen to their log-ins again."""
        self._each(request, chosen, links.unlock, "Connexion débloquée")

    @admin.action(description="Retirer la double authentification (téléphone perdu)", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """For who has neither their application nor a recovery code left; they log in by password, and enrol anew."""
        self._each(request, chosen, _remove_second_factor, "Double authentification retirée")

    @admin.action(description="Dissocier de ProConnect", permissions=["change"])
    def unlink_proconnect(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """For who comes by another identity than before; the next one with their e-mail is linked."""
        self._each(request, chosen, _unlink_proconnect, "Compte dissocié de ProConnect")

    @admin.action(description="Désactiver le compte", permissions=["change"])
    def close(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        """Let nobody in by it any more, once it was read what hangs on it."""
        if request.POST.get("post"):
            self._each(request, chosen, closing.close, "Compte désactivé")
            return None
        if len(chosen) > CLOSED_AT_ONCE:
            self.message_user(request, f"Choisissez {CLOSED_AT_ONCE} comptes au plus.", messages.WARNING)
            return None
        context = self.admin_site.each_context(request) | {
            "title": "Désactiver le compte" if len(chosen) == 1 else "Désactiver les comptes",
            "opts": self.opts,
            "accounts": [(person, consequences.of_closing(person)) for person in chosen],
            "checkbox": ACTION_CHECKBOX_NAME,
            "account": account if (account := request.POST.get("account", "")).isdecimal() else "",
        }
        return TemplateResponse(request, "admin/roles/user/close.html", context)

    @admin.action(description="Réactiver le compte", permissions=["change"])
    def reopen(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Let its person in again."""
        self._each(request, chosen, closing.reopen, "Compte réactivé")

    def _each(self, request: HttpRequest, chosen: QuerySet[User], act: Callable[..., object], done: str) -> None:
        """Do it to each account, note it there, and say of whom it was done, and why it was not of whom it was not."""
        for user in chosen:
            try:
                if above := powers.why_untouchable(_person(request), user):
                    raise links.NotPossibleError(above)
                act(user, by=_person(request))
            except links.NotPossibleError as reason:
                self.message_user(request, f"Rien n’est fait pour {user.email}. {reason}", messages.WARNING)
            else:
                self.log_change(request, user, f"{done}.")
                self.message_user(request, f"{done} : {user.email}.")


class LockedFilter(admin.SimpleListFilter):
    """Those that hold up the next log-in."""

    title = "bloquée"
    parameter_name = "bloquee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("oui", "Oui")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(together__gte=settings.LOGIN_FAILURES) if self.value() else queryset


@admin.register(FailedLogIn)
class FailedLogInAdmin(admin.ModelAdmin):
    """Wrong passwords of the last minutes, and « Débloquer ». Of what was typed nothing is kept but the address."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time", "locked")
    list_filter = (LockedFilter,)
    search_fields = ("username__istartswith", "ip_address__startswith")
    fields = ("username", "ip_address", "failures_since_start", "attempt_time", "locked")
    readonly_fields = fields
    show_full_result_count = False
    actions = ("unlock",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        """Who may change what is counted may take it back."""
        return super().has_change_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Those that still count, with what counts together: the same address by another browser too."""
        return guard.recent(super().get_queryset(request))

    @admin.display(description="bloquée", boolean=True)
    def locked(self, failed: Any) -> bool:
        return failed.together >= settings.LOGIN_FAILURES

    @admin.action(description="Débloquer", permissions=["unlock"])
    def unlock(self, request: HttpRequest, chosen: QuerySet[FailedLogIn]) -> None:
        """Count anew for these e-mail addresses, from these IP addresses."""
        for failed in chosen:
            links.forget(failed, by=_person(request))
        self.message_user(request, "Ces essais ne comptent plus : la connexion est de nouveau possible.")


def _remove_second_factor(user: User, *, by: User) -> None:
    if not devices.remove(user, by=by):
        raise links.NotPossibleError("Ce compte n’a pas de double authentification.")


def _unlink_proconnect(user: User, *, by: User) -> None:
    if not identities.unlink(user, by=by):
        raise links.NotPossibleError("Ce compte n’est pas associé à ProConnect.")


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether this account is not above the one that asks."""
    return user is None or powers.why_untouchable(_person(request), user) is None


class SideFilter(admin.SimpleListFilter):
    """The side of a role (RULES.md §3)."""

    title = "en tant que"
    parameter_name = "cote"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Side.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        roles = [role.value for role in Role if role.side == self.value()]
        return queryset.filter(role__in=roles) if self.value() in Side.values else queryset


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(LargeTableMixin, admin.ModelAdmin):
    """Who holds which role, and where."""

    form = RoleAssignmentForm
    fields = ("user", "role", "company", "establishment", "number")
    list_display = ("user", "role", "place")
    list_filter = (SideFilter, "role")
    list_select_related = ("user", "company", "establishment")
    search_fields = (
        "user__email",
        "user__last_name",
        "company__name",
        "establishment__name",
        "company__siren__startswith",
        "establishment__siret__startswith",
    )
    autocomplete_fields = ("user", "company", "establishment")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The number is for who may choose a place: it is no column."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return self.fields if may_write else self.fields[:-1]

    @admin.display(description="attribué sur")
    def place(self, assignment: RoleAssignment) -> str:
        return str(assignment.place)


class EstablishmentInline(admin.TabularInline):
    """The establishments of one company."""

    model = Establishment
    fields = ("name", "siret", "uses_convergence_api")
    extra = 0
    show_change_link = True


@admin.register(Company)
class CompanyAdmin(LargeTableMixin, NormalisedSearchMixin, admin.ModelAdmin):
    """Companies, with their establishments."""

    list_display = ("name", "siren")
    search_fields = ("search_name", "siren__startswith")
    search_help_text = "Un nom, ou le début d’un SIREN."
    inlines = (EstablishmentInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A SIREN is for ever: the establishments hang on it, and their SIRET begin with it."""
        return ("siren", "further") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        """A company of a thousand shops has a list of them, and no form."""
        if isinstance(obj, Company) and obj.establishments.all()[ESTABLISHMENTS_ON_A_PAGE:].exists():
            return ()
        return super().get_inlines(request, obj)

    @admin.display(description="voir aussi")
    def further(self, company: Company) -> str:
        """Its establishments, and who holds a role on the company, as lists."""
        return format_html(
            '<a href="{}?company__siren__exact={}">Établissements</a> · <a href="{}?company__id__exact={}">Rôles</a>',
            reverse("admin:roles_establishment_changelist"),
            company.siren,
            reverse("admin:roles_roleassignment_changelist"),
            company.pk,
        )


@admin.register(Establishment)
class EstablishmentAdmin(LargeTableMixin, NormalisedSearchMixin, admin.ModelAdmin):
    """Establishments, and whether they deposit through the API Convergence."""

    list_display = ("name", "company", "siret", "uses_convergence_api")
    list_filter = ("uses_convergence_api",)
    list_select_related = ("company",)
    search_fields = ("search_name", "company__search_name", "siret__startswith")
    search_help_text = "Un nom d’établissement ou de société, ou le début d’un SIRET."
    autocomplete_fields = ("company",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("further",) if obj else ()

    @admin.display(description="voir aussi")
    def further(self, establishment: Establishment) -> str:
        """Who holds a role on it, as a list."""
        return format_html(
            '<a href="{}?establishment__id__exact={}">Rôles</a>',
            reverse("admin:roles_roleassignment_changelist"),
            establishment.pk,
        )
