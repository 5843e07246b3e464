from django.db import migrations

from portal.groups import give

CLERK = [
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
    "invoices.relaunch_deposit",
    "invoices.repeat_handover",
    "roles.help_user",
    "roles.view_as_user",
    "roles.change_failedlogin",
    "outbox.change_mail",
]
SUPERVISOR = [
    *CLERK,
    "invoices.cancel_deposit",
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
]
ADMINISTRATOR = [
    *SUPERVISOR,
    "roles.add_user",
    "roles.change_user",
    "roles.add_roleassignment",
    "roles.change_roleassignment",
    "roles.delete_roleassignment",
]


class Migration(migrations.Migration):
    """The three groups of the back office, as they were when they came (portal/groups.py)."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("dossiers", "0002_association"),
        ("exchange", "0001_imports"),
        ("invoices", "0008_back_office"),
        ("outbox", "0002_confidential"),
        ("roles", "0005_back_office"),
        ("trail", "0002_append_only"),
    ]

    operations = [give({"Gestionnaire": CLERK, "Superviseur": SUPERVISOR, "Administrateur": ADMINISTRATOR})]
