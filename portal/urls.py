"""Every address of the portal (INTERFACE, « Addresses »)."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from invoices.overview.home import home
from invoices.receipts.views import verify

from . import health
from .observe.metrics import metrics
from .views import PortalLoginView, accessibility, favicon

handler400 = "portal.views.bad_request"

urlpatterns = [
    path("", home, name="home"),
    path("connexion/", PortalLoginView.as_view(), name="login"),
    path("deconnexion/", login_not_required(LogoutView.as_view()), name="logout"),
    path("", include("dossiers.urls")),
    path("", include("invoices.urls")),
    path("accessibilite/", accessibility, name="accessibility"),
    path("verifier/", verify, name="verify"),
    path("favicon.ico", favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("sante/", health.live, name="health-live"),
    path("sante/pret/", health.ready, name="health-ready"),
    path("metriques/", metrics, name="metrics"),
]

if settings.DEBUG:
    from . import style

    urlpatterns.append(path("style/", style.page, name="style"))
