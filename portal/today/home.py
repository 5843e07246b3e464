"""What the home of the back office shows one person: their part of the needs, and the plots."""

from typing import Any, NamedTuple, cast

from django.http import HttpRequest
from django.utils.safestring import SafeString

from roles.models import User

from . import figures, needs, plots
from .kept import Kept

KEPT_SECONDS = 60
SEES_PLOTS = "invoices.view_deposit"


class Plot(NamedTuple):
    """A figure and its drawing; none of a figure that counts nothing."""

    figure: figures.Figure
    drawing: SafeString | None


def context(request: HttpRequest) -> dict[str, Any]:
    """`pressing`, the needs that found something; `quiet`, the others' names; `plots`, for who may see deposits."""
    person = cast(User, request.user)
    found = needs.seen_by(person)
    return {
        "pressing": [one for one in found if one.lines],
        "quiet": ", ".join(one.need.title[0].lower() + one.need.title[1:] for one in found if not one.lines),
        "plots": kept_plots() if person.has_perm(SEES_PLOTS) else [],
        "days": figures.DAYS,
    }


def drawn() -> list[Plot]:
    """Every figure with its plot."""
    return [Plot(figure, plots.draw(figure) if figure.total else None) for figure in figures.of_the_last_days()]


kept_plots: Kept[list[Plot]] = Kept(drawn, seconds=KEPT_SECONDS)
