from django.db import migrations, models

from roles.search_index import AddNameIndex, NameIndex, NeedExtension


class Migration(migrations.Migration):
    """The indexes of the search by name, in part and whole, made while others read and write."""

    atomic = False

    dependencies = [
        ('dossiers', '0002_association'),
    ]

    operations = [
        NeedExtension('pg_trgm'),
        NeedExtension('btree_gin'),
        AddNameIndex(
            model_name='dossier',
            index=NameIndex(fields=['employer', 'search_beneficiary'], name='dossier_employer_name'),
        ),
        AddNameIndex(
            model_name='dossier',
            index=NameIndex(fields=['training_provider', 'search_beneficiary'], name='dossier_provider_name'),
        ),
        AddNameIndex(
            model_name='dossier',
            index=models.Index(fields=['search_beneficiary'], name='dossier_beneficiary'),
        ),
    ]
