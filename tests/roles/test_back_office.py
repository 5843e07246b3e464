"""Lists and forms over large tables, roles that fit their place, rights that are given up to one's own, closing."""

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteMixin, RelatedFieldWidgetWrapper
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from outbox.models import Mail
from roles.assignments import roles_by_side
from roles.enums import Role, Side
from roles.models import Establishment, RoleAssignment, User
from tests.factories import (
    CompanyFactory,
    DossierFactory,
    EstablishmentFactory,
    UserFactory,
    give_role,
    person_with,
)
from trail.enums import Action
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

USERS = "/admin/roles/user/"
# As many rows as an installation has of them: a few dozen.
SMALL = {Group, Permission, ContentType}
EVERY_ADMIN = sorted(admin.site._registry.values(), key=lambda one: one.model._meta.label)


def staff_with(*codenames: str, **fields: object) -> User:
    """A member of the staff who has these permissions."""
    user = UserFactory(is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def superuser() -> User:
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def back_office(log_in, superuser) -> Client:
    return log_in(superuser)


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def linked(page: str, beginning: str) -> list[str]:
    """The addresses of a page that begin so."""
    return [part.split('"')[0] for part in page.split('href="') if part.startswith(beginning)]


# --- No list of two hundred thousand choices ------------------------------------------------------------------------


def chosen_from(form: type[forms.BaseForm]) -> list[str]:
    """The fields of a form that would list a large table."""
    found = []
    for name, field in form.base_fields.items():
        widget = field.widget.widget if isinstance(field.widget, RelatedFieldWidgetWrapper) else field.widget
        large = isinstance(field, forms.ModelChoiceField) and field.queryset.model not in SMALL
        if large and not isinstance(widget, AutocompleteMixin | admin.widgets.ForeignKeyRawIdWidget):
            found.append(name)
    return found


@pytest.mark.parametrize("model_admin", EVERY_ADMIN, ids=lambda one: one.model._meta.label)
def test_no_form_and_no_filter_lists_a_large_table(model_admin, superuser):
    request = RequestFactory().get("/")
    request.user = superuser
    row = model_admin.model()
    if model_admin.has_change_permission(request):
        assert chosen_from(model_admin.get_form(request, row, change=True)) == []
    # What nobody may write is shown as text.
    for inline in model_admin.get_inline_instances(request, None):
        if inline.has_add_permission(request, None) or inline.has_change_permission(request, None):
            assert chosen_from(inline.get_formset(request, None).form) == [], inline
    changelist = model_admin.get_changelist_instance(request)
    for spec in changelist.get_filters(request)[0]:
        related = isinstance(spec, admin.RelatedFieldListFilter)
        assert not related or spec.field.related_model in SMALL, spec.title
        assert len(list(spec.choices(changelist))) < 100, spec.title


@pytest.mark.parametrize("field", ["user", "company", "establishment"])
def test_choices_are_found_while_one_types_and_never_counted_whole(back_office, field, django_assert_max_num_queries):
    for _ in range(30):
        give_role(UserFactory(), Role.SAISIE_PRESTATAIRE, EstablishmentFactory())
    asked = {"app_label": "roles", "model_name": "roleassignment", "field_name": field, "term": "e"}
    with CaptureQueriesContext(connection) as captured:
        assert len(back_office.get("/admin/autocomplete/", asked).json()["results"]) == 20
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)


def populate(count: int) -> None:
    """So many rows at least of every model of people and places, and dossiers."""
    for _ in range(count):
        dossier = DossierFactory()
        person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
        person_with(Role.RESP_GESTION_SOCIETE, dossier.employer.company)


def test_lists_cost_the_same_for_twenty_rows_and_for_two_hundred(back_office):
    addresses = [
        reverse(f"admin:{name}_changelist")
        for name in ("roles_user", "roles_roleassignment", "roles_company", "roles_establishment", "dossiers_dossier")
    ]

    def costs() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert back_office.get(address, {"q": "e"}).status_code == 200
            found.append(len(captured))
        return found

    populate(20)
    costs()
    few = costs()
    populate(180)
    assert costs() == few


def test_a_company_of_many_shops_has_a_list_of_them(back_office):
    small, large = CompanyFactory(), CompanyFactory()
    EstablishmentFactory.create_batch(3, company=small)
    EstablishmentFactory.create_batch(51, company=large)
    assert 'id="id_establishments-0-name"' in back_office.get(page_of(small)).content.decode()
    page = back_office.get(page_of(large)).content.decode()
    assert 'id="id_establishments-0-name"' not in page
    (address,) = [
        part.split('"')[0] for part in page.split('href="') if part.startswith("/admin/roles/establishment/?")
    ]
    assert back_office.get(address.replace("&amp;", "&")).context["cl"].result_count == 51


@pytest.mark.parametrize("place", [CompanyFactory, EstablishmentFactory])
def test_who_holds_a_role_on_a_place_is_a_link_away(back_office, place):
    row = place()
    role = Role.RESP_GESTION_SOCIETE if place is CompanyFactory else Role.SAISIE_PRESTATAIRE
    held = give_role(UserFactory(), role, row)
    give_role(UserFactory(), Role.SAISIE_PRESTATAIRE, EstablishmentFactory())
    page = back_office.get(page_of(row)).content.decode()
    (address,) = [
        part.split('"')[0] for part in page.split('href="') if part.startswith("/admin/roles/roleassignment/?")
    ]
    assert list(back_office.get(address).context["cl"].queryset) == [held]


def test_roles_are_filtered_by_side(back_office):
    site = EstablishmentFactory()
    held = {
        role.side: give_role(UserFactory(), role, site) for role in (Role.SAISIE_PRESTATAIRE, Role.ADMIN_ETABLISSEMENT)
    }
    listing = reverse("admin:roles_roleassignment_changelist")
    for side in Side:
        assert list(back_office.get(listing, {"cote": side}).context["cl"].queryset) == [held[side]]


# --- A role and what it is granted on -------------------------------------------------------------------------------


def granted(client: Client, user: User, **fields: object):
    """Post the page of an account with one role to add; its answer."""
    line = {f"role_assignments-0-{name}": value for name, value in ({"user": user.pk} | fields).items()}
    forms_ = {"role_assignments-TOTAL_FORMS": "1", "role_assignments-INITIAL_FORMS": "0"}
    return client.post(page_of(user), {"email": user.email} | forms_ | line)


def test_roles_are_grouped_by_side_and_by_place(back_office):
    groups = dict(roles_by_side()[1:])
    assert list(groups) == [
        "Entreprise, sur une société",
        "Entreprise, sur un établissement",
        "Prestataire de formation, sur une société",
        "Prestataire de formation, sur un établissement",
    ]
    assert sum(map(len, groups.values())) == len(Role)
    page = back_office.get(page_of(UserFactory())).content.decode()
    assert '<optgroup label="Entreprise, sur une société">' in page


def test_a_role_that_is_held_offers_those_of_the_same_place(back_office):
    assignment = give_role(UserFactory(), Role.SAISIE_PRESTATAIRE, EstablishmentFactory())
    form = back_office.get(page_of(assignment)).context["adminform"].form
    offered = {code for _, roles in form.fields["role"].choices if roles != "---------" for code, _ in roles}
    assert offered == {role.value for role in Role if role.scope == Role.SAISIE_PRESTATAIRE.scope}


@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
@pytest.mark.parametrize("by", ["choice", "number"])
def test_every_role_goes_on_what_it_asks_for_and_on_nothing_else(back_office, role, by):
    site, user = EstablishmentFactory(), UserFactory()
    places = {
        "COMPANY": {"company": site.company.pk} if by == "choice" else {"number": f" {site.company.siren} "},
        "ESTABLISHMENT": {"establishment": site.pk} if by == "choice" else {"number": site.siret},
    }
    wrong, right = sorted(places, key=lambda scope: scope == role.scope)
    refused = granted(back_office, user, role=role, **places[wrong])
    assert f"«\u00a0{role.label}\u00a0» s’attribue sur" in refused.content.decode()
    assert not user.role_assignments.exists()
    assert granted(back_office, user, role=role, **places[right]).status_code == 302
    assert user.role_assignments.get().as_role == role


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "s’attribue sur un établissement, et là seulement."),
        ({"number": "12345"}, "Indiquez les neuf chiffres d’un SIREN, ou les quatorze d’un SIRET."),
        ({"number": "732829320"}, "Aucune société n’a ce SIREN."),
        ({"number": "73282932000074"}, "Aucun établissement n’a ce SIRET."),
        ({"number": "٧٣٢٨٢٩٣٢٠"}, "Indiquez les neuf chiffres d’un SIREN, ou les quatorze d’un SIRET."),
        ({"number": "732829320", "establishment": "own"}, "Aucune société n’a ce SIREN."),
        ({"number": "own", "establishment": "own"}, "Choisissez dans la liste ou par le numéro\u00a0: pas les deux."),
    ],
)
def test_a_place_that_is_none_gets_a_sentence(back_office, fields, sentence):
    site, user = EstablishmentFactory(), UserFactory()
    own = {"number": site.siret, "establishment": site.pk}
    given = {name: own[name] if value == "own" else value for name, value in fields.items()}
    assert sentence in granted(back_office, user, role=Role.SAISIE_PRESTATAIRE, **given).content.decode()
    assert not RoleAssignment.objects.exists()


# --- Help, and rights up to one's own -------------------------------------------------------------------------------


def do(client: Client, action: str, *chosen: User, **more: str) -> str:
    posted = {"action": action, "_selected_action": [row.pk for row in chosen]} | more
    return client.post(USERS, posted, follow=True).content.decode()


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("send_password_link", "Lien envoyé"),
        ("unlock", "Connexion débloquée"),
        ("end_sessions", "Appareils déconnectés"),
    ],
)
def test_who_helps_changes_nothing_of_an_account(log_in, action, sentence):
    client, person = log_in(staff_with("view_user", "help_user")), UserFactory()
    assert sentence in do(client, action, person)
    assert client.post(page_of(person), {"email": "pris@essai.example"}).status_code == 403
    for beyond in ("close", "remove_second_factor", "unlink_proconnect"):
        do(client, beyond, person, post="yes")
    person.refresh_from_db()
    assert person.is_active
    page = client.get(page_of(person)).content.decode()
    assert "Déconnecter de tous les appareils" in page
    assert "Désactiver" not in page


def test_who_helps_invites(log_in):
    person = UserFactory()
    person.set_unusable_password()
    person.save()
    client = log_in(staff_with("view_user", "help_user"))
    assert "Inviter par e-mail" in client.get(page_of(person)).content.decode()
    assert "Invitation envoyée" in do(client, "invite", person)
    assert Mail.objects.get().recipient == person.email


def test_an_action_of_the_page_of_an_account_ends_there(log_in):
    client, person = log_in(staff_with("view_user", "help_user")), UserFactory()
    posted = {"action": "end_sessions", "_selected_action": [person.pk], "account": person.pk}
    assert client.post(USERS, posted).url == page_of(person)


def test_who_only_looks_is_offered_nothing(log_in):
    client, person = log_in(staff_with("view_user")), UserFactory()
    assert "account-actions" not in client.get(page_of(person)).content.decode()
    assert "Appareils déconnectés" not in do(client, "end_sessions", person)


@pytest.fixture
def groups() -> dict[str, Group]:
    """One that may less than an administrator, the administrator's own, and one that may more."""
    given = {
        "less": ["view_user", "help_user"],
        "own": ["view_user", "help_user", "change_user", "add_user", "view_as_user"],
        "more": ["view_user", "delete_dossier"],
    }
    made = {}
    for name, codenames in given.items():
        made[name] = Group.objects.create(name=name)
        made[name].permissions.set(Permission.objects.filter(codename__in=codenames))
    return made


@pytest.fixture
def administrator(groups) -> User:
    user = UserFactory(is_staff=True)
    user.groups.add(groups["own"])
    return user


def changed(client: Client, person: User, **fields: object):
    no_roles = {"role_assignments-TOTAL_FORMS": "0", "role_assignments-INITIAL_FORMS": "0"}
    return client.post(page_of(person), {"email": person.email} | no_roles | fields)


def test_groups_are_given_up_to_ones_own(log_in, administrator, groups):
    client, person = log_in(administrator), UserFactory()
    offered = client.get(page_of(person)).context["adminform"].form.fields["groups"].queryset
    assert set(offered) == {groups["less"], groups["own"]}
    assert changed(client, person, is_staff="on", groups=[groups["less"].pk]).status_code == 302
    assert set(person.groups.all()) == {groups["less"]}
    assert changed(client, person, is_staff="on", groups=[groups["more"].pk]).status_code == 200
    assert set(person.groups.all()) == {groups["less"]}
    person.refresh_from_db()
    assert person.is_staff


def test_what_no_group_gives_is_given_by_superusers_alone(log_in, administrator):
    client, person = log_in(administrator), UserFactory()
    more = [permission.pk for permission in Permission.objects.all()]
    changed(client, person, is_superuser="on", user_permissions=more)
    person.refresh_from_db()
    assert not person.is_superuser
    assert not person.user_permissions.exists()


@pytest.mark.parametrize("above", ["group", "permission", "superuser", "closed"])
def test_an_account_above_ones_own_is_left_alone(log_in, administrator, groups, above):
    person = UserFactory(is_staff=True, is_superuser=above == "superuser", is_active=above != "closed")
    if above in ("group", "closed"):
        person.groups.add(groups["more"])
    if above == "permission":
        person.user_permissions.set(Permission.objects.filter(codename="delete_dossier"))
    client, before = log_in(administrator), User.objects.filter(pk=person.pk).values().get()
    assert changed(client, person, email="pris@essai.example").status_code == 403
    for action in ("send_password_link", "end_sessions", "unlock", "close", "reopen", "remove_second_factor"):
        assert "Rien n’est fait" in do(client, action, person, post="yes")
    assert User.objects.filter(pk=person.pk).values().get() == before
    assert "account-actions" not in client.get(page_of(person)).content.decode()


def test_a_peer_is_not_above(log_in, administrator, groups):
    peer = UserFactory(is_staff=True)
    peer.groups.add(groups["own"])
    assert changed(log_in(administrator), peer, is_staff="on", first_name="Zoé").status_code == 302
    peer.refresh_from_db()
    assert peer.first_name == "Zoé"
    assert not peer.groups.exists()


def test_nobody_raises_themselves(log_in, administrator, groups):
    changed(log_in(administrator), administrator, is_staff="on", is_superuser="on", groups=[groups["more"].pk])
    administrator.refresh_from_db()
    assert not administrator.is_superuser
    assert set(administrator.groups.all()) == {groups["own"]}


# --- Closed, and opened again ---------------------------------------------------------------------------------------


def test_an_account_is_closed_once_it_was_read_what_hangs_on_it(log_in, administrator):
    person = person_with(Role.SAISIE_PRESTATAIRE, EstablishmentFactory(name="Formatech Lyon"))
    theirs, client = log_in(person), log_in(administrator)
    asked = do(client, "close", person)
    assert "Formatech Lyon" in asked
    assert theirs.get("/dossiers/").status_code == 200
    assert "Compte désactivé" in do(client, "close", person, post="yes")
    person.refresh_from_db()
    assert not person.is_active
    assert person.role_assignments.count() == 1
    assert theirs.get("/dossiers/").status_code == 302
    told = Event.objects.get(action=Action.CLOSE_ACCOUNT)
    assert (told.person_id, told.subject_id) == (administrator.pk, str(person.pk))

    before = person.active_since
    assert "Compte réactivé" in do(client, "reopen", person)
    person.refresh_from_db()
    assert person.is_active
    assert person.active_since > before
    # A session of before does not come back to life.
    assert theirs.get("/dossiers/").status_code == 302
    assert log_in(person).get("/dossiers/").status_code == 200


def test_the_form_closes_nothing(back_office):
    person = UserFactory()
    assert changed(back_office, person).status_code == 302  # without « is_active »
    person.refresh_from_db()
    assert person.is_active


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        ("close", {"is_active": False}, "Ce compte est déjà désactivé."),
        ("reopen", {}, "Ce compte est déjà actif."),
    ],
)
def test_what_is_done_already_is_said(back_office, action, fields, sentence):
    assert sentence in do(back_office, action, UserFactory(**fields), post="yes")


def test_nobody_closes_their_own(back_office, superuser):
    assert "Vous ne pouvez pas désactiver votre propre compte." in do(back_office, "close", superuser, post="yes")
    superuser.refresh_from_db()
    assert superuser.is_active


def test_several_are_closed_together(back_office):
    people = UserFactory.create_batch(3)
    assert "Désactiver les comptes" in do(back_office, "close", *people)
    do(back_office, "close", *people, post="yes")
    assert not User.objects.filter(pk__in=[person.pk for person in people], is_active=True).exists()


def test_but_no_more_than_can_be_read(back_office, monkeypatch):
    monkeypatch.setattr("roles.admin.CLOSED_AT_ONCE", 2)
    people = UserFactory.create_batch(3)
    assert "Choisissez 2 comptes au plus." in do(back_office, "close", *people)
    assert User.objects.filter(is_active=False).count() == 0


def test_places_are_searched_without_accents(back_office):
    site = EstablishmentFactory(name="École Élancé")
    asked = {"app_label": "roles", "model_name": "roleassignment", "field_name": "establishment", "term": "ecole elan"}
    results = back_office.get("/admin/autocomplete/", asked).json()["results"]
    assert [result["id"] for result in results] == [str(site.pk)]
    assert Establishment.objects.count() == 1
