"""Every address of the portal (INTERFACE, « Addresses »)."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from invoices.overview.home import home

from . import health
from .observe.metrics import metrics
from .views import PortalLoginView, favicon

urlpatterns = [
    path("", home, name="home"),
    path("connexion/", PortalLoginView.as_view(), name="login"),
    path("deconnexion/", login_not_required(LogoutView.as_view()), name="logout"),
    path("", include("dossiers.urls")),
    path("", include("invoices.urls")),
    path("favicon.ico", favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("sante/", health.live, name="health-live"),
    path("sante/pret/", health.ready, name="health-ready"),
    path("metriques/", metrics, name="metrics"),
]
