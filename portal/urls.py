"""Every address of the portal (INTERFACE, « Addresses »)."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from invoices.overview.home import home
from invoices.receipts.views import verify

from . import health, personal_data
from .observe.metrics import metrics
from .views import PortalLoginView, PortalLogoutView, accessibility, admin_login, favicon

handler400 = "portal.views.bad_request"
handler500 = "portal.failures.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("connexion/", PortalLoginView.as_view(), name="login"),
    path("", include("roles.accounts.urls")),
    path("deconnexion/", PortalLogoutView.as_view(), name="logout"),
    path("", include("roles.second_factor.urls")),
    path("", include("roles.view_as.urls")),
    path("", include("dossiers.urls")),
    path("", include("invoices.urls")),
    path("accessibilite/", accessibility, name="accessibility"),
    path("donnees-personnelles/", personal_data.page, name="personal-data"),
    path("donnees-personnelles/mes-donnees/", personal_data.download, name="my-data"),
    path("verifier/", verify, name="verify"),
    path("favicon.ico", favicon, name="favicon"),
    path("admin/login/", admin_login, name="admin-login"),
    path("admin/", admin.site.urls),
    path("sante/", health.live, name="health-live"),
    path("sante/pret/", health.ready, name="health-ready"),
    path("metriques/", metrics, name="metrics"),
]

if settings.PROCONNECT_ISSUER:
    urlpatterns.append(path("proconnect/", include("roles.proconnect.urls")))

if settings.DEBUG:
    from . import style

    urlpatterns.append(path("style/", style.page, name="style"))
