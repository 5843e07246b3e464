from django.urls import path

from . import views

app_name = "view-as"

urlpatterns = [path("voir-comme/fin/", views.leave, name="leave")]
