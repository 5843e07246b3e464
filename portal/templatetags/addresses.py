"""The addresses of things that have a UUID. A builtin too: every template has them without loading anything."""

from functools import cache
from uuid import UUID

from django import template
from django.urls import reverse

register = template.Library()

NONE = UUID(int=0)


@register.simple_tag
def address(name: str, key: UUID) -> str:
    """What `{% url name key %}` gives, where the key is all that the address says.

    A page has a hundred of them, which took a sixth of its time when each was asked of the URL configuration.
    """
    return _address_of_none(name).replace(str(NONE), str(key))


@cache
def _address_of_none(name: str) -> str:
    return reverse(name, args=[NONE])
