"""What needs a hand today: one table, NEEDS, of which the home of the back office shows each person their part.

Another part of the portal adds a line to NEEDS: a permission, a title, what to do, and a function that looks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst

from exchange.enums import State
from exchange.models import Import
from invoices import statistics
from invoices.flags import Flag, everywhere
from invoices.handover import delivery
from invoices.handover.standing import Standing, condition
from invoices.models import Deposit, Handover
from invoices.transmission import overdue_count
from outbox.models import Mail
from portal.health import OVERDUE_AFTER
from portal.templatetags.french import NO_BREAK_SPACE, grouped
from roles.accounts import guard
from roles.models import FailedLogIn, User
from trail.enums import Action, Result
from trail.models import Event
from trail.reasons import label_of

from .figures import duration
from .kept import Kept

# Nothing is counted any further: so many need more than a look at each.
LIMIT = 1_000
OF_LATE = timedelta(days=1)
A_WEEK = timedelta(days=7)
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Line:
    """How many of one kind, and the address of their list; `note` is what there is to say beside the number."""

    label: str
    count: int
    address: str
    note: str = ""

    @property
    def number(self) -> str:
        """The count as it is written; « plus de 1 000 » for what was counted no further."""
        if self.count > LIMIT:
            return f"plus de{NO_BREAK_SPACE}{grouped(LIMIT)}"
        return grouped(self.count)


@dataclass(frozen=True)
class Need:
    """Something that may need a hand: who may see it, what to do, and what looks whether there is any.

    `look` is asked each time the home is opened: it reads an index, counts no further than LIMIT (`bounded`), and may
    leave out the lines of which there are none.
    """

    permission: str
    title: str
    to_do: str
    look: Callable[[], Iterable[Line]]


@dataclass(frozen=True)
class Found:
    """A need with the lines that it found."""

    need: Need
    lines: list[Line]


def seen_by(user: User) -> list[Found]:
    """The needs whose lists this person may open, each with its lines of which there are any."""
    return [
        Found(need, [line for line in need.look() if line.count]) for need in NEEDS if user.has_perm(need.permission)
    ]


def bounded(rows: QuerySet) -> int:
    """How many there are, LIMIT + 1 for any more than LIMIT."""
    return rows.order_by()[: LIMIT + 1].count()


def address_of(model: Any, **by: Any) -> str:
    """The address of a model's list in the back office, filtered."""
    meta = model._meta
    return f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?{urlencode(by)}"


def overdue() -> Iterable[Line]:
    """Deposits whose delay ended a while ago, and that are not transmitted (RULES.md §6)."""
    count = overdue_count(OVERDUE_AFTER)
    oldest = f"le plus ancien depuis {duration(statistics.overdue().oldest)}" if count else ""
    yield Line("Dépôts dont le délai est passé", count, address_of(Deposit, statut="en-retard"), oldest)


def refused_uploads() -> Iterable[Line]:
    """Why files were refused since yesterday, with how often in the week."""
    now = timezone.now()
    for reason, of_late, in_week in statistics.refused_uploads(now - OF_LATE, now - A_WEEK):
        by = {"action__exact": Action.UPLOAD, "result__exact": Result.REFUSED, "reason__exact": reason}
        address = address_of(Event, **by, at__gte=_moment(now - OF_LATE))
        yield Line(capfirst(label_of(reason)), of_late, address, f"{grouped(in_week)} en 7{NO_BREAK_SPACE}jours")


def to_look_at() -> list[Line]:
    """Deposits of the last seven days, today included, with a flag; flag by flag."""
    first = timezone.localdate() - A_WEEK + timedelta(days=1)
    week = Deposit.objects.filter(submitted_at__gte=timezone.make_aware(datetime.combine(first, time.min)))
    return [
        Line(
            flag.label,
            bounded(week.filter(pk__in=everywhere(flag))),
            address_of(Deposit, signalement=flag.value, du=first.isoformat()),
        )
        for flag in Flag
    ]


# Each flag is looked up in all deposits.
flagged_of_the_week: Kept[list[Line]] = Kept(to_look_at, seconds=KEPT_SECONDS)


def locked() -> Iterable[Line]:
    """Accounts and addresses whose log-in is refused just now, whatever the password."""
    count = bounded(guard.locked().values("username", "ip_address").distinct())
    yield Line("Connexions bloquées", count, address_of(FailedLogIn, bloquee="oui"))


def unsent_mails() -> Iterable[Line]:
    """Mails that no server takes."""
    given_up, again = Mail.objects.given_up(), Mail.objects.in_line().filter(attempts__gt=0)
    yield Line("Courriels abandonnés", bounded(given_up), address_of(Mail, etat="abandonne"))
    failed_once = address_of(Mail, etat="en-file", last_error__isempty=0)
    yield Line("Courriels en échec, qui seront réessayés", bounded(again), failed_once)


def failing_handovers() -> Iterable[Line]:
    """Deposits that the OPCO's own system could not be given, or told of; and those that wait for somebody."""
    if not delivery.is_on():
        return
    labels = {
        Standing.STOPPED: "Remises arrêtées, dont un document est perdu",
        Standing.FAILING: "Remises en échec",
        Standing.UNANNOUNCED: "Remises dont l’annonce échoue",
    }
    for one, label in labels.items():
        count = bounded(Handover.objects.filter(condition(one)))
        yield Line(label, count, address_of(Handover, remise=one.value))


def stuck_imports() -> Iterable[Line]:
    """Imports that somebody has to confirm, or that broke off."""
    to_confirm = Import.objects.filter(state=State.CHECKED)
    broken = Import.objects.filter(state=State.FAILED, created_at__gte=timezone.now() - A_WEEK)
    yield Line("Imports à confirmer", bounded(to_confirm), address_of(Import, state__exact=State.CHECKED))
    yield Line("Imports interrompus depuis 7 jours", bounded(broken), address_of(Import, state__exact=State.FAILED))


NEEDS = (
    Need(
        "invoices.view_deposit",
        "Transmissions en retard",
        "Relancez leur transmission. Si leur nombre ne baisse pas, prévenez l’exploitant\u00a0: le traitement de fond "
        "est arrêté.",
        overdue,
    ),
    Need(
        "trail.view_event",
        "Fichiers refusés depuis 24 heures",
        "Si les fichiers d’une même personne sont souvent refusés, appelez-la. Pour une panne de l’antivirus ou du "
        "stockage, prévenez l’exploitant.",
        refused_uploads,
    ),
    Need(
        "invoices.view_deposit",
        "Dépôts de la semaine à regarder",
        "Ouvrez chaque dépôt et comparez ses documents et ses dossiers avant le règlement.",
        flagged_of_the_week,
    ),
    Need(
        "roles.view_failedlogin",
        "Connexions bloquées après trop d’essais",
        "La connexion se débloque seule. Si la personne appelle, assurez-vous que c’est elle, puis débloquez-la.",
        locked,
    ),
    Need(
        "outbox.view_mail",
        "Courriels non envoyés",
        "Vérifiez l’adresse avec le destinataire, et la messagerie avec l’exploitant, puis renvoyez ceux qui sont "
        "abandonnés.",
        unsent_mails,
    ),
    Need(
        "invoices.view_handover",
        "Remises au système de l’OPCO",
        "Celles qui échouent sont réessayées d’elles-mêmes\u00a0; si l’erreur demeure, prévenez l’exploitant. Celles "
        "dont un document est perdu ne le sont plus\u00a0: faites restaurer le fichier, puis remettez-les de nouveau, "
        "ou abandonnez-les.",
        failing_handovers,
    ),
    Need(
        "exchange.view_import",
        "Imports qui attendent quelqu’un",
        "Confirmez ou abandonnez ceux qui sont vérifiés ; importez de nouveau le fichier de ceux qui sont interrompus.",
        stuck_imports,
    ),
)


def _moment(instant: datetime) -> str:
    """As the lists of the back office take it in their address."""
    return instant.isoformat(sep=" ", timespec="seconds")
