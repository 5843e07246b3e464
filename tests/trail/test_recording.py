"""Each action is recorded where it happens, as a person or a worker does it: with who, on what, from where, how."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.db.models.signals import pre_delete
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from dossiers import statuses
from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from invoices import tasks, transmission
from invoices.deposits import NumberTakenError
from invoices.models import Deposit, Document
from outbox.models import Mail
from portal.environment import handover_stores
from portal.tasks import purge as purge_all
from roles.enums import Role, Side
from roles.models import FailedLogIn, User
from roles.proconnect import identities
from roles.proconnect.views import STATES
from tests.factories import DossierFactory, UserFactory, make_deposit, person_with
from tests.portal.test_personal_data import ADDRESS as MY_DATA
from tests.roles.test_second_factor import code_of, wrong_code
from tests.wizard import Wizard, pdf
from trail.back_office import RecordingAdmin
from trail.enums import Action, Result
from trail.models import Event
from trail.origin import address_of

pytestmark = pytest.mark.django_db

ADDRESS = "192.0.2.7"
REQUEST_ID = "0123456789abcdef"
HEADERS = {"x-forwarded-for": f"203.0.113.9, {ADDRESS}", "x-request-id": REQUEST_ID}
NOBODY = "personne@exemple.fr"
PASSWORD = "un-mot-de-passe-assez-long"
ANOTHER_PASSWORD = "Brouette7!Lunaire"


@dataclass
class Scene:
    """A provider's person on a dossier of theirs, with a browser, and a member of the back office with another."""

    person: User
    dossier: Dossier
    client: Client
    staff: User
    back_office: Client

    def wizard(self) -> Wizard:
        return Wizard.start(self.client, self.dossier)

    def deposit(self, **fields: Any) -> Deposit:
        return make_deposit(self.dossier, self.person, **fields)

    def admin_page(self, row: Any, page: str = "change") -> str:
        return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_{page}", args=[row.pk])


@pytest.fixture
def scene(settings) -> Scene:
    settings.BEHIND_TLS = True
    # A name that no other person here has.
    dossier = DossierFactory(
        product=Product.CPRO, status=DossierStatus.EN_COURS_DE_REGLEMENT, beneficiary_last_name="Quatrebarbes"
    )
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])
    staff = UserFactory(is_staff=True, is_superuser=True)
    client, back_office = Client(headers=HEADERS), Client(headers=HEADERS)
    client.force_login(person)
    back_office.force_login(staff)
    return Scene(person, dossier, client, staff, back_office)


@dataclass
class Case:
    """What somebody does, and what the trail must say of it."""

    action: Action
    do: Callable[[Scene], Any]
    result: Result = Result.DONE
    reason: str = ""
    # Of the scene and of what `do` gave: what the event is about, and the id of the deposit it belongs to.
    label: Callable[[Scene, Any], str] = lambda scene, done: ""
    deposit: Callable[[Scene, Any], Any] = lambda scene, done: None
    side: str = ""
    who: str = "person"
    # Whether a request asked for it: a worker has no address.
    asked: bool = True


def log_in(scene: Scene, username: str, password: str = PASSWORD) -> None:
    scene.client.logout()
    scene.client.post("/connexion/", {"username": username, "password": password})


def log_in_inactive(scene: Scene) -> None:
    scene.person.is_active = False
    scene.person.save(update_fields=["is_active"])
    log_in(scene, scene.person.email)


def forge(scene: Scene) -> None:
    strict = Client(enforce_csrf_checks=True, headers=HEADERS)
    strict.force_login(scene.person)
    assert strict.post("/deconnexion/").status_code == 403


def open_closed_dossier(scene: Scene) -> None:
    Dossier.objects.update(status=DossierStatus.ANNULE)
    assert scene.client.get(f"/dossiers/{scene.dossier.number}/factures/ajouter/").status_code == 403


def ask_for(scene: Scene, address: str) -> None:
    assert scene.client.get(address).status_code == 404


def another_persons(scene: Scene) -> Deposit:
    deposit = make_deposit(DossierFactory(), UserFactory())
    ask_for(scene, f"/depots/{deposit.pk}/recepisse/")
    return deposit


def upload(scene: Scene, file: Any = None) -> Wizard:
    wizard = scene.wizard()
    wizard.facture(file=file)
    return wizard


def read(scene: Scene, address: str) -> Document:
    document = scene.deposit().documents.first()
    answer = scene.client.get(f"/documents/{document.pk}/{address}")
    assert answer.status_code == 200
    assert b"".join(answer)
    return document


def read_deposit(scene: Scene, address: str) -> Deposit:
    deposit = scene.deposit()
    answer = scene.client.get(f"/depots/{deposit.pk}/{address}")
    assert answer.status_code == 200
    b"".join(answer)
    return deposit


def send(scene: Scene) -> Deposit:
    wizard = scene.wizard().to_last_step()
    wizard.send(wizard.shown())
    return wizard.deposit


def send_number_taken(scene: Scene) -> None:
    scene.deposit(number="F-TAKEN")
    with pytest.raises(NumberTakenError):
        scene.deposit(number="f-taken")


def send_lost_file(scene: Scene) -> Wizard:
    wizard = scene.wizard().to_last_step()
    shown = wizard.shown()
    document = wizard.draft.documents.first()
    document.file.storage.delete(document.file.name)
    wizard.send(shown)
    return wizard


def send_document(scene: Scene) -> Deposit:
    posted = {"type": "RIB", "depot": str(uuid4()), "fichier": pdf("rib.pdf")}
    scene.client.post(f"/dossiers/{scene.dossier.number}/documents/ajouter/", posted)
    return Deposit.objects.get()


def associate(scene: Scene) -> Deposit:
    other = DossierFactory(
        training_provider=scene.dossier.training_provider, product=Product.CPRO, status=DossierStatus.A_FACTURER
    )
    wizard = scene.wizard()
    wizard.facture()
    wizard.post("details", press="associer", value=other.number)
    wizard.details()
    wizard.justificatifs(certificat=pdf("certificat.pdf"))
    wizard.send(wizard.shown())
    return wizard.deposit


def cancel(scene: Scene, **fields: Any) -> Deposit:
    deposit = scene.deposit(**fields)
    scene.client.post(f"/depots/{deposit.pk}/annuler/")
    return deposit


def transmit(scene: Scene) -> Deposit:
    deposit = send(scene)
    Deposit.objects.update(submitted_at=deposit.submitted_at - timedelta(hours=1), transmit_at=deposit.submitted_at)
    assert tasks.transmit(str(deposit.pk)) == 1
    return deposit


def hand_over(scene: Scene) -> Deposit:
    deposit = transmit(scene)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        with override_settings(HANDOVER_PLACE=place, STORAGES=settings.STORAGES | handover_stores(place)):
            tasks.hand_over()
    return deposit


def hand_over_anew(scene: Scene) -> Deposit:
    deposit = hand_over(scene)
    chosen = {"action": "repeat", "_selected_action": [deposit.pk], "confirmed": "oui"}
    scene.back_office.post(reverse("admin:invoices_handover_changelist"), chosen)
    return deposit


def apply_statuses(scene: Scene) -> None:
    assert list(statuses.apply([statuses.Line(2, scene.dossier.number, "Terminé")]))


def by_staff(scene: Scene, name: str, *, late: bool = False) -> Deposit:
    """One of the back office's actions, on a deposit's page."""
    deposit = scene.deposit()
    if late:
        long_ago = timezone.now() - timedelta(hours=1)
        Deposit.objects.filter(pk=deposit.pk).update(submitted_at=long_ago, transmit_at=long_ago)
    answer = scene.back_office.post(f"/admin/invoices/deposit/{deposit.pk}/{name}/")
    if answer.streaming:
        b"".join(answer.streaming_content)
    return deposit


def delete_draft(scene: Scene) -> Wizard:
    wizard = upload(scene)
    scene.client.post(f"/depots/{wizard.depot}/supprimer/")
    return wizard


def add_group(scene: Scene) -> None:
    scene.back_office.post("/admin/auth/group/add/", {"name": "Gestionnaires"})


def change_group(scene: Scene) -> None:
    group = Group.objects.create(name="Relecteurs")
    scene.back_office.post(scene.admin_page(group), {"name": "Gestionnaires"})


def delete_group(scene: Scene) -> None:
    group = Group.objects.create(name="Gestionnaires")
    scene.back_office.post(scene.admin_page(group, "delete"), {"post": "yes"})


def delete_groups(scene: Scene) -> None:
    group = Group.objects.create(name="Gestionnaires")
    posted = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    scene.back_office.post("/admin/auth/group/", posted)


def fail(scene: Scene, times: int, username: str = "") -> None:
    for _ in range(times):
        log_in(scene, username or scene.person.email, "x")


def fail_everywhere(scene: Scene) -> None:
    with override_settings(LOGIN_FAILURES_OF_AN_ADDRESS=2):
        fail(scene, 2, NOBODY)


def on_account(scene: Scene, action: str) -> None:
    """An action of the back office's list of accounts."""
    posted = {"action": action, "_selected_action": [scene.person.pk]}
    page = scene.back_office.post("/admin/roles/user/", posted, follow=True).content.decode()
    assert "Rien n’est fait" not in page


def unlock(scene: Scene) -> None:
    fail(scene, settings.LOGIN_FAILURES)
    on_account(scene, "unlock")


def forget_failures(scene: Scene) -> None:
    fail(scene, settings.LOGIN_FAILURES)
    posted = {"action": "unlock", "_selected_action": [FailedLogIn.objects.get().pk]}
    scene.back_office.post("/admin/roles/failedlogin/", posted)


def invite(scene: Scene) -> None:
    scene.person.set_unusable_password()
    scene.person.save(update_fields=["password"])
    on_account(scene, "invite")


def ask_for_link(scene: Scene, email: str) -> None:
    assert scene.client.post("/mot-de-passe/", {"email": email}).status_code == 302


def choose_password(scene: Scene) -> None:
    """Follow the link of the last mail."""
    address = re.search(r"https?://[^/]+(/\S+)", Mail.objects.latest("pk").body)[1]
    page = scene.client.get(address).url
    posted = dict.fromkeys(("new_password1", "new_password2"), ANOTHER_PASSWORD)
    assert scene.client.post(page, posted).url == "/connexion/"


def accept(scene: Scene) -> None:
    invite(scene)
    choose_password(scene)


def ask_and_choose(scene: Scene) -> None:
    ask_for_link(scene, scene.person.email)
    choose_password(scene)


def change_password(scene: Scene) -> None:
    posted = {"old_password": PASSWORD, "new_password1": ANOTHER_PASSWORD, "new_password2": ANOTHER_PASSWORD}
    assert scene.client.post("/compte/mot-de-passe/", posted).status_code == 302


SECOND_FACTOR = "/compte/double-authentification/"


def set_second_factor(scene: Scene) -> None:
    scene.client.post(SECOND_FACTOR, {"password": PASSWORD})
    code = code_of(scene.person, confirmed=False)
    scene.client.post(f"{SECOND_FACTOR}activer/", {"code": code})


def with_application(scene: Scene) -> Scene:
    TOTPDevice.objects.create(user=scene.person, name="Application", confirmed=True)
    return scene


def come_back_late(scene: Scene):
    session = scene.client.session
    session[STATES] = {"x": {"added_on": 0}}
    session.save()
    return scene.client.get("/proconnect/retour/?state=x")


def show_wrong_code(scene: Scene) -> None:
    log_in(with_application(scene), scene.person.email)
    scene.client.post("/connexion/code/", {"code": wrong_code(scene.person)})


def renew_codes(scene: Scene) -> None:
    scene.client.post(f"{SECOND_FACTOR}codes/", {"code": code_of(with_application(scene).person)})


def unlink(scene: Scene) -> None:
    User.objects.filter(pk=scene.person.pk).update(proconnect_sub="sub")
    on_account(scene, "unlink_proconnect")


def unlink_oneself(scene: Scene) -> None:
    User.objects.filter(pk=scene.person.pk).update(proconnect_sub="sub")
    scene.client.post("/proconnect/dissocier/")


def close_account(scene: Scene) -> None:
    posted = {"action": "close", "_selected_action": [scene.person.pk], "post": "yes"}
    scene.back_office.post("/admin/roles/user/", posted)


def reopen_account(scene: Scene) -> None:
    close_account(scene)
    on_account(scene, "reopen")


def view_as(scene: Scene) -> None:
    assert scene.back_office.post(f"/admin/roles/user/{scene.person.pk}/voir-comme/").url == "/dossiers/"


def leave(scene: Scene) -> None:
    view_as(scene)
    scene.back_office.post("/voir-comme/fin/")


def write_in_their_place(scene: Scene) -> None:
    view_as(scene)
    assert scene.back_office.post(f"/dossiers/{scene.dossier.number}/documents/ajouter/").status_code == 403


def purge(scene: Scene) -> None:
    Session.objects.create(session_key="ended", expire_date=timezone.now() - timedelta(days=1))
    assert purge_all() == 1


def put_mail_back(scene: Scene) -> None:
    mail = Mail.objects.create(key="k", recipient="a@b.example", subject="Un objet", next_attempt_at=None)
    scene.back_office.post("/admin/outbox/mail/", {"action": "put_back", "_selected_action": [mail.pk]})


def of_draft(scene: Scene, wizard: Wizard) -> Any:
    return wizard.depot


def of_deposit(scene: Scene, deposit: Deposit) -> Any:
    return deposit.pk


def of_document(scene: Scene, document: Document) -> Any:
    return document.deposit_id


def reference(scene: Scene, deposit: Deposit) -> str:
    return deposit.reference


PROVIDER = Side.PRESTATAIRE.value
GROUP = {"label": lambda scene, done: "Gestionnaires", "who": "staff"}
OF_DEPOSIT = {"label": reference, "deposit": of_deposit}
OF_DOCUMENT = {"label": lambda scene, document: str(document), "deposit": of_document}
ON_ACCOUNT = {"label": lambda scene, done: scene.person.email}
REFUSED = Result.REFUSED

CASES = {
    "log in": Case(Action.LOG_IN, lambda scene: log_in(scene, scene.person.email)),
    "log in in capitals": Case(Action.LOG_IN, lambda scene: log_in(scene, scene.person.email.upper())),
    "log in with a wrong password": Case(
        Action.LOG_IN, lambda scene: log_in(scene, scene.person.email, "x"), REFUSED, "credentials"
    ),
    "log in of nobody": Case(Action.LOG_IN, lambda scene: log_in(scene, NOBODY), REFUSED, "unknown_account", who=""),
    "log in of an account that is closed": Case(Action.LOG_IN, log_in_inactive, REFUSED, "inactive_account"),
    "log out": Case(Action.LOG_OUT, lambda scene: scene.client.post("/deconnexion/")),
    "log-ins of an account locked": Case(
        Action.LOCK_OUT, lambda scene: fail(scene, settings.LOGIN_FAILURES), REFUSED, "account"
    ),
    "log-ins from an address locked": Case(Action.LOCK_OUT, fail_everywhere, REFUSED, "address", who=""),
    "log-ins of an account listened to again": Case(Action.UNLOCK, unlock, **ON_ACCOUNT, who="staff"),
    "failed log-ins forgotten": Case(Action.UNLOCK, forget_failures, **ON_ACCOUNT, who="staff"),
    "an invitation": Case(Action.INVITE, invite, **ON_ACCOUNT, who="staff"),
    "a first password": Case(Action.ACCEPT, accept),
    "a link to a new password": Case(Action.ASK_PASSWORD, lambda scene: ask_for_link(scene, scene.person.email)),
    "a link for nobody": Case(
        Action.ASK_PASSWORD, lambda scene: ask_for_link(scene, NOBODY), REFUSED, "unknown_account", who=""
    ),
    "a link sent by the back office": Case(
        Action.ASK_PASSWORD, lambda scene: on_account(scene, "send_password_link"), **ON_ACCOUNT, who="staff"
    ),
    "a new password by a link": Case(Action.CHOOSE_PASSWORD, ask_and_choose),
    "a password changed": Case(Action.CHANGE_PASSWORD, change_password),
    "all sessions ended": Case(
        Action.END_SESSIONS, lambda scene: scene.client.post("/compte/deconnexion/"), **ON_ACCOUNT
    ),
    "a second factor set": Case(Action.SECOND_FACTOR_SET, set_second_factor, **ON_ACCOUNT),
    "a second factor removed by the back office": Case(
        Action.SECOND_FACTOR_REMOVED,
        lambda scene: on_account(with_application(scene), "remove_second_factor"),
        **ON_ACCOUNT,
        who="staff",
    ),
    "a wrong code": Case(Action.SECOND_FACTOR_CODE, show_wrong_code, REFUSED, "otp_totp.totpdevice", **ON_ACCOUNT),
    "new recovery codes": Case(Action.RECOVERY_CODES, renew_codes, **ON_ACCOUNT),
    # What a provider says for it, or against it: tests/roles/test_proconnect.py.
    "a way back from ProConnect that came too late": Case(Action.PROCONNECT, come_back_late, REFUSED, "state", who=""),
    "an identity linked": Case(
        Action.PROCONNECT_LINK, lambda scene: identities.link(scene.person, "sub"), **ON_ACCOUNT, asked=False
    ),
    "an identity unlinked": Case(Action.PROCONNECT_UNLINK, unlink, **ON_ACCOUNT, who="staff"),
    "an identity unlinked by its person": Case(Action.PROCONNECT_UNLINK, unlink_oneself, **ON_ACCOUNT),
    "an account closed": Case(Action.CLOSE_ACCOUNT, close_account, **ON_ACCOUNT, who="staff"),
    "an account opened again": Case(Action.REOPEN_ACCOUNT, reopen_account, **ON_ACCOUNT, who="staff"),
    "a person's portal seen": Case(Action.VIEW_AS, view_as, **ON_ACCOUNT, who="staff"),
    "and seen no more": Case(Action.VIEW_AS_END, leave, **ON_ACCOUNT, who="staff"),
    "a write in their place": Case(Action.ACCESS, write_in_their_place, REFUSED, "view_as", who="staff"),
    "one's own data": Case(Action.PERSONAL_DATA, lambda scene: scene.client.get(MY_DATA), **ON_ACCOUNT),
    "what is over": Case(Action.PURGE, purge, who="", asked=False),
    "a form that was forged": Case(Action.ACCESS, forge, REFUSED, "forged_form"),
    "a dossier that takes no deposit": Case(Action.ACCESS, open_closed_dossier, REFUSED, "forbidden"),
    "a dossier that is not there": Case(
        Action.ACCESS, lambda scene: ask_for(scene, "/dossiers/NULLE-PART/"), REFUSED, "not_found"
    ),
    "a deposit that is not theirs": Case(Action.ACCESS, another_persons, REFUSED, "not_found", deposit=of_deposit),
    "a file": Case(
        Action.UPLOAD,
        upload,
        side=PROVIDER,
        deposit=of_draft,
        label=lambda scene, wizard: str(wizard.draft.documents.get()),
    ),
    "a file that is refused": Case(
        Action.UPLOAD,
        lambda scene: upload(scene, SimpleUploadedFile("facture.pdf", b"Bonjour")),
        REFUSED,
        "not_pdf",
        side=PROVIDER,
        deposit=of_draft,
    ),
    "a page read": Case(Action.VIEW, lambda scene: read(scene, "pages/1.webp"), **OF_DOCUMENT),
    "a document downloaded": Case(Action.DOWNLOAD, lambda scene: read(scene, ""), **OF_DOCUMENT),
    "a deposit downloaded": Case(Action.DOWNLOAD_ALL, lambda scene: read_deposit(scene, "documents.zip"), **OF_DEPOSIT),
    "a receipt": Case(Action.RECEIPT, lambda scene: read_deposit(scene, "recepisse.pdf"), **OF_DEPOSIT),
    "an export, CSV": Case(Action.EXPORT, lambda scene: scene.client.get("/depots/export.csv")),
    "an export, XLSX": Case(Action.EXPORT, lambda scene: scene.client.get("/depots/export.xlsx")),
    "a draft deleted": Case(
        Action.DELETE_DRAFT,
        delete_draft,
        side=PROVIDER,
        deposit=of_draft,
        label=lambda scene, wizard: f"Brouillon · {scene.dossier.number}",
    ),
    "a deposit": Case(Action.DEPOSIT, send, side=PROVIDER, **OF_DEPOSIT),
    "a number that is taken": Case(
        Action.DEPOSIT,
        send_number_taken,
        REFUSED,
        "number_taken",
        side=PROVIDER,
        deposit=lambda scene, done: ANY,
        asked=False,
    ),
    "a file that is lost": Case(Action.DEPOSIT, send_lost_file, REFUSED, "file_lost", side=PROVIDER, deposit=of_draft),
    "a document by itself": Case(Action.DEPOSIT_DOCUMENT, send_document, side=PROVIDER, **OF_DEPOSIT),
    "a dossier associated": Case(
        Action.ASSOCIATE,
        associate,
        side=PROVIDER,
        deposit=of_deposit,
        label=lambda scene, deposit: deposit.dossiers.get().number,
    ),
    "a deposit cancelled": Case(Action.CANCEL, cancel, side=PROVIDER, **OF_DEPOSIT),
    "a deposit cancelled too late": Case(
        Action.CANCEL,
        lambda scene: cancel(scene, delay=timedelta(0)),
        REFUSED,
        "too_late",
        side=PROVIDER,
        **OF_DEPOSIT,
    ),
    "a deposit relaunched": Case(
        Action.RELAUNCH, lambda scene: by_staff(scene, "relancer", late=True), who="staff", **OF_DEPOSIT
    ),
    "a deposit relaunched too early": Case(
        Action.RELAUNCH, lambda scene: by_staff(scene, "relancer"), REFUSED, "not_due", who="staff", **OF_DEPOSIT
    ),
    "a deposit cancelled by the OPCO": Case(
        Action.CANCEL, lambda scene: by_staff(scene, "annuler"), who="staff", **OF_DEPOSIT
    ),
    "a deposit taken along by the OPCO": Case(
        Action.DOWNLOAD_ALL, lambda scene: by_staff(scene, "telecharger"), who="staff", **OF_DEPOSIT
    ),
    "a deposit transmitted": Case(Action.TRANSMIT, transmit, side=PROVIDER, who="", asked=False, **OF_DEPOSIT),
    "a deposit handed over": Case(Action.HAND_OVER, hand_over, side=PROVIDER, who="", asked=False, **OF_DEPOSIT),
    "a deposit handed over anew": Case(Action.ADMIN_CHANGE, hand_over_anew, who="staff", **OF_DEPOSIT),
    "a status of the OPCO's system": Case(
        Action.APPLY_STATUS, apply_statuses, label=lambda scene, done: scene.dossier.number, who="", asked=False
    ),
    "a row added": Case(Action.ADMIN_ADD, add_group, **GROUP),
    "a row changed": Case(Action.ADMIN_CHANGE, change_group, **GROUP),
    "an account's devices logged out": Case(
        Action.ADMIN_CHANGE, lambda scene: on_account(scene, "end_sessions"), **ON_ACCOUNT, who="staff"
    ),
    "a mail put back": Case(Action.ADMIN_CHANGE, put_mail_back, label=lambda scene, done: "Un objet", who="staff"),
    "a row deleted": Case(Action.ADMIN_DELETE, delete_group, **GROUP),
    "rows deleted from the list": Case(Action.ADMIN_DELETE, delete_groups, **GROUP),
}


# One import has several events: tests/exchange/test_imports.py.
OF_IMPORTS = {Action.IMPORT, Action.STATUS}


def test_every_action_is_recorded_somewhere():
    assert {case.action for case in CASES.values()} | OF_IMPORTS == set(Action)


def test_every_action_and_each_reason_has_its_line_in_the_document():
    document = (settings.BASE_DIR / "docs/trail.md").read_text()
    lines = re.findall(r"^\| (`[A-Z].+?) \| .+? \| .*? \|(.*)\|$", document, re.MULTILINE)
    told = {Action(name): reasons for names, reasons in lines for name in re.findall(r"`(\w+)`", names)}
    assert set(told) == set(Action)
    for case in CASES.values():
        assert f"`{case.reason}`" in f"{told[case.action]} ``", case


@pytest.mark.parametrize("name", CASES)
def test_it_is_recorded_once_with_what_it_needs_and_no_more(scene, name):
    case, known = CASES[name], list(Event.objects.values_list("pk", flat=True))
    done = case.do(scene)
    events = Event.objects.exclude(pk__in=known).filter(action=case.action, result=case.result)
    event = events.get()
    who = {"person": scene.person, "staff": scene.staff}.get(case.who)
    assert (event.person_id, event.email) == ((who.pk, who.email) if who else (None, ""))
    assert event.reason == case.reason
    assert event.side == case.side
    assert event.deposit == case.deposit(scene, done)
    assert event.subject_label == case.label(scene, done)
    assert bool(event.subject_label) == bool(event.subject_type)
    assert event.address == (ADDRESS if case.asked else None)
    if case.asked:
        assert event.request_id == REQUEST_ID
    # Without times, ids and the ranks of made-up people, which may hold any of the figures below.
    written = str(events.values("email", "reason", "side", "subject_type", "subject_label", "details"))
    written = re.sub(r"personne\d+@|'\w+_id': '\d+'", "", written)
    for secret in (
        PASSWORD,
        ANOTHER_PASSWORD,
        scene.dossier.beneficiary_last_name,
        NOBODY,
        "4800",
        "4 800",
        "F2026-118",
    ):
        assert secret not in written


def test_a_transmission_bears_the_id_of_the_request_that_made_the_deposit(scene):
    transmit(scene)
    assert Event.objects.get(action=Action.TRANSMIT).request_id == REQUEST_ID


def test_a_transmission_is_recorded_as_any_event_is(scene):
    """What one statement writes for hundreds has the same form as what is written one by one."""
    deposit = transmit(scene)
    one_by_one, together = (Event.objects.get(action=action) for action in (Action.DEPOSIT, Action.TRANSMIT))
    same = ("subject_type", "subject_id", "subject_label", "deposit", "side", "result", "reason")
    assert [getattr(together, name) for name in same] == [getattr(one_by_one, name) for name in same]
    assert (together.details, together.person_id, together.email) == ({}, None, "")
    assert one_by_one.at <= together.at
    assert tasks.transmit_due() == 0
    assert Event.objects.filter(action=Action.TRANSMIT).count() == 1
    assert deposit.pk == together.deposit


def test_many_transmissions_cost_no_more_statements_than_two(scene):
    counts = []
    for rank, many in enumerate((2, 8)):
        for number in range(many):
            scene.deposit(number=f"F-{rank}-{number}", delay=timedelta(milliseconds=1))
        with CaptureQueriesContext(connection) as captured:
            assert transmission.transmit_due() == many
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("address", ["vignette.webp", "apercu/"])
def test_what_cannot_be_read_is_no_view(scene, address):
    read(scene, address)
    assert not Event.objects.filter(action__in=(Action.VIEW, Action.DOWNLOAD)).exists()


def test_nobody_fills_the_trail_without_an_account(scene):
    document = scene.deposit().documents.first()
    before = Event.objects.count()
    stranger = Client(enforce_csrf_checks=True, headers=HEADERS)
    assert stranger.get(f"/documents/{document.pk}/").status_code == 302
    assert stranger.get("/nulle-part/").status_code == 404
    assert stranger.post("/connexion/", {"username": scene.person.email, "password": "x"}).status_code == 403
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("behind_proxy", "remote", "forwarded", "address"),
    [
        (False, "192.0.2.1", None, "192.0.2.1"),
        (False, "192.0.2.1", "198.51.100.9", "192.0.2.1"),  # nobody's word but the connection's
        (False, "", None, None),  # a socket of the machine itself
        (True, "10.0.0.1", "192.0.2.1", "192.0.2.1"),
        (True, "10.0.0.1", "198.51.100.9, 192.0.2.1", "192.0.2.1"),  # the proxy writes at the end
        (True, "10.0.0.1", "192.0.2.1, nonsense", None),
        (True, "10.0.0.1", "", None),
        (True, "10.0.0.1", None, None),
        (True, "10.0.0.1", "2001:DB8::1", "2001:db8::1"),
        (False, "::ffff:192.0.2.1", None, "192.0.2.1"),
    ],
)
def test_the_address_is_what_the_proxy_or_the_connection_says(settings, behind_proxy, remote, forwarded, address):
    settings.BEHIND_TLS = behind_proxy
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert address_of(RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)) == address


# --- Both or neither --------------------------------------------------------------------------------------------


@pytest.fixture
def full_trail(transactional_db):
    """From here on the database takes no event."""
    postgresql = connection.vendor == "postgresql"
    shut, open_ = (
        (
            "ALTER TABLE trail_event ADD CONSTRAINT full_trail CHECK (false) NOT VALID",
            "ALTER TABLE trail_event DROP CONSTRAINT full_trail",
        )
        if postgresql
        else (
            "CREATE TRIGGER full_trail BEFORE INSERT ON trail_event BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER full_trail",
        )
    )

    def shut_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute(shut)

    yield shut_it
    with connection.cursor() as cursor:
        cursor.execute(open_)


def test_what_cannot_be_recorded_is_not_done(full_trail, scene):
    deposit, late = scene.deposit(number="A"), scene.deposit(number="B", delay=timedelta(milliseconds=1))
    document = deposit.documents.first()
    scene.client.raise_request_exception = False
    full_trail()
    for address in (
        f"/documents/{document.pk}/",
        f"/documents/{document.pk}/pages/1.webp",
        f"/depots/{deposit.pk}/documents.zip",
        f"/depots/{deposit.pk}/recepisse.pdf",
        "/depots/export.csv",
        "/depots/export.xlsx",
    ):
        assert scene.client.get(address).status_code == 500, address
    assert scene.client.post(f"/depots/{deposit.pk}/annuler/").status_code == 500
    for forbidden in (lambda: scene.deposit(number="C"), transmission.transmit_due):
        with pytest.raises(IntegrityError):
            forbidden()
    assert set(Deposit.objects.values_list("pk", "state")) == {(deposit.pk, "PENDING"), (late.pk, "PENDING")}


def test_a_change_in_the_back_office_that_fails_is_not_recorded(scene):
    """Django writes its log before it deletes what was chosen in a list."""

    def fail(**signal: Any) -> None:
        raise RuntimeError

    pre_delete.connect(fail, sender=Group)
    scene.back_office.raise_request_exception = False
    try:
        delete_groups(scene)
    finally:
        pre_delete.disconnect(fail, sender=Group)
    assert Group.objects.exists()
    assert not Event.objects.filter(action=Action.ADMIN_DELETE).exists()


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_every_page_of_the_back_office_records(model):
    pages = type(admin.site._registry[model])
    for name in ("log_addition", "log_change", "log_deletions"):
        assert getattr(pages, name) is getattr(RecordingAdmin, name)


def test_a_role_that_is_granted_is_named(scene):
    other = UserFactory()
    scene.back_office.post(
        scene.admin_page(other),
        {
            "email": other.email,
            "is_active": "on",
            "role_assignments-TOTAL_FORMS": "1",
            "role_assignments-INITIAL_FORMS": "0",
            "role_assignments-0-user": other.pk,
            "role_assignments-0-role": Role.SAISIE_PRESTATAIRE,
            "role_assignments-0-establishment": scene.dossier.training_provider.pk,
        },
    )
    change = Event.objects.get(action=Action.ADMIN_CHANGE).details["change"]
    assert Role.SAISIE_PRESTATAIRE.label in change
    assert scene.dossier.training_provider.name in change
