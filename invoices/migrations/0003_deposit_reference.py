"""A reference for each deposit, those that are there already included."""

from django.db import migrations, models

import invoices.references

BATCH = 1000


def give_references(apps, schema_editor):
    """Write one for every deposit that has none, by batches; no reader can see them before the end."""
    deposits = apps.get_model("invoices", "Deposit").objects.using(schema_editor.connection.alias)
    while batch := list(deposits.filter(reference=None).only("pk")[:BATCH]):
        for deposit in batch:
            deposit.reference = invoices.references.new_reference()
        deposits.bulk_update(batch, ["reference"])


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0002_association"),
    ]

    operations = [
        migrations.AddField(
            model_name="deposit",
            name="reference",
            field=models.CharField(editable=False, max_length=23, null=True, verbose_name="référence"),
        ),
        migrations.RunPython(give_references, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="deposit",
            name="reference",
            field=models.CharField(
                default=invoices.references.new_reference,
                editable=False,
                max_length=23,
                unique=True,
                verbose_name="référence",
            ),
        ),
    ]
