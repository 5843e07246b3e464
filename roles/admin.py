"""People, companies, establishments and roles in the back office."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .models import Company, Establishment, RoleAssignment, User
from .search import normalise


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


class EmailUserCreationForm(AdminUserCreationForm):
    """A new account, by e-mail address."""

    class Meta:
        model = User
        fields = ("email",)


class EmailUserChangeForm(UserChangeForm):
    """An account, without the user name that Django's own form expects."""

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class EmailUserAdmin(UserAdmin):
    """Accounts that log in by e-mail address, with their roles."""

    form = EmailUserChangeForm
    add_form = EmailUserCreationForm
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Identité", {"fields": ("first_name", "last_name")}),
        ("Accès", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "first_name", "last_name", "usable_password", "password1", "password2")},
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    list_display = ("email", "last_name", "first_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "role_assignments__role")
    search_fields = ("email", "last_name", "first_name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    inlines = (RoleAssignmentInline,)

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        """Roles come after the account, as its password does."""
        return super().get_inlines(request, obj) if obj else ()


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
