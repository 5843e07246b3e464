from django.urls import path

from . import views

app_name = "proconnect"

urlpatterns = [
    path("", views.StartView.as_view(), name="start"),
    path("retour/", views.ReturnView.as_view(), name="return"),
    path("dissocier/", views.unlink, name="unlink"),
]
