"""Who may do what in the back office: three groups, each with all that the one before it may.

GROUPS is the table. Code asks for permissions, never for a group, so an OPCO may make others, and give or take what it
wants in its own database. What a group gets in a new version comes with a migration of this app, beside the line here:

    operations = [give({"Superviseur": ["app.codename"]})]

A test compares the table with what the migrations give.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.management import create_permissions
from django.db.migrations import RunPython

# Sees everything but what people typed into their drafts, helps depositors, relaunches.
CLERK = "Gestionnaire"
# Also cancels, brings data in, keeps them, and edits the catalogue.
SUPERVISOR = "Superviseur"
# Also opens accounts, and says who holds which role where.
ADMINISTRATOR = "Administrateur"

_SEES = (
    "invoices.view_deposit",
    "invoices.view_invoice",
    "invoices.view_document",
    "invoices.view_draft",
    "invoices.read_documents",
    "invoices.view_handover",
    "invoices.view_catalogueentry",
    "invoices.view_limits",
    "exchange.view_import",
    "dossiers.view_dossier",
    "roles.view_company",
    "roles.view_establishment",
    "roles.view_user",
    "roles.view_roleassignment",
    "roles.view_failedlogin",
    "outbox.view_mail",
    "trail.view_event",
)
_HELPS = (
    "invoices.relaunch_deposit",
    "invoices.repeat_handover",
    "roles.help_user",
    "roles.view_as_user",
    # « Débloquer », « Renvoyer »: nothing else of them can be changed.
    "roles.change_failedlogin",
    "outbox.change_mail",
)
_SUPERVISES = (
    "invoices.cancel_deposit",
    "invoices.abandon_handover",
    "invoices.add_catalogueentry",
    "invoices.change_catalogueentry",
    "invoices.delete_catalogueentry",
    "invoices.change_limits",
    "exchange.add_import",
    "dossiers.add_dossier",
    "dossiers.change_dossier",
    "roles.add_company",
    "roles.change_company",
    "roles.add_establishment",
    "roles.change_establishment",
)
# Who belongs to the staff, and to which group, superusers alone say (roles/admin.py). Accounts are closed, not deleted.
_ADMINISTERS = (
    "roles.add_user",
    "roles.change_user",
    "roles.add_roleassignment",
    "roles.change_roleassignment",
    "roles.delete_roleassignment",
)

GROUPS: dict[str, frozenset[str]] = {
    CLERK: frozenset((*_SEES, *_HELPS)),
    SUPERVISOR: frozenset((*_SEES, *_HELPS, *_SUPERVISES)),
    ADMINISTRATOR: frozenset((*_SEES, *_HELPS, *_SUPERVISES, *_ADMINISTERS)),
}


def give(given: Mapping[str, Iterable[str]]) -> RunPython:
    """For a migration: the groups, made where they are missing, with these permissions beside those that they have.

    Names « app.codename », of models that the migration depends on: Django makes the rows of permissions only after
    all migrations, so they are made here. Run again it changes nothing; nothing is ever taken away. Raises LookupError
    for a permission that no model declares.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - RunPython's signature
        _make_permissions(apps, {name.partition(".")[0] for names in given.values() for name in names})
        groups, permissions = (apps.get_model("auth", model).objects for model in ("Group", "Permission"))
        for group_name, names in given.items():
            group, _ = groups.get_or_create(name=group_name)
            for name in names:
                app, _, codename = name.partition(".")
                permission = permissions.filter(content_type__app_label=app, codename=codename).first()
                if permission is None:
                    raise LookupError(name)
                group.permissions.add(permission)

    return RunPython(forwards, RunPython.noop, elidable=False)


def _make_permissions(apps: Any, labels: Iterable[str]) -> None:
    """The rows of all permissions that the models of these apps declare, as they stand at this migration."""
    for label in labels:
        config = apps.get_app_config(label)
        # As an app that has models: those of a migration do not say so.
        config.models_module = getattr(config, "models_module", None) or True
        create_permissions(config, apps=apps, verbosity=0)
