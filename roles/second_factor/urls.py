from django.urls import path

from . import views

app_name = "second_factor"

urlpatterns = [
    path("connexion/code/", views.CodeView.as_view(), name="code"),
    path("connexion/code-de-secours/", views.RecoveryCodeView.as_view(), name="recovery-code"),
    path("compte/double-authentification/", views.overview, name="overview"),
    path("compte/double-authentification/activer/", views.enrol, name="enrol"),
    path("compte/double-authentification/qr.svg", views.qr_code, name="qr-code"),
    path("compte/double-authentification/codes/", views.renew_codes, name="renew-codes"),
    path("compte/double-authentification/codes.txt", views.download_codes, name="download-codes"),
    path("compte/double-authentification/desactiver/", views.remove, name="remove"),
]
