"""The page of the back office that asks before something is done: with what it will be, with what not, and why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: the name of the thing to do, the question, and what comes of it."""

    label: str
    question: str
    consequence: str
    destructive: bool = False


@dataclass(frozen=True)
class Asked:
    """Of what: the rows with which it will be done, each by its key, and the others, each with why not.

    `heading` says how many; `note` is what else there is to say of them.
    """

    heading: str
    possible: Sequence[tuple[Any, str]]
    impossible: Sequence[tuple[str, str]]
    note: str = ""


def page(request: HttpRequest, model_admin: ModelAdmin, question: Question, asked: Asked, back: str) -> HttpResponse:
    """The page: asked by an action of a list its form goes back to that action, with the very rows that it names."""
    context = {
        **model_admin.admin_site.each_context(request),
        "question": question,
        "asked": asked,
        "title": question.question,
        "subtitle": None,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "back": back,
        "action": request.POST.get("action", ""),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "invoices/back_office/confirm.html", context)


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the page's button was pressed."""
    return "confirmed" in request.POST
