"""Requests of people who are logged in."""

from django.http import HttpRequest

from .models import User


class PersonRequest(HttpRequest):
    """What a view that is not public is called with: LoginRequiredMiddleware lets no anonymous request through."""

    user: User
