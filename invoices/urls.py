"""The addresses of deposits and documents (INTERFACE, « Addresses »)."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from . import views
from .overview import listing, statuses
from .reading import views as reading
from .receipts.views import receipt, receipt_by_reference, receipt_pdf
from .wizard.association import associable
from .wizard.start import start
from .wizard.steps import STEP_TITLES
from .wizard.views import DepositWizard


class StepConverter(StringConverter):
    """One of the wizard's four steps."""

    regex = "|".join(STEP_TITLES)


register_converter(StepConverter, "etape")

app_name = "invoices"
urlpatterns = [
    path("dossiers/<numero:numero>/documents/", views.dossier_documents, name="documents"),
    path("dossiers/<numero:numero>/documents/ajouter/", views.add_document, name="add-document"),
    path("dossiers/<numero:numero>/factures/ajouter/", start, name="start"),
    path("depots/", listing.deposit_list, name="deposits"),
    path("depots/export.csv", listing.deposits_csv, name="deposits-csv"),
    path("depots/export.xlsx", listing.deposits_xlsx, name="deposits-xlsx"),
    path("depots/statuts/", statuses.deposit_statuses, name="statuses"),
    path("recepisses/<str:reference>/", receipt_by_reference, name="receipt-by-reference"),
    path("depots/<uuid:depot>/recepisse/", receipt, name="receipt"),
    path("depots/<uuid:depot>/recepisse.pdf", receipt_pdf, name="receipt-pdf"),
    path("depots/<uuid:depot>/annuler/", views.cancel_deposit, name="cancel"),
    path("depots/<uuid:depot>/supprimer/", views.delete_draft, name="delete-draft"),
    path("depots/<uuid:depot>/documents.zip", reading.deposit_zip, name="deposit-zip"),
    path("depots/<uuid:depot>/dossiers/", associable, name="associable"),
    path("depots/<uuid:depot>/<etape:etape>/", DepositWizard.as_view(), name="step"),
    path("documents/<uuid:document>/", views.download, name="document"),
    path("documents/<uuid:document>/apercu/", reading.preview, name="preview"),
    path("documents/<uuid:document>/vignette.webp", reading.thumbnail, name="thumbnail"),
    path("documents/<uuid:document>/pages/<int:number>.webp", reading.page_picture, name="page-picture"),
]
