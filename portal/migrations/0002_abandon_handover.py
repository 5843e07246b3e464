from django.db import migrations

from portal.groups import give


class Migration(migrations.Migration):
    """« Abandonner la remise » is for those who supervise."""

    dependencies = [
        ("invoices", "0009_handover_stopped"),
        ("portal", "0001_groups"),
    ]

    operations = [give({name: ["invoices.abandon_handover"] for name in ("Superviseur", "Administrateur")})]
