from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dossiers', '0002_association'),
        ('invoices', '0003_deposit_reference'),
        ('roles', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='deposit',
            index=models.Index(condition=models.Q(('transmitted_at__isnull', False)), fields=['transmitted_at'], name='deposit_transmitted_at'),
        ),
    ]
