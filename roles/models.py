"""People, companies, establishments, and which role a person holds on which of them (RULES.md §1, §3)."""

from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from axes.models import AccessAttempt
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren, siret

from .enums import Role, RoleScope, roles_of
from .search import NormalisedField

if TYPE_CHECKING:
    from .scope import PersonScope


def validate_siren(value: str) -> None:
    """Raise ValidationError unless the value is nine digits with a right check digit."""
    if not _is_written_as(siren, value):
        raise ValidationError("Ce numéro SIREN n’est pas valide : neuf chiffres, sans espace.", code="siren")


def validate_siret(value: str) -> None:
    """Raise ValidationError unless the value is fourteen digits with a right check digit."""
    if not _is_written_as(siret, value):
        raise ValidationError("Ce numéro SIRET n’est pas valide : quatorze chiffres, sans espace.", code="siret")


def _is_written_as(kind: ModuleType, value: str) -> bool:
    """Whether python-stdnum's module finds the number valid, and written without anything to strip."""
    try:
        return kind.validate(value) == value
    except NumberError:
        return False


class Company(models.Model):
    """« Société »: a legal entity, known by its SIREN."""

    name = models.CharField("nom", max_length=200)
    siren = models.CharField("SIREN", max_length=9, unique=True, validators=[validate_siren])
    search_name = NormalisedField(sources=["name"])

    class Meta:
        verbose_name = "société"
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class Establishment(models.Model):
    """« Établissement »: a site of a company, known by its SIRET, which starts with the company's SIREN."""

    # By SIREN, so that the database itself can hold the SIRET to it.
    company = models.ForeignKey(
        Company, models.PROTECT, to_field="siren", related_name="establishments", verbose_name="société"
    )
    name = models.CharField("nom", max_length=200)
    siret = models.CharField("SIRET", max_length=14, unique=True, validators=[validate_siret])
    uses_convergence_api = models.BooleanField(
        "utilise l’API Convergence",
        default=False,
        help_text="Un CFA qui utilise l’API Convergence ne dépose pas sur le portail.",
    )
    search_name = NormalisedField(sources=["name"])

    class Meta:
        verbose_name = "établissement"
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(
                name="establishment_siret_starts_with_siren",
                condition=Q(siret__startswith=F("company")),
                violation_error_message="Le SIRET commence par le SIREN de la société.",
            ),
        )

    def __str__(self) -> str:
        return self.name


def as_stored(email: str | None) -> str:
    """An e-mail address as it is stored and compared, whatever the case and the spaces it was typed with."""
    return (email or "").strip().lower()


class UserManager(BaseUserManager["User"]):
    """Creates accounts by e-mail address, and finds them whatever the case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a new account; its e-mail address is kept in lower case."""
        user = self.model(email=as_stored(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a new account of the back office that may do everything there."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        """The account of this address, whatever its case; User.DoesNotExist if there is none."""
        return self.get(email=as_stored(email))


class User(AbstractUser):
    """A person who logs in by e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("adresse e-mail", unique=True)
    # The last invitation that was sent; those before it are void (roles/accounts/tokens.py).
    invited_at = models.DateTimeField("invité le", null=True, editable=False)
    # Counts how often all the person's sessions were ended; a session of another number is none any more.
    sessions_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # An account that is opened again is not unused from the day it was last used (roles/retention.py).
    active_since = models.DateTimeField("actif depuis", default=timezone.now, db_default=Now(), editable=False)
    # Who this person is to ProConnect, from their first log-in there on (roles/proconnect/identities.py).
    proconnect_sub = models.CharField(
        "identifiant ProConnect", max_length=255, unique=True, null=True, blank=True, editable=False
    )

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    # Of a request in which somebody of the back office sees the portal as this person: who, and until when
    # (roles/view_as/).
    viewed_by: "User | None" = None
    viewed_until: datetime | None = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "utilisateur"
        ordering = ("email",)
        permissions = (
            ("help_user", "Peut inviter, envoyer un lien, débloquer et déconnecter les utilisateurs"),
            ("view_as_user", "Peut voir le portail comme un utilisateur, en lecture seule"),
        )
        constraints = (models.CheckConstraint(name="user_email_lower_case", condition=Q(email=Lower("email"))),)

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def trail_label(self) -> str:
        """How the trail names an account."""
        return self.email

    def clean(self) -> None:
        """Keep the address as it is compared: in lower case."""
        super().clean()
        self.email = as_stored(self.email)

    def end_sessions(self) -> None:
        """Log the person out of every browser, from their next request on."""
        type(self).objects.filter(pk=self.pk).update(sessions_epoch=F("sessions_epoch") + 1)
        self.refresh_from_db(fields=["sessions_epoch"])

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must know to be believed: Django's own, and how often all sessions were ended.

        Before the first time it is Django's alone, so that a version that knows no `sessions_epoch` can run beside.
        """
        told: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{told}.{self.sessions_epoch}" if self.sessions_epoch else told

    @cached_property
    def roles_held(self) -> "list[RoleAssignment]":
        """The person's roles with their places, read once for each loaded user: once a request."""
        return list(self.role_assignments.select_related("company", "establishment"))

    @cached_property
    def scope(self) -> "PersonScope":
        """The person's scope, read once for each loaded user, too (roles.scope.scope_of)."""
        from .scope import scope_of

        return scope_of(self)

    def forget_scope(self) -> None:
        """Have roles and scope read again when next asked for: something took its time meanwhile."""
        self.__dict__.pop("scope", None)
        self.__dict__.pop("roles_held", None)

    @property
    def role_summary(self) -> str:
        """Side and place of the first role, and how many others: « Prestataire de formation · Formatech Lyon »."""
        if not self.roles_held:
            return "Back-office" if self.is_staff else "Aucun rôle"
        first, others = self.roles_held[0], len(self.roles_held) - 1
        return f"{first.as_role.side.label} · {first.place}" + (f" (+ {others})" if others else "")


class LinkRequest(models.Model):
    """« Mot de passe oublié ? » was asked for once: from where, and for which e-mail address.

    Kept for as long as demands are counted, for addresses of no account too; so an e-mail address is kept as a hash
    (roles/accounts/links.py).
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    address = models.GenericIPAddressField(null=True, editable=False)
    email_hash = models.CharField(max_length=64, editable=False)

    class Meta:
        indexes = (
            models.Index(fields=("at",), name="link_request_at"),
            models.Index(fields=("address", "at"), name="link_request_address"),
            models.Index(fields=("email_hash", "at"), name="link_request_email"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class FailedLogIn(AccessAttempt):
    """Wrong passwords for one e-mail address from one IP address, as django-axes counts them."""

    class Meta:
        proxy = True
        verbose_name = "connexion refusée"
        verbose_name_plural = "connexions refusées"
        ordering = ("-attempt_time",)
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return self.username or "?"


class RoleAssignment(models.Model):
    """A role that a person holds on one company, or on one establishment, as the role's scope asks (RULES.md §3)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="role_assignments", verbose_name="utilisateur")
    role = models.CharField("rôle", max_length=50, choices=Role.choices)
    company = models.ForeignKey(
        Company,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_assignments",
        verbose_name="société",
    )
    establishment = models.ForeignKey(
        Establishment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_assignments",
        verbose_name="établissement",
    )

    class Meta:
        verbose_name = "rôle attribué"
        verbose_name_plural = "rôles attribués"
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                name="role_assignment_place_fits_scope",
                condition=Q(role__in=roles_of(RoleScope.COMPANY), company__isnull=False, establishment__isnull=True)
                | Q(
                    role__in=roles_of(RoleScope.ESTABLISHMENT),
                    company__isnull=True,
                    establishment__isnull=False,
                ),
                violation_error_message="Ce rôle s’attribue sur une société ou sur un établissement, selon sa portée.",
            ),
            models.UniqueConstraint(
                name="role_assignment_once_a_company",
                fields=("user", "role", "company"),
                condition=Q(company__isnull=False),
                violation_error_message="Cette personne a déjà ce rôle sur cette société.",
            ),
            models.UniqueConstraint(
                name="role_assignment_once_an_establishment",
                fields=("user", "role", "establishment"),
                condition=Q(establishment__isnull=False),
                violation_error_message="Cette personne a déjà ce rôle sur cet établissement.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.place}"

    @property
    def as_role(self) -> Role:
        """The role with its side, scope and domains."""
        return Role[self.role]

    @property
    def place(self) -> Company | Establishment:
        """What the role is granted on."""
        place = self.company or self.establishment
        assert place is not None  # noqa: S101 - the constraint above says so
        return place
