"""The components and the pages that stand apart: what they say to those who see, hear or press them."""

import re

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

from tests.factories import UserFactory


class SampleForm(forms.Form):
    tuition = forms.ChoiceField(
        label="Frais pédagogiques", choices=[("oui", "Oui"), ("non", "Non")], widget=forms.RadioSelect
    )
    number = forms.CharField(
        label="Numéro", help_text="Tel qu’il figure sur la facture", error_messages={"required": "Indiquez-le."}
    )
    secret = forms.CharField(widget=forms.HiddenInput, error_messages={"required": "Recommencez."})


def field(form: forms.Form, name: str, **context: str) -> str:
    return render_to_string("components/field.html", {"field": form[name]} | context)


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "413.html", "500.html"])
def test_pages_rendered_without_a_context_need_nothing(name):
    """Django gives them no context and no request; this test has no database either."""
    page = get_template(name).render()
    assert '<html lang="fr">' in page
    assert "Aller à mes dossiers" in page


def test_a_refusal_gives_its_reason():
    request = RequestFactory().get("/")
    page = get_template("403.html").render({"exception": "Le dossier n’est pas subrogé."}, request)
    assert "Le dossier n’est pas subrogé." in page


def test_a_refusal_without_a_reason_shows_no_empty_box():
    page = get_template("403.html").render({"exception": ""}, RequestFactory().get("/"))
    assert "notice" not in page


def test_a_field_has_its_label_alone_in_the_label_element():
    assert re.search(r'<label for="id_number">Numéro</label>', field(SampleForm(), "number", tag="Obligatoire"))


def test_a_field_in_error_is_described_by_its_hint_and_its_error():
    html = field(SampleForm({}), "number")
    assert 'aria-describedby="id_number_helptext id_number_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_number_helptext"' in html
    assert 'id="id_number_error"' in html
    assert html.index("Tel qu’il figure") < html.index("Indiquez-le.") < html.index("<input")


def test_choices_stand_in_a_fieldset_with_its_legend():
    html = field(SampleForm(), "tuition")
    assert "<legend>Frais pédagogiques</legend>" in html
    assert '<label for="id_tuition_0">Oui</label>' in html


def test_the_error_summary_leads_to_each_field_and_to_the_first_of_several_choices():
    form = SampleForm({})
    form.add_error(None, "Le dossier est clos.")
    html = render_to_string("components/error_summary.html", {"form": form})
    assert "Le dossier est clos." in html
    assert '<a href="#id_number">Indiquez-le.</a>' in html
    assert 'href="#id_tuition_0"' in html
    # What the reader cannot see has nothing to lead to.
    assert "Recommencez." in html
    assert "id_secret" not in html


def test_without_errors_there_is_no_summary():
    assert render_to_string("components/error_summary.html", {"form": SampleForm()}).strip() == ""


def test_pagination_keeps_the_search():
    request = RequestFactory().get("/dossiers/", {"q": "dubois", "page": "2"})
    page = Paginator(range(50), 10).page(2)
    html = render_to_string("components/pagination.html", {"page_obj": page}, request)
    assert "Page 2 sur 5" in html
    assert 'href="?q=dubois&amp;page=1"' in html
    assert 'href="?q=dubois&amp;page=3"' in html


def test_a_single_page_has_no_pagination():
    page = Paginator(range(3), 10).page(1)
    assert render_to_string("components/pagination.html", {"page_obj": page}).strip() == ""


def test_a_state_is_told_by_an_icon_and_a_word():
    html = render_to_string("components/status.html", {"label": "Transmis", "tone": "done", "icon": "check"})
    assert "status--done" in html
    assert "icons.svg#check" in html
    assert "Transmis" in html


@pytest.mark.parametrize("contact", [None, "accessibilite@opco.example"])
def test_anyone_reads_the_accessibility_declaration_and_whom_to_write_to(client, settings, contact):
    settings.ACCESSIBILITY_CONTACT = contact
    page = client.get("/accessibilite/")
    assert page.status_code == 200
    content = page.content.decode()
    assert "non conforme" in content
    assert "Défenseur des droits" in content
    assert ("mailto:" in content) is bool(contact)
    assert (contact or "adressez-vous à votre OPCO") in content


@pytest.mark.parametrize("contact", ["", "dpo@opco.example"])
def test_anyone_reads_what_is_kept_of_people_how_long_and_whom_to_write_to(client, settings, contact):
    settings.PRIVACY_CONTACT = contact
    settings.DEPOSIT_RETENTION_YEARS, settings.CANCELLED_RETENTION_DAYS, settings.DRAFT_RETENTION_DAYS = 11, 730, 45
    settings.MAIL_RETENTION_DAYS, settings.TRAIL_RETENTION_YEARS, settings.UNUSED_ACCOUNT_DAYS = 61, 1, 1
    content = client.get("/donnees-personnelles/").content.decode()
    for limit in (
        "11 ans après la t",
        "2 ans après l’a",
        "45 jours après le",
        "61 jours après l’e",
        ">1 an<",
        "1 jour après la d",
    ):
        assert limit in content, limit
    assert ("mailto:dpo@opco.example" in content) is bool(contact)
    assert ("délégué à la protection des données de votre OPCO" in content) is not bool(contact)
    assert "Mes données" not in content


def test_every_page_leads_to_what_is_kept_of_people():
    assert 'href="/donnees-personnelles/"' in get_template("500.html").render()


def test_every_page_leads_to_the_accessibility_declaration():
    """Those too that are rendered when anything may be broken."""
    assert 'href="/accessibilite/"' in get_template("500.html").render()


def test_no_cache_keeps_the_pages_of_a_person(db, client):
    """« Back » after the log-out asks the portal again, on a machine that several people use."""
    assert "Cache-Control" not in client.get("/accessibilite/")
    client.force_login(UserFactory())
    for path in ("/", "/dossiers/", "/depots/", "/accessibilite/"):
        assert client.get(path)["Cache-Control"] == "private, no-store"
