"""People, companies, establishments and roles in the back office."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from .accounts import guard, links
from .models import Company, Establishment, FailedLogIn, RoleAssignment, User
from .proconnect import identities
from .search import normalise
from .second_factor import devices

# django-otp's own pages show secrets; what the back office does with second factors is done on the account.
admin.site.unregister([TOTPDevice, StaticDevice])

# What opens the back office, and what is open there: given by those who have all of it.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NormalisedSearchMixin:
    """Searches the normalised columns as they are stored: accents and case ignored."""

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, normalise(search_term))  # type: ignore[misc]


class RoleAssignmentInline(admin.TabularInline):
    """The roles of one person."""

    model = RoleAssignment
    autocomplete_fields = ("company", "establishment")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("company", "establishment")


class NewAccountForm(forms.ModelForm):
    """A new account, by e-mail address. Its person chooses the password: nobody here ever knows one."""

    invite = forms.BooleanField(
        label="inviter par e-mail",
        initial=True,
        required=False,
        help_text="Envoie un lien, valable sept jours, pour choisir un mot de passe.",
    )

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")


@admin.register(User)
class EmailUserAdmin(UserAdmin):
    """Accounts that log in by e-mail address, with their roles.

    Passwords are neither shown nor set here: a link is sent. Who is no superuser makes none, and touches none.
    """

    form = forms.ModelForm
    add_form = NewAccountForm
    fieldsets = (
        (None, {"fields": ("email", "password_state")}),
        ("Identité", {"fields": ("first_name", "last_name")}),
        ("Accès", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "first_name", "last_name", "invite")}),)
    readonly_fields = ("password_state", "last_login", "date_joined")
    list_display = ("email", "last_name", "first_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "role_assignments__role")
    search_fields = ("email", "last_name", "first_name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    inlines = (RoleAssignmentInline,)
    actions = ("invite", "send_password_link", "end_sessions", "unlock", "remove_second_factor", "unlink_proconnect")

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        """Roles come after the account, as its password does."""
        return super().get_inlines(request, obj) if obj else ()

    def get_urls(self) -> list[Any]:
        """Those of any model: Django's page that sets somebody's password is not among them."""
        return admin.ModelAdmin.get_urls(self)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new account has no password, and is invited to choose one if the form says so.

        From the day an account is opened again its time unused begins anew.
        """
        if not change:
            obj.set_unusable_password()
        if "is_active" in form.changed_data and obj.is_active:
            obj.active_since = timezone.now()
        super().save_model(request, obj, form, change)
        if not change and form.cleaned_data["invite"]:
            links.invite(obj, by=_person(request))

    @admin.display(description="mot de passe")
    def password_state(self, user: User) -> str:
        """Whether there is one, or what is missing to it."""
        if user.has_usable_password():
            return "Choisi"
        if not user.invited_at:
            return "Aucun : cette personne n’a pas été invitée."
        return f"Aucun : invitée le {date_format(localtime(user.invited_at), 'j F Y')}."

    @admin.action(description="Inviter par e-mail à choisir un mot de passe", permissions=["change"])
    def invite(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """« Inviter »: those who have no password yet."""
        self._each(request, chosen, links.invite, "Invitation envoyée")

    @admin.action(description="Envoyer un lien pour choisir un nouveau mot de passe", permissions=["change"])
    def send_password_link(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """The same link as « Mot de passe oublié ? » sends."""
        self._each(request, chosen, links.send_link, "Lien envoyé")

    @admin.action(description="Déconnecter de tous les appareils", permissions=["change"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """« Se déconnecter de tous les appareils », in the person's place."""
        self._each(request, chosen, links.end_sessions, "Appareils déconnectés")

    @admin.action(description="Débloquer la connexion après trop d’essais", permissions=["change"])
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

    def _each(self, request: HttpRequest, chosen: QuerySet[User], act: Callable[..., object], done: str) -> None:
        """Do it to each account, note it there, and say of whom it was done, and why it was not of whom it was not."""
        for user in chosen:
            try:
                if not _may_touch(request, user):
                    raise links.NotPossibleError("Seul un superutilisateur peut modifier ce compte.")
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
    return user is None or not user.is_superuser or _person(request).is_superuser


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(admin.ModelAdmin):
    """Who holds which role, and where."""

    list_display = ("user", "role", "place")
    list_filter = ("role",)
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
class CompanyAdmin(NormalisedSearchMixin, admin.ModelAdmin):
    """Companies, with their establishments."""

    list_display = ("name", "siren")
    search_fields = ("search_name", "siren__startswith")
    inlines = (EstablishmentInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A SIREN is for ever: the establishments hang on it, and their SIRET begin with it."""
        return ("siren",) if obj else ()


@admin.register(Establishment)
class EstablishmentAdmin(NormalisedSearchMixin, admin.ModelAdmin):
    """Establishments, and whether they deposit through the API Convergence."""

    list_display = ("name", "company", "siret", "uses_convergence_api")
    list_filter = ("uses_convergence_api",)
    list_select_related = ("company",)
    search_fields = ("search_name", "company__search_name", "siret__startswith")
    autocomplete_fields = ("company",)
