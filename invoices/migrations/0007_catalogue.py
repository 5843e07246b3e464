"""The types of documents and the limits become rows, with what the guide says of them."""

import django.core.validators
import invoices.catalogue.models
from django.conf import settings
from django.db import migrations, models


# The guide's table: code, label, products, statuses; the invoice, which no list offers, before it.
TYPES = (
    ("FACTURE", "Facture", "", ""),
    ("CERTIFICAT_REALISATION", "Certificat de réalisation", "CAPP CPRO BC VAE AUTRE", "EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("RELEVE_DEPENSES", "Relevé de dépenses", "CPRO BC VAE AUTRE", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("BULLETIN_SALAIRE", "Bulletin de salaire", "CPRO AUTRE", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("FEUILLE_EMARGEMENT", "Feuille d'émargement", "CPRO BC VAE AUTRE", "INFORMATION_MANQUANTE EN_COURS_DE_REGLEMENT TERMINE"),
    ("CONVENTION_FORMATION", "Convention de formation", "CAPP CPRO BC VAE AUTRE", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("PROGRAMME", "Programme de formation", "CPRO AUTRE", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("DEVIS", "Devis", "BC VAE AUTRE", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("CERFA_APPRENTISSAGE", "CERFA contrat d'apprentissage (10103)", "CAPP", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("CERFA_PROFESSIONNALISATION", "CERFA contrat de professionnalisation (12434)", "CPRO", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("AVENANT", "Avenant", "CAPP CPRO", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT"),
    ("CONVENTION_TRIPARTITE", "Convention tripartite d'aménagement de durée", "CAPP", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("JUSTIFICATIF_RUPTURE", "Justificatif de rupture", "CAPP CPRO", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("FRAIS_HEBERGEMENT", "Justificatif de frais d'hébergement", "CAPP CPRO AUTRE", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("FRAIS_RESTAURATION", "Justificatif de frais de restauration", "CAPP CPRO AUTRE", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("PREMIER_EQUIPEMENT", "Justificatif de premier équipement", "CAPP", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("MOBILITE_INTERNATIONALE", "Justificatif de mobilité internationale", "CAPP CPRO", "INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
    ("AVIS_RECEVABILITE", "Avis de recevabilité (livret 1)", "VAE", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE"),
    ("RIB", "RIB", "CAPP CPRO BC VAE AUTRE", "EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT"),
    ("AUTRE_DOCUMENT", "Autre document", "CAPP CPRO BC VAE AUTRE", "EN_COURS_DE_SAISIE EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE"),
)


def write_the_guide(apps, schema_editor):
    """The types in the guide's order, with room between them; the limits with their defaults."""
    using = schema_editor.connection.alias
    apps.get_model("invoices", "CatalogueEntry").objects.using(using).bulk_create(
        apps.get_model("invoices", "CatalogueEntry")(
            code=code, label=label, products=products.split(), statuses=statuses.split(), position=10 * rank
        )
        for rank, (code, label, products, statuses) in enumerate(TYPES)
    )
    apps.get_model("invoices", "Limits").objects.using(using).create()


class Migration(migrations.Migration):
    harmless_because = (
        "the version before writes codes, sizes and positions within the bounds that it had, which are narrower; "
        "looking at every row takes some seconds for a million of them"
    )

    dependencies = [
        ('dossiers', '0002_association'),
        ('invoices', '0005_allowance'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogueEntry',
            fields=[
                ('code', models.CharField(error_messages={'unique': 'Ce code est déjà celui d’un type de document.'}, help_text='Majuscules, chiffres et tirets bas, par exemple ATTESTATION_FIN. Il ne change plus\xa0: c’est lui que les autres systèmes connaissent.', max_length=40, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator('\\A[A-Z][A-Z0-9_]*\\Z', 'Un code est fait de majuscules sans accent, de chiffres et de tirets bas, et commence par une lettre.')], verbose_name='code')),
                ('label', models.CharField(error_messages={'unique': 'Ce libellé est déjà celui d’un autre type de document.'}, help_text='Ce que lisent les déposants, sur les documents déjà déposés aussi.', max_length=80, unique=True, validators=[invoices.catalogue.models.check_label], verbose_name='libellé')),
                ('products', models.JSONField(blank=True, default=list, verbose_name='produits')),
                ('statuses', models.JSONField(blank=True, default=list, verbose_name='statuts du dossier')),
                ('active', models.BooleanField(default=True, help_text='Un type inactif n’est plus proposé\xa0; les documents déposés gardent son libellé.', verbose_name='actif')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Les types sont proposés du plus petit rang au plus grand.', verbose_name='rang')),
            ],
            options={
                'verbose_name': 'type de document',
                'verbose_name_plural': 'types de documents',
                'ordering': ('position', 'label'),
            },
        ),
        migrations.CreateModel(
            name='Limits',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('file_megabytes', models.PositiveSmallIntegerField(default=10, help_text='S’applique aux fichiers envoyés à partir de maintenant. De 1 à 20.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='taille d’un fichier, en Mo')),
                ('pdf_pages', models.PositiveSmallIntegerField(default=2000, help_text='S’applique aux fichiers envoyés à partir de maintenant. De 10 à 5000.', validators=[django.core.validators.MinValueValidator(10), django.core.validators.MaxValueValidator(5000)], verbose_name='pages d’un PDF')),
                ('associated_dossiers', models.PositiveSmallIntegerField(default=10, help_text='S’applique aussi aux brouillons en cours. De 1 à 50.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='dossiers associés à un dépôt')),
                ('supporting_documents', models.PositiveSmallIntegerField(default=30, help_text='S’applique aussi aux brouillons en cours. De 1 à 50.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='pièces justificatives d’un dépôt')),
                ('invoice_age_years', models.PositiveSmallIntegerField(default=5, help_text='S’applique aussi aux brouillons en cours. De 1 à 10.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10)], verbose_name='ancienneté d’une facture, en années')),
            ],
            options={
                'verbose_name': 'limites',
                'verbose_name_plural': 'limites',
                'default_permissions': ('change', 'view'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='associateddossier',
            name='associated_dossier_ten_at_most',
        ),
        migrations.RemoveConstraint(
            model_name='document',
            name='document_size_in_bounds',
        ),
        migrations.AlterField(
            model_name='document',
            name='type',
            field=models.CharField(max_length=40, verbose_name='type'),
        ),
        migrations.AddConstraint(
            model_name='associateddossier',
            constraint=models.CheckConstraint(condition=models.Q(('position__gte', 1), ('position__lte', 50)), name='associated_dossier_position_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(('size__gt', 0), ('size__lte', 20971520)), name='document_size_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='catalogueentry',
            constraint=models.CheckConstraint(condition=models.Q(('active', True), models.Q(('code__in', ['FACTURE', 'CERTIFICAT_REALISATION']), _negated=True), _connector='OR'), name='catalogue_fixed_types_stay'),
        ),
        migrations.AddConstraint(
            model_name='catalogueentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('label', ''), _negated=True)), name='catalogue_code_and_label_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='limits',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='limits_one_row'),
        ),
        migrations.AddConstraint(
            model_name='limits',
            constraint=models.CheckConstraint(condition=models.Q(('file_megabytes__gte', 1), ('file_megabytes__lte', 20)), name='limits_file_megabytes_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='limits',
            constraint=models.CheckConstraint(condition=models.Q(('pdf_pages__gte', 10), ('pdf_pages__lte', 5000)), name='limits_pdf_pages_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='limits',
            constraint=models.CheckConstraint(condition=models.Q(('associated_dossiers__gte', 1), ('associated_dossiers__lte', 50)), name='limits_associated_dossiers_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='limits',
            constraint=models.CheckConstraint(condition=models.Q(('supporting_documents__gte', 1), ('supporting_documents__lte', 50)), name='limits_supporting_documents_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='limits',
            constraint=models.CheckConstraint(condition=models.Q(('invoice_age_years__gte', 1), ('invoice_age_years__lte', 10)), name='limits_invoice_age_years_in_bounds'),
        ),
        migrations.RunPython(write_the_guide, migrations.RunPython.noop),
    ]
