"""The addresses of dossiers (INTERFACE, « Addresses »)."""

from django.urls import path

from . import views

app_name = "dossiers"
urlpatterns = [
    path("dossiers/", views.dossier_list, name="list"),
    path("dossiers/<str:numero>/", views.dossier_detail, name="detail"),
]
