"""The second factor: enrolment, the second page of a log-in, recovery, removal, and staff who may not do without."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from outbox.models import Mail
from roles import entrance
from roles.models import User
from roles.second_factor import devices
from roles.second_factor.forms import waiting_time
from tests.factories import UserFactory
from trail.enums import Action, Result
from trail.models import Event

pytestmark = pytest.mark.django_db

HOME = "/compte/double-authentification/"
ENROL = f"{HOME}activer/"
CODE = "/connexion/code/"
RECOVERY = "/connexion/code-de-secours/"
NOW = timezone.datetime(2026, 11, 24, 9, 0, 7, tzinfo=timezone.get_default_timezone())
WRONG = "n’est pas le bon"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def person():
    return UserFactory(email="camille@essai.example")


def code_of(person: User, steps: int = 0, *, confirmed: bool = True) -> str:
    """What the person's application shows, so many steps of thirty seconds from now."""
    device = TOTPDevice.objects.get(user=person, confirmed=confirmed)
    totp = TOTP(device.bin_key, drift=steps)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06}"


def wrong_code(person: User) -> str:
    right = {code_of(person, steps) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def with_second_factor(person: User) -> list[str]:
    """Enrol them long ago; their recovery codes."""
    TOTPDevice.objects.create(user=person, name="Application", confirmed=True)
    return devices.renew_recovery_codes(person)


def password(client: Client, **more: str):
    return client.post("/connexion/", {"username": "camille@essai.example", "password": "demo"} | more)


def show(client: Client, code: str, page: str = CODE):
    return client.post(page, {"code": code})


def is_logged_in(client: Client) -> bool:
    return client.get(HOME).status_code == 200


def told(action: Action) -> list[tuple]:
    return list(Event.objects.filter(action=action).order_by("pk").values_list("result", "person_id", "subject_id"))


# --- Enrolment --------------------------------------------------------------------------------------------------------


def begin(client: Client, person: User):
    client.force_login(person)
    return client.post(HOME, {"password": "demo"})


def test_enrolment_from_the_password_to_the_recovery_codes(client, person, clock):
    assert begin(client, person).url == ENROL
    page = client.get(ENROL).content.decode()
    device = TOTPDevice.objects.get(user=person)
    assert devices.key_in_text(device) in page
    assert not devices.exists_for(person)
    done = show(client, code_of(person, confirmed=False), ENROL)
    codes = re.findall(r"<code>([a-z2-7]{4}-[a-z2-7]{4})</code>", done.content.decode())
    assert len(set(codes)) == 10
    assert devices.of(person).recovery_codes == 10
    assert told(Action.SECOND_FACTOR_SET) == [(Result.DONE, person.pk, str(person.pk))]
    assert list(Mail.objects.values_list("recipient", "subject")) == [(person.email, "Double authentification activée")]
    # They are shown this once, and kept nowhere as they are.
    assert not any(code.replace("-", "") in str(row) for code in codes for row in StaticToken.objects.values())
    assert codes[0] not in client.get(HOME).content.decode()


def test_the_key_is_shown_to_a_camera_and_to_no_cache(client, person):
    begin(client, person)
    picture = client.get(f"{HOME}qr.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["Cache-Control"] == "private, no-store"
    assert picture.content.startswith(b"<?xml")
    assert b"style=" not in picture.content
    assert b"<script" not in picture.content


def test_the_picture_holds_the_key(client, person, monkeypatch):
    begin(client, person)
    made = []
    import segno

    make = segno.make
    monkeypatch.setattr(segno, "make", lambda content, **how: made.append(content) or make(content, **how))
    client.get(f"{HOME}qr.svg")
    key = devices.key_in_text(TOTPDevice.objects.get(user=person)).replace(" ", "")
    assert made[0].startswith("otpauth://totp/Portail%20des%20d%C3%A9p%C3%B4ts%3Acamille%40essai.example?")
    assert f"secret={key}" in made[0]


def test_once_in_use_the_key_is_shown_no_more(client, person):
    with_second_factor(person)
    client.force_login(person)
    assert client.get(f"{HOME}qr.svg").status_code == 404
    assert client.get(ENROL).url == HOME
    assert client.post(HOME, {"password": "demo"}).status_code == 200
    assert TOTPDevice.objects.count() == 1


def test_enrolment_asks_for_the_password(client, person):
    client.force_login(person)
    for typed, sentence in (("", "Indiquez votre mot de passe."), ("autre", "Ce n’est pas votre mot de passe actuel.")):
        assert sentence in client.post(HOME, {"password": typed}).content.decode()
    assert not TOTPDevice.objects.exists()


def test_who_has_no_password_is_asked_for_none(client, person):
    person.set_unusable_password()
    person.save(update_fields=["password"])
    client.force_login(person)
    assert client.post(HOME).url == ENROL


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "Indiquez le code."), ("12345", "six chiffres"), ("1234567", "six chiffres"), ("١٢٣٤٥٦", "six chiffres")],
)
def test_what_is_no_code_gets_a_sentence(client, person, typed, sentence):
    begin(client, person)
    assert sentence in show(client, typed, ENROL).content.decode()
    assert not devices.exists_for(person)


def test_a_wrong_first_code_takes_nothing_into_use(client, person, clock):
    begin(client, person)
    code = code_of(person, 5, confirmed=False)
    assert WRONG in show(client, code, ENROL).content.decode()
    assert not devices.exists_for(person)


def test_an_enrolment_left_open_ends(client, person, clock):
    begin(client, person)
    clock.shift(devices.ENROLMENT_LIFE + timedelta(seconds=1))
    assert show(client, code_of(person, confirmed=False), ENROL).url == HOME
    assert not devices.exists_for(person)


def test_of_two_tabs_the_second_does_not_enrol_again(client, person, clock):
    begin(client, person)
    show(client, code_of(person, confirmed=False), ENROL)
    TOTPDevice.objects.create(user=person, confirmed=False)
    assert WRONG in show(client, code_of(person, confirmed=False), ENROL).content.decode()
    assert TOTPDevice.objects.filter(confirmed=True).count() == 1


def test_the_codes_can_be_downloaded_from_their_page_by_their_person(client, person):
    codes = with_second_factor(person)
    client.force_login(person)
    answer = client.post(f"{HOME}codes.txt", {"code": codes})
    assert all(code in answer.content.decode() for code in codes)
    assert "attachment" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "private, no-store"
    for sent in ([], ["texte d’un autre"], [*codes, codes[0]], [*codes[:9], "aaaa-aaaa"]):
        assert client.post(f"{HOME}codes.txt", {"code": sent}).status_code == 404
    client.force_login(UserFactory())
    assert client.post(f"{HOME}codes.txt", {"code": codes}).status_code == 404


# --- Log-in -----------------------------------------------------------------------------------------------------------


def test_with_a_second_factor_the_password_is_not_enough(client, person, clock):
    with_second_factor(person)
    assert password(client, next="/depots/").url == CODE
    assert "_auth_user_id" not in client.session
    assert not is_logged_in(client)
    page = client.get(CODE).content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    before = client.session.session_key
    assert show(client, code_of(person)).url == "/depots/"
    assert is_logged_in(client)
    assert client.session.session_key != before
    assert entrance.SESSION_KEY not in client.session


@pytest.mark.parametrize("steps", [-2, -1, 0, 1, 2])
def test_codes_of_one_step_either_way_open(client, person, clock, steps):
    with_second_factor(person)
    password(client)
    assert (show(client, code_of(person, steps)).status_code == 302) is (abs(steps) <= 1)


def test_the_tolerance_does_not_move_along(client, person, clock):
    with_second_factor(person)
    for _ in range(3):
        password(client)
        assert show(client, code_of(person, 1)).status_code == 302
        client.logout()
        clock.shift(60)
    password(client)
    assert WRONG in show(client, code_of(person, 2)).content.decode()


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1} ", "{0}-{1}"])
def test_a_code_may_be_typed_in_groups(client, person, clock, typed):
    with_second_factor(person)
    password(client)
    code = code_of(person)
    assert show(client, typed.format(code[:3], code[3:])).status_code == 302


def test_no_code_opens_twice(client, person, clock):
    with_second_factor(person)
    code = code_of(person)
    password(client)
    assert show(client, code).status_code == 302
    client.logout()
    password(client)
    assert WRONG in show(client, code).content.decode()
    assert not is_logged_in(client)
    assert told(Action.SECOND_FACTOR_CODE) == [(Result.REFUSED, person.pk, str(person.pk))]


def test_the_code_of_the_enrolment_does_not_open_either(client, person, clock):
    begin(client, person)
    code = code_of(person, confirmed=False)
    show(client, code, ENROL)
    client.logout()
    password(client)
    assert WRONG in show(client, code).content.decode()


def test_after_wrong_codes_the_next_one_waits(client, person, clock):
    with_second_factor(person)
    password(client)
    wrong = wrong_code(person)
    for seconds in ("1 seconde", "2 secondes", "4 secondes"):
        assert WRONG in show(client, wrong).content.decode()
        page = show(client, code_of(person)).content.decode()
        assert f"Attendez {seconds}," in page.replace("\xa0", " ")
        clock.shift(int(seconds.split()[0]))
    assert show(client, code_of(person)).status_code == 302


def test_after_five_wrong_codes_the_password_is_asked_again(client, person, clock):
    with_second_factor(person)
    password(client, next="/depots/")
    for _ in range(4):
        assert WRONG in show(client, wrong_code(person)).content.decode()
        clock.shift(20)
    assert show(client, wrong_code(person)).url == "/connexion/?next=/depots/"
    clock.shift(60)
    assert show(client, code_of(person)).url == "/connexion/"
    assert not is_logged_in(client)


def test_the_wait_for_the_code_ends_after_five_minutes(client, person, clock):
    with_second_factor(person)
    password(client, next="/depots/")
    clock.shift(entrance.WAITING_SECONDS - 1)
    assert client.get(CODE).status_code == 200
    clock.shift(1)
    assert show(client, code_of(person)).url == "/connexion/?next=/depots/"
    assert "délai" in client.get("/connexion/").content.decode()
    assert not is_logged_in(client)


@pytest.mark.parametrize("change", ["closed", "password"])
def test_what_changes_meanwhile_ends_the_wait(client, person, clock, change):
    with_second_factor(person)
    password(client)
    if change == "closed":
        person.is_active = False
    else:
        person.set_password("un autre mot de passe")
    person.save(update_fields=["is_active", "password"])
    assert show(client, code_of(person)).url.startswith("/connexion/")
    assert not is_logged_in(client)


def test_a_new_password_is_still_not_enough(client, person, clock):
    with_second_factor(person)
    person.set_password("un autre mot de passe")
    person.save(update_fields=["password"])
    assert password(client, password="un autre mot de passe").url == CODE
    assert not is_logged_in(client)


def test_another_persons_code_does_not_open(client, person, clock):
    with_second_factor(person)
    other = UserFactory()
    with_second_factor(other)
    password(client)
    assert WRONG in show(client, code_of(other)).content.decode()


@pytest.mark.parametrize("page", [CODE, RECOVERY])
def test_nobody_waits_without_a_password(client, person, page):
    with_second_factor(person)
    for response in (client.get(page), show(client, "123456", page)):
        assert response.url == "/connexion/"


def test_without_a_second_factor_nothing_changes(client, person):
    assert password(client).url == "/dossiers/"
    assert client.get(CODE).url == "/dossiers/"


def test_what_is_no_address_names_no_view_either(client, person, clock):
    client.force_login(person)
    assert client.get(f"{CODE}?next=home").url == "home"
    with_second_factor(person)
    client.logout()
    password(client, next="home")
    assert show(client, code_of(person)).url == "home"
    assert is_logged_in(client)


def test_the_code_page_is_protected_against_forgery(person, clock):
    with_second_factor(person)
    client = Client(enforce_csrf_checks=True)
    assert show(client, code_of(person)).status_code == 403


# --- Recovery codes ---------------------------------------------------------------------------------------------------


def test_a_recovery_code_opens_once(client, person):
    codes = with_second_factor(person)
    password(client)
    assert show(client, codes[3].upper(), RECOVERY).status_code == 302
    assert is_logged_in(client)
    assert devices.of(person).recovery_codes == 9
    client.logout()
    password(client)
    assert WRONG in show(client, codes[3], RECOVERY).content.decode()
    assert not is_logged_in(client)


@pytest.mark.parametrize("typed", ["123456", "aaaa", "aaaa-aaa1", ""])
def test_what_is_no_recovery_code_gets_a_sentence(client, person, typed):
    with_second_factor(person)
    password(client)
    assert show(client, typed, RECOVERY).context["form"].has_error("code")
    assert devices.of(person).recovery_codes == 10


def test_a_recovery_code_of_another_person_does_not_open(client, person):
    with_second_factor(person)
    codes = with_second_factor(UserFactory())
    password(client)
    assert WRONG in show(client, codes[0], RECOVERY).content.decode()


def test_new_recovery_codes_take_the_place_of_the_old(client, person, clock):
    old = with_second_factor(person)
    client.force_login(person)
    page = client.post(f"{HOME}codes/", {"code": wrong_code(person)})
    assert WRONG in page.content.decode()
    clock.shift(5)
    page = client.post(f"{HOME}codes/", {"code": code_of(person)}).content.decode()
    new = re.findall(r"<code>(\S+)</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert StaticDevice.objects.count() == 1
    assert devices.are_recovery_codes(person, new)
    assert not devices.are_recovery_codes(person, old[:1])


# --- Removal ----------------------------------------------------------------------------------------------------------


def test_removal_asks_for_the_password_and_a_code(client, person, clock):
    with_second_factor(person)
    client.force_login(person)
    page = f"{HOME}desactiver/"
    refused = client.post(page, {"password": "autre", "code": code_of(person)})
    assert list(refused.context["form"].errors) == ["password"]
    refused = client.post(page, {"password": "demo", "code": wrong_code(person)})
    assert list(refused.context["form"].errors) == ["code"]
    assert devices.exists_for(person)
    clock.shift(5)
    # The code beside the wrong password was not used up.
    assert client.post(page, {"password": "demo", "code": code_of(person)}).url == HOME
    assert devices.of(person) is None
    assert not StaticToken.objects.exists()
    assert told(Action.SECOND_FACTOR_REMOVED) == [(Result.DONE, person.pk, str(person.pk))]
    assert list(Mail.objects.values_list("recipient", "subject")) == [
        (person.email, "Double authentification désactivée")
    ]
    client.logout()
    assert password(client).url == "/dossiers/"


@pytest.mark.ignore_template_errors
def test_the_back_office_removes_it_for_who_lost_everything(client, person):
    with_second_factor(person)
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff)
    page = "/admin/roles/user/"
    sent = {"action": "remove_second_factor", "_selected_action": [person.pk, staff.pk]}
    answer = client.post(page, sent, follow=True).content.decode().replace("\xa0", " ")
    assert "Double authentification retirée : camille@essai.example." in answer
    assert f"Rien n’est fait pour {staff.email}. Ce compte n’a pas de double authentification." in answer
    assert devices.of(person) is None
    assert told(Action.SECOND_FACTOR_REMOVED) == [(Result.DONE, staff.pk, str(person.pk))]


@pytest.mark.ignore_template_errors
def test_the_back_office_unlinks_an_identity(client, person):
    User.objects.filter(pk=person.pk).update(proconnect_sub="sub")
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff)
    sent = {"action": "unlink_proconnect", "_selected_action": [person.pk]}
    client.post("/admin/roles/user/", sent)
    person.refresh_from_db()
    assert person.proconnect_sub is None
    assert told(Action.PROCONNECT_UNLINK) == [(Result.DONE, staff.pk, str(person.pk))]


def test_no_page_of_the_back_office_shows_a_secret():
    assert not {TOTPDevice, StaticDevice, StaticToken} & set(admin.site._registry)


# --- Staff ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def staff(settings):
    settings.STAFF_SECOND_FACTOR = True
    return UserFactory(email="camille@essai.example", is_staff=True, is_superuser=True)


ADMIN_PAGES = ["/admin/", "/admin/roles/user/", "/admin/roles/user/add/", "/admin/password_change/", "/admin/jsi18n/"]


@pytest.mark.parametrize("page", ADMIN_PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_one_are_led_to_enrolment(client, staff, page, method):
    client.force_login(staff)
    answer = getattr(client, method)(f"{page}?q=1")
    assert answer.url == f"{HOME}?next={page.replace('/', '%2F')}%3Fq%3D1"
    assert "activez la double authentification" in client.get(answer.url).content.decode()


@pytest.mark.ignore_template_errors
def test_staff_enrol_and_come_in(client, staff, clock):
    client.force_login(staff)
    begun = client.post(f"{HOME}?next=/admin/", {"password": "demo"})
    assert begun.url == f"{ENROL}?next=%2Fadmin%2F"
    page = show(client, code_of(staff, confirmed=False), begun.url).content.decode()
    assert '<a class="button button--primary" href="/admin/">Continuer</a>' in page
    assert client.get("/admin/").status_code == 200


def test_an_enrolment_leads_to_no_other_site(client, staff, clock):
    client.force_login(staff)
    begun = client.post(f"{HOME}?next=https://ailleurs.example/", {"password": "demo"})
    page = show(client, code_of(staff, confirmed=False), begun.url).content.decode()
    assert "ailleurs.example" not in page


@pytest.mark.ignore_template_errors
def test_staff_log_in_with_their_code(client, staff, clock):
    with_second_factor(staff)
    assert password(client, next="/admin/").url == CODE
    assert client.get("/admin/", follow=True).redirect_chain[-1] == ("/connexion/?next=/admin/", 302)
    assert show(client, code_of(staff)).url == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.ignore_template_errors
def test_a_session_begun_before_the_enrolment_shows_a_code_before_it_comes_in(client, staff, clock):
    """As in another browser, logged in before."""
    client.force_login(staff)
    with_second_factor(staff)
    led = client.get("/admin/").url
    assert led == f"{CODE}?next=%2Fadmin%2F"
    assert WRONG in show(client, wrong_code(staff), led).content.decode()
    clock.shift(5)
    assert show(client, code_of(staff), led).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_once_it_is_removed_the_session_does_not_come_in_any_more(client, staff, clock):
    with_second_factor(staff)
    password(client)
    show(client, code_of(staff))
    devices.remove(staff, by=staff)
    assert client.get("/admin/").url == f"{HOME}?next=%2Fadmin%2F"


def test_the_back_office_has_no_log_in_page_of_its_own(client, staff, clock):
    with_second_factor(staff)
    client.post("/admin/login/", {"username": staff.email, "password": "demo", "next": "/admin/"})
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/login/?next=/admin/").url == "/connexion/?next=/admin/"


def test_staff_may_leave_without_a_code(client, staff):
    client.force_login(staff)
    assert client.post("/admin/logout/").status_code in (200, 302)
    assert "_auth_user_id" not in client.session


@pytest.mark.ignore_template_errors
def test_where_it_is_off_staff_come_in_as_they_are(client, staff, settings):
    settings.STAFF_SECOND_FACTOR = False
    client.force_login(staff)
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 seconde"),
        (1, "1 seconde"),
        (8, "8 secondes"),
        (60, "60 secondes"),
        (61, "2 minutes"),
        (7_201, "3 heures"),
    ],
)
def test_a_wait_in_words(seconds, words):
    assert waiting_time(seconds) == words
