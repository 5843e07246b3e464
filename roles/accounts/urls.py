"""The addresses of a person's account."""

from django.urls import path

from . import views

app_name = "roles"
urlpatterns = [
    path("compte/", views.account, name="account"),
    path("compte/mot-de-passe/", views.ChangePasswordView.as_view(), name="change-password"),
    path("compte/deconnexion/", views.end_sessions, name="end-sessions"),
    path("mot-de-passe/", views.AskPasswordLinkView.as_view(), name="ask-password-link"),
    path("mot-de-passe/envoye/", views.password_link_sent, name="password-link-sent"),
    path("mot-de-passe/<str:uidb64>/<str:token>/", views.ChoosePasswordView.as_view(), name="choose-password"),
    path("invitation/<str:uidb64>/<str:token>/", views.AcceptInvitationView.as_view(), name="accept-invitation"),
]
