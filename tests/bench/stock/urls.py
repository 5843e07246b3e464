"""A list view and an admin as Django's tutorial makes them, over the documents of the portal."""

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView
from django.db.models import QuerySet
from django.urls import path
from django.views.generic import ListView

from invoices.models import Document
from tests.bench.stock.uploads import upload

ROWS = 20


class DocumentList(LoginRequiredMixin, ListView):
    """The documents of a dossier, by pages."""

    template_name = "stock/documents.html"
    paginate_by = ROWS

    def get_queryset(self) -> QuerySet[Document]:
        return (
            Document.objects.filter(deposit__origin__number=self.kwargs["number"])
            .select_related("deposit__invoice")
            .order_by("-deposit__submitted_at", "position")
        )


class DocumentAdmin(ModelAdmin):
    """The same documents, in the admin, found by the whole number of their dossier: an index reads that."""

    list_display = ("type", "name", "deposit", "size", "uploaded_at")
    list_select_related = ("deposit__invoice", "deposit__origin")
    list_filter = ("deposit__state",)
    search_fields = ("deposit__origin__number__exact",)
    list_per_page = ROWS


site = AdminSite()
site.register(Document, DocumentAdmin)

urlpatterns = [
    path("connexion/", LoginView.as_view(), name="login"),
    path("documents/<str:number>/", DocumentList.as_view()),
    path("envoyer/", upload),
    path("admin/", site.urls),
]
