"""The icons of static/img/icons.svg. A builtin too: every template has them without loading anything."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache  # a page has fifty; as a template each took a tenth of a millisecond
def icon(name: str) -> SafeString:
    """The symbol of this name, for the eye alone: words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("img/icons.svg"), name
    )
