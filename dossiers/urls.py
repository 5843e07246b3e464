"""The addresses of dossiers (INTERFACE, « Addresses »)."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from . import views


class NumberConverter(StringConverter):
    """A dossier's number, as the database can be asked for it: without NUL, which PostgreSQL refuses."""

    regex = r"[^/\x00]+"


register_converter(NumberConverter, "numero")

app_name = "dossiers"
urlpatterns = [
    path("dossiers/", views.dossier_list, name="list"),
    path("dossiers/<numero:numero>/", views.dossier_detail, name="detail"),
]
