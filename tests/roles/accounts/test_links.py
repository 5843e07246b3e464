"""Invitations and « Mot de passe oublié ? »: a link chooses one password, in time, and tells nobody of accounts."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from outbox import sending
from outbox.models import Mail
from roles.accounts import links
from roles.accounts.links import NotPossibleError
from roles.models import LinkRequest, User
from tests.factories import UserFactory
from tests.roles.accounts.conftest import STRONG, choose, last_link, link_in
from trail.enums import Action, Result
from trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


@pytest.fixture
def invited(person, staff) -> User:
    person.set_unusable_password()
    person.save()
    links.invite(person, by=staff)
    return person


def ask(email: str, client: Client | None = None, address: str = "192.0.2.1"):
    return (client or Client()).post("/mot-de-passe/", {"email": email}, REMOTE_ADDR=address)


def password_of(person: User) -> str:
    return User.objects.get(pk=person.pk).password


# --- What both kinds of link have ------------------------------------------------------------------------------------


@pytest.fixture(params=["invitation", "password"])
def link(request, person, staff) -> str:
    if request.param == "invitation":
        person.set_unusable_password()
        person.save()
        links.invite(person, by=staff)
    else:
        ask(person.email)
    return last_link()


def test_a_link_leads_to_a_password_and_to_the_log_in(client, link, person):
    done = choose(client, link)
    assert (done.status_code, done.url) == (302, "/connexion/")
    assert "Votre mot de passe est enregistré" in client.get(done.url).content.decode()
    assert client.get("/dossiers/").status_code == 302  # not logged in by it
    logged_in = client.post("/connexion/", {"username": person.email, "password": STRONG})
    assert logged_in.url == "/dossiers/"


def test_a_link_serves_once(client, link, person):
    choose(client, link)
    chosen = password_of(person)
    again = choose(Client(), link, "Autre7!Brouette")
    assert again.status_code == 410
    assert "n’est plus valable" in again.content.decode()
    assert password_of(person) == chosen


def test_opening_it_uses_nothing_up(client, link):
    """Programs that read mails open what they find, by GET and by HEAD."""
    for _ in range(2):
        assert Client().get(link).status_code == 302
        assert Client().head(link).status_code == 302
    assert choose(client, link).url == "/connexion/"


def test_two_at_once_choose_one_password(link, person):
    first, second = Client(), Client()
    pages = [browser.get(link).url for browser in (first, second)]
    form = {"new_password1": STRONG, "new_password2": STRONG}
    assert first.post(pages[0], form).status_code == 302
    chosen = password_of(person)
    assert second.post(pages[1], form).status_code == 410
    assert password_of(person) == chosen


def test_the_secret_leaves_the_address_and_no_page_passes_it_on(client, link):
    opened = client.get(link)
    secret = link.rstrip("/").rpartition("/")[2]
    assert secret not in opened.url
    page = client.get(opened.url)
    assert secret not in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"
    assert "no-store" in page["Cache-Control"]
    assert client.post(link, {"new_password1": STRONG, "new_password2": STRONG}).status_code == 302


@pytest.mark.parametrize(
    "tamper",
    [
        lambda link: re.sub(r"[^/](?=/$)", lambda last: "A" if last[0] != "A" else "B", link),
        lambda link: re.sub(r"/([^/]+)/([^/]+)/$", r"/OTk5OTk/\2/", link),
        lambda link: re.sub(r"/([^/]+)/([^/]+)/$", r"/%00/\2/", link),
        lambda link: re.sub(r"[^/]+/$", "choisir/", link),
        lambda link: re.sub(r"/([^/]+)/$", r"/faux/", link),
    ],
    ids=["signature", "somebody else's", "no one's", "without the secret", "made up"],
)
def test_a_forged_link_opens_nothing(client, link, tamper, person):
    before = password_of(person)
    assert choose(client, tamper(link)).status_code == 410
    assert password_of(person) == before


def test_one_kind_of_link_is_none_of_the_other(client, link):
    other = (
        link.replace("/invitation/", "/x/").replace("/mot-de-passe/", "/invitation/").replace("/x/", "/mot-de-passe/")
    )
    assert client.get(other).status_code == 410


def test_a_link_of_somebody_whose_account_is_closed_opens_nothing(client, link, person):
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert choose(client, link).status_code == 410


def test_a_link_is_void_once_the_address_is_another(client, link, person):
    User.objects.filter(pk=person.pk).update(email="autre@essai.example")
    assert choose(client, link).status_code == 410


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"password": "demo"}, "pas assez solide"),
        ({"password": "Camille.Perrin7"}, "pas assez solide"),
        ({"password": STRONG, "again": "Brouette7!Luna"}, "ne sont pas les mêmes"),
        ({"password": ""}, "Choisissez un mot de passe."),
    ],
)
def test_what_is_wrong_gets_a_sentence_and_the_link_stays_good(client, link, person, typed, sentence):
    before = password_of(person)
    refused = choose(client, link, **typed)
    assert refused.status_code == 200
    assert sentence in refused.content.decode()
    assert typed["password"] == "" or typed["password"] not in refused.content.decode()
    assert password_of(person) == before
    assert choose(client, link).status_code == 302


def test_the_hint_is_said_once_when_a_password_is_refused(client, link):
    page = choose(client, link, password="demo").content.decode()
    assert page.count("assez solide") == 2  # above all, and at the field
    assert page.count("phrase de 7") == 1


def test_the_hint_is_there_before_one_types(client, link):
    page = client.get(client.get(link).url).content.decode()
    assert page.index("12\u00a0caractères" if "12\u00a0caractères" in page else "12 caractères") < page.index(
        '<input type="password"'
    )
    assert 'autocomplete="new-password"' in page


def test_whoever_is_logged_in_in_this_browser_is_logged_out(client, link):
    client.force_login(UserFactory())
    choose(client, link)
    assert client.get("/dossiers/").status_code == 302


def test_what_is_logged_in_elsewhere_ends_and_a_mail_tells(client, link, person, log_in):
    elsewhere = log_in(person)
    # A log-in makes a link void; this one was there before.
    ask(person.email)
    choose(client, last_link())
    assert elsewhere.get("/dossiers/").status_code == 302
    told = Mail.objects.latest("pk")
    assert (told.subject, told.recipient) == ("Votre mot de passe a changé", person.email)
    assert not told.confidential


def test_failed_log_ins_are_forgotten(client, link, person, settings):
    for _ in range(settings.LOGIN_FAILURES):
        client.post("/connexion/", {"username": person.email, "password": "faux"})
    choose(client, link)
    assert client.post("/connexion/", {"username": person.email, "password": STRONG}).status_code == 302


def test_the_mail_is_for_its_reader_alone(link, settings, log_in):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail = Mail.objects.get(confidential=True)
    assert "Perrin" not in mail.subject
    assert "camille" not in mail.subject + mail.key
    page = log_in(UserFactory(is_staff=True, is_superuser=True)).get(f"/admin/outbox/mail/{mail.pk}/change/")
    assert "Confidentiel" in page.content.decode()
    assert link not in page.content.decode()
    from django.core import mail as sent

    sending.send_due()
    assert link in sent.outbox[0].body
    mail.refresh_from_db()
    assert mail.body == ""


# --- Invitations -----------------------------------------------------------------------------------------------------


def test_nobody_logs_in_before_the_invitation_is_taken(client, invited):
    for password in ("", "demo", "!", invited.password):
        client.post("/connexion/", {"username": invited.email, "password": password})
        assert client.get("/dossiers/").status_code == 302


@pytest.mark.parametrize(
    ("after", "status"), [(timedelta(days=7, seconds=-5), 302), (timedelta(days=7, seconds=5), 410)]
)
def test_an_invitation_holds_seven_days(client, person, staff, after, status):
    person.set_unusable_password()
    person.save()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        links.invite(person, by=staff)
        clock.shift(after)
        assert choose(client, last_link()).status_code == status


def test_a_newer_invitation_takes_the_place_of_the_one_before(client, invited, staff):
    first = last_link()
    links.invite(invited, by=staff)
    assert choose(client, first).status_code == 410
    assert choose(client, last_link()).status_code == 302


def test_who_has_a_password_or_no_account_any_more_is_not_invited(person, staff):
    closed = UserFactory(is_active=False)
    closed.set_unusable_password()
    for user in (person, closed):
        with pytest.raises(NotPossibleError):
            links.invite(user, by=staff)
    assert not Mail.objects.exists()


def test_who_lost_the_invitation_asks_for_a_link(client, invited):
    ask(invited.email)
    assert choose(client, last_link()).status_code == 302


def test_the_trail_tells_who_invited_whom_and_that_it_was_taken(client, invited, staff):
    choose(client, last_link())
    sent, taken = Event.objects.get(action=Action.INVITE), Event.objects.get(action=Action.ACCEPT)
    assert (sent.person_id, sent.subject_id) == (staff.pk, str(invited.pk))
    assert taken.person_id == invited.pk


# --- « Mot de passe oublié ? » ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "status"), [(timedelta(minutes=59), 302), (timedelta(minutes=61), 410)])
def test_a_link_holds_an_hour(client, person, after, status):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(person.email)
        clock.shift(after)
        assert choose(client, last_link()).status_code == status


def test_a_log_in_makes_a_link_void(client, person):
    ask(person.email)
    client.post("/connexion/", {"username": person.email, "password": "demo"})
    assert choose(Client(), last_link()).status_code == 410


@pytest.mark.parametrize("typed", ["Camille@Essai.Example", " camille@essai.example "])
def test_the_address_whatever_its_case(person, typed):
    ask(typed)
    assert Mail.objects.get().recipient == person.email


@pytest.mark.parametrize("other", ["unknown", "inactive", "asked too often"])
def test_the_answer_and_its_work_are_the_same_for_everybody(person, other, settings):
    username = "autrui1@essai.example"
    if other != "unknown":
        UserFactory(email=username, is_active=other != "inactive")
    if other == "asked too often":
        settings.PASSWORD_LINKS_PER_EMAIL = 1
        ask(username)
    Mail.objects.all().delete()
    answers = []
    for typed in (person.email, username):
        with CaptureQueriesContext(connection) as captured:
            answer = ask(typed)
        verbs = [re.sub(r"\W.*", "", query["sql"]) for query in captured]
        answers.append(
            (answer.status_code, answer.url, [verb for verb in verbs if verb not in ("ROLLBACK", "RELEASE")])
        )
    assert answers[0] == answers[1]
    assert [mail.recipient for mail in Mail.objects.all()] == [person.email]


def test_a_person_is_not_flooded_with_mails(person, settings):
    for _ in range(settings.PASSWORD_LINKS_PER_EMAIL + 2):
        assert ask(person.email, address="192.0.2.9").url == "/mot-de-passe/envoye/"
    assert Mail.objects.count() == settings.PASSWORD_LINKS_PER_EMAIL
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        ask(person.email)
    assert Mail.objects.count() == settings.PASSWORD_LINKS_PER_EMAIL + 1
    assert LinkRequest.objects.count() == 1


def test_one_address_does_not_ask_for_ever(person, settings):
    settings.PASSWORD_LINKS_PER_ADDRESS = 3
    for rank in range(3):
        assert ask(f"inconnu{rank}@essai.example").status_code == 302
    refused = ask(person.email)
    assert refused.status_code == 429
    assert "Trop de liens" in refused.content.decode()
    assert not Mail.objects.exists()
    assert ask(person.email, address="192.0.2.2").status_code == 302


def test_of_an_address_of_no_account_nothing_readable_is_kept():
    ask("inconnu@essai.example")
    assert "inconnu" not in str(LinkRequest.objects.values())
    event = Event.objects.get(action=Action.ASK_PASSWORD)
    assert (event.result, event.reason, event.email) == (Result.REFUSED, "unknown_account", "")


def test_the_trail_tells_that_it_was_asked_and_chosen(client, person):
    ask(person.email)
    choose(client, link_in(Mail.objects.get()))
    assert [event.action for event in Event.objects.filter(person_id=person.pk).order_by("pk")] == [
        Action.ASK_PASSWORD,
        Action.CHOOSE_PASSWORD,
    ]


@pytest.mark.parametrize(
    ("typed", "sentence"), [("", "Indiquez votre adresse e-mail."), ("camille", "une adresse e-mail complète")]
)
def test_what_is_no_address_gets_a_sentence(client, typed, sentence):
    assert sentence in ask(typed).content.decode()
    assert not LinkRequest.objects.exists()
