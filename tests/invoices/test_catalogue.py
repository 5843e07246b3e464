"""The types of documents and the limits as an OPCO edits them: seen everywhere at once, and told in the trail."""

import io
import time
import zipfile
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers.enums import DossierStatus, Product
from invoices import rules
from invoices.catalogue import in_force
from invoices.catalogue.models import CatalogueEntry, Limits
from invoices.catalogue.values import BOUNDS
from invoices.enums import DocumentType
from outbox.sending import send_due
from roles.models import User
from tests.catalogue import GUIDE, LIMITS, change_limits, change_type
from tests.factories import DossierFactory, UserFactory, make_deposit
from tests.pdfs import plain_pdf, scanned_pdf
from tests.wizard import Wizard, pdf
from trail.models import Event

pytestmark = pytest.mark.django_db

NEW = {"code": "ATTESTATION_FIN", "label": "Attestation de fin de formation"}
LIST = "/admin/invoices/catalogueentry/"
LIMITS_PAGE = "/admin/invoices/limits/1/change/"


def text_of(answer) -> str:
    return answer.content.decode().replace("\xa0", " ").replace("\u202f", " ").replace("&#x27;", "'")


def offered(answer) -> list[str]:
    """The codes in the list « Ajouter un autre type de document » of a step."""
    return [code for code, _ in answer.context["form"].fields["type"].choices if code]


def add(started: Wizard, code: str):
    return started.post("justificatifs", {"type": code}, press="ajouter-piece")


def staff(*codenames: str) -> User:
    """A member of the staff with these permissions."""
    person = UserFactory(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert person.user_permissions.count() == len(codenames)
    return person


@pytest.fixture
def supervisor(log_in, django_capture_on_commit_callbacks):
    """The browser of who edits the catalogue; what a commit sets off has happened when it is answered."""
    client = log_in(
        staff(
            *("view_catalogueentry", "add_catalogueentry", "change_catalogueentry", "delete_catalogueentry"),
            *("view_limits", "change_limits"),
        )
    )

    def post(path: str, **data):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(path, data, follow=True)
        assert answer.status_code == 200, answer.status_code
        return answer

    client.edit = post
    return client


def typed(code: str, **changes) -> dict:
    """What the page of a type posts when nothing is changed but this."""
    entry = CatalogueEntry.objects.get(code=code)
    data = {
        "label": entry.label,
        "products": entry.products,
        "statuses": entry.statuses,
        "position": entry.position,
        "active": "on" if entry.active else "",
    } | changes
    return {name: value for name, value in data.items() if value != ""}


def page(code: str) -> str:
    return f"{LIST}{code}/change/"


# --- What holds now -------------------------------------------------------------------------------------------------


def test_a_new_database_has_the_guides_table_and_limits():
    in_force.forget()
    assert in_force.catalogue() == GUIDE
    assert in_force.limits() == LIMITS
    assert [*GUIDE.labels] == [*DocumentType]
    assert (LIMITS.file_bytes, LIMITS.associated_dossiers, LIMITS.invoice_age_years) == (10 * 1024 * 1024, 10, 5)


def test_two_queries_now_and_then_and_none_in_between(settings):
    settings.CATALOGUE_SECONDS = 0.2
    in_force.forget()
    for queries in (2, 0, 0):
        with CaptureQueriesContext(connection) as captured:
            in_force.catalogue()
            in_force.limits()
        assert len(captured) == queries


def test_another_process_sees_a_change_once_its_time_is_over(settings):
    settings.CATALOGUE_SECONDS = 0.2
    in_force.forget()
    assert in_force.type_label("RIB") == "RIB"
    CatalogueEntry.objects.filter(code="RIB").update(label="IBAN")  # as another process writes it
    assert in_force.type_label("RIB") == "RIB"
    time.sleep(0.25)
    assert in_force.type_label("RIB") == "IBAN"


def test_a_page_costs_no_query_for_them(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    with CaptureQueriesContext(connection) as captured:
        started.get("justificatifs")
    assert not [query for query in captured if "catalogueentry" in query["sql"] or "limits" in query["sql"]]


def test_before_its_first_row_the_limits_are_the_guides():
    Limits.objects.all().delete()
    in_force.forget()
    assert in_force.limits() == LIMITS


def test_a_type_that_nobody_knows_any_more_is_shown_by_its_code():
    assert GUIDE.label("DISPARU") == "DISPARU"


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("status", DossierStatus)
def test_the_invoice_is_never_in_a_list(product, status):
    """Whatever somebody wrote beside its row."""
    change_type("FACTURE", products=[*Product], statuses=[*DossierStatus])
    dossier = DossierFactory.build(product=product, status=status, employer=None, training_provider=None)
    assert DocumentType.FACTURE not in rules.document_types(dossier, in_force.catalogue())


# --- A type that an OPCO adds ---------------------------------------------------------------------------------------


def test_a_type_added_in_the_back_office_works_everywhere_at_once(supervisor, wizard, provider, dossier, log_in):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    assert NEW["code"] not in offered(started.get("justificatifs"))
    supervisor.edit(f"{LIST}add/", **NEW, products=["CPRO"], statuses=[dossier.status], position=35, active="on")
    types = offered(started.get("justificatifs"))
    assert types[:3] == ["RELEVE_DEPENSES", "BULLETIN_SALAIRE", NEW["code"]]
    add(started, NEW["code"])
    assert NEW["label"] in text_of(started.get("justificatifs"))
    started.justificatifs(certificat=pdf("certificat.pdf"), piece1=pdf("attestation.pdf"))
    assert NEW["label"] in text_of(started.get("transmettre"))
    started.send()
    deposit, client = started.deposit, log_in(provider)
    assert deposit.documents.filter(type=NEW["code"]).exists()
    for path in (
        f"/dossiers/{dossier.number}/documents/",
        f"/depots/{deposit.pk}/recepisse/",
        f"/documents/{deposit.documents.get(type=NEW['code']).pk}/apercu/",
    ):
        assert NEW["label"] in text_of(client.get(path)), path
    assert NEW["label"] in client.get("/depots/export.csv").getvalue().decode()
    with zipfile.ZipFile(io.BytesIO(client.get(f"/depots/{deposit.pk}/documents.zip").getvalue())) as opened:
        assert any(NEW["label"] in name for name in opened.namelist())
    send_due()
    assert any(NEW["label"] in message.body for message in mail.outbox)


def test_a_type_added_is_for_documents_outside_an_invoice_too(dossier, provider, log_in):
    change_type(**NEW, products=["CPRO"], statuses=["EN_COURS_DE_REGLEMENT"])
    client, tab = log_in(provider), f"/dossiers/{dossier.number}/documents/"
    form = client.get(tab, {"type": NEW["code"]}).context["form"]
    data = {"depot": form["depot"].value(), "type": NEW["code"], "fichier": pdf("attestation.pdf")}
    answer = client.post(f"{tab}ajouter/", data, follow=True)
    assert f"« {NEW['label']} » déposé." in text_of(answer)


def test_a_type_is_called_by_its_new_label_on_what_was_deposited_before(supervisor, dossier, provider, log_in):
    make_deposit(dossier, provider, documents=["RIB"])
    supervisor.edit(page("RIB"), **typed("RIB", label="Relevé d’identité bancaire"))
    tab = text_of(log_in(provider).get(f"/dossiers/{dossier.number}/documents/"))
    assert "Relevé d’identité bancaire" in tab


# --- A type that is not offered any more ----------------------------------------------------------------------------


def draft_with(started: Wizard, code: str, file=None) -> Wizard:
    """A draft that is complete, with a document of this type besides."""
    started.facture()
    started.details()
    add(started, code)
    started.justificatifs(certificat=pdf("certificat.pdf"), piece1=file or pdf("piece.pdf"))
    return started


@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"products": ["BC"]}, {"statuses": ["TERMINE"]}],
    ids=["inactive", "product", "status"],
)
def test_a_draft_with_a_type_that_is_not_accepted_any_more_loses_nothing_and_is_told(wizard, provider, dossier, change):
    started = draft_with(wizard(provider, dossier), "RIB")
    change_type("RIB", **change)
    assert started.send().url == started.url("justificatifs")
    step = started.get("justificatifs")
    assert "Ce dossier n’accepte plus de document « RIB » : retirez-le." in text_of(step)
    assert "piece.pdf" in text_of(step)
    assert "RIB" not in offered(step)
    started.post("justificatifs", press="retirer-piece", value="piece1")
    assert started.justificatifs().url == started.url("transmettre")
    started.send()
    assert {document.type for document in started.deposit.documents.all()} == {"FACTURE", "CERTIFICAT_REALISATION"}


def test_a_draft_goes_on_once_the_type_is_accepted_again(wizard, provider, dossier):
    started = draft_with(wizard(provider, dossier), "RIB")
    change_type("RIB", active=False)
    started.send()
    change_type("RIB", active=True)
    started.send()
    assert started.deposit.documents.filter(type="RIB").exists()


def test_what_was_deposited_keeps_the_label_of_a_type_that_is_inactive(dossier, provider, log_in):
    make_deposit(dossier, provider, documents=["RIB"])
    change_type("RIB", active=False)
    tab = text_of(log_in(provider).get(f"/dossiers/{dossier.number}/documents/"))
    assert 'document-row__name">RIB' in tab
    assert 'value="RIB"' not in tab


def test_a_document_of_an_inactive_type_is_refused_outside_an_invoice(dossier, provider, log_in):
    client, tab = log_in(provider), f"/dossiers/{dossier.number}/documents/"
    form = client.get(tab, {"type": "RIB"}).context["form"]
    data = {"depot": form["depot"].value(), "type": "RIB", "fichier": pdf("rib.pdf")}
    change_type("RIB", active=False)
    answer = client.post(f"{tab}ajouter/", data)
    assert "Ce type de document n’est pas accepté pour ce dossier." in text_of(answer)


def test_the_certificate_is_asked_for_whatever_its_row_says(wizard, provider, dossier):
    """The rule is code; the row says where it is offered besides."""
    change_type("CERTIFICAT_REALISATION", products=["BC"])
    started = wizard(provider, dossier)
    started.facture("oui")
    started.details()
    assert "Choisissez le PDF du certificat" in text_of(started.justificatifs())
    assert started.justificatifs(certificat=pdf("certificat.pdf")).url == started.url("transmettre")


# --- The pages of the back office -----------------------------------------------------------------------------------


def test_each_change_is_in_the_trail_with_old_and_new(supervisor):
    supervisor.edit(page("AVENANT"), **typed("AVENANT", label="Avenant signé", products=["CAPP"], active=""))
    event = Event.objects.get(action="ADMIN_CHANGE")
    assert (event.subject_type, event.subject_id) == ("invoices.catalogueentry", "AVENANT")
    assert event.details["change"].replace("\xa0", " ") == (
        "libellé : « Avenant » → « Avenant signé » ; "
        "produits : Contrat d’apprentissage, Contrat de professionnalisation → Contrat d’apprentissage ; "
        "actif : oui → non"
    )
    history = text_of(supervisor.get(f"{LIST}AVENANT/history/"))
    assert "« Avenant » → « Avenant signé »" in history


def test_an_addition_is_in_the_trail_with_what_was_written(supervisor):
    supervisor.edit(f"{LIST}add/", **NEW, products=["VAE"], statuses=["VALIDE"], position=300, active="on")
    change = Event.objects.get(action="ADMIN_ADD").details["change"]
    assert NEW["label"] in change
    assert "Validation des acquis de l’expérience" in change


def test_the_order_is_changed_in_the_list_and_told(supervisor):
    entries = CatalogueEntry.objects.all()
    data = {"form-TOTAL_FORMS": len(entries), "form-INITIAL_FORMS": len(entries), "_save": "1"}
    for rank, entry in enumerate(entries):
        data |= {f"form-{rank}-code": entry.code, f"form-{rank}-position": entry.position}
        if entry.code == "RIB":
            data[f"form-{rank}-position"] = 15
    supervisor.edit(LIST, **data)
    assert [*in_force.catalogue().labels][:3] == ["FACTURE", "CERTIFICAT_REALISATION", "RIB"]
    assert Event.objects.get(action="ADMIN_CHANGE").details["change"].replace("\xa0", " ") == "rang : 180 → 15"


def test_who_deactivates_a_type_is_told_of_the_drafts_that_hold_it(supervisor, wizard, provider, dossier):
    assert "Aucun brouillon en cours ne contient ce type." in text_of(supervisor.get(page("RIB")))
    draft_with(wizard(provider, dossier), "RIB")
    other = wizard(provider, dossier)
    other.facture()
    other.details()
    add(other, "RIB")
    add(other, "RIB")
    assert "2 brouillons en cours contiennent ce type" in text_of(supervisor.get(page("RIB")))
    assert "brouillons" not in text_of(supervisor.edit(page("RIB"), **typed("RIB", label="IBAN")))
    told = text_of(supervisor.edit(page("RIB"), **typed("RIB", active="")))
    assert "2 brouillons en cours contiennent un document de ce type que leur dossier n’accepte plus" in told
    other.client.post(f"/depots/{other.depot}/supprimer/")
    assert "1 brouillon en cours contient ce type" in text_of(supervisor.get(page("RIB")))


def test_a_change_that_touches_no_dossier_of_a_draft_warns_of_nothing(supervisor, wizard, provider, dossier):
    draft_with(wizard(provider, dossier), "RIB")
    told = text_of(supervisor.edit(page("RIB"), **typed("RIB", products=["CPRO"])))
    assert "n’accepte plus" not in told


@pytest.mark.parametrize("code", ["FACTURE", "CERTIFICAT_REALISATION"])
def test_the_types_that_the_rules_name_stay_as_they_are(supervisor, code):
    before = CatalogueEntry.objects.filter(code=code).values().get()
    assert "Il reste actif, et garde son libellé." in text_of(supervisor.get(page(code)))
    supervisor.post(page(code), typed(code, label="Autre", active=""))
    supervisor.post(f"{LIST}{code}/delete/", {"post": "yes"})
    assert CatalogueEntry.objects.filter(code=code).values().get() == before


def test_where_the_certificate_is_offered_besides_may_change(supervisor):
    supervisor.edit(page("CERTIFICAT_REALISATION"), **typed("CERTIFICAT_REALISATION", products=["BC"]))
    assert CatalogueEntry.objects.get(code="CERTIFICAT_REALISATION").products == ["BC"]


def test_a_code_never_changes(supervisor):
    supervisor.edit(page("RIB"), **typed("RIB"), code="IBAN")
    assert CatalogueEntry.objects.filter(code="RIB").exists()
    assert not CatalogueEntry.objects.filter(code="IBAN").exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"code": "attestation fin"}, "Un code est fait de majuscules sans accent, de chiffres et de tirets bas"),
        ({"code": "RIB"}, "Ce code est déjà celui d’un type de document."),
        ({"label": "RIB"}, "Ce libellé est déjà celui d’un autre type de document."),
        ({"label": "Attes\u200btation"}, "Ce libellé contient des caractères invisibles"),
        ({"label": "Attestation\nBcc: x"}, "Ce libellé contient des caractères invisibles"),
        ({"products": []}, "Cochez au moins un produit."),
        ({"statuses": []}, "Cochez au moins un statut."),
        ({"statuses": ["REFUSE"]}, "n’en fait pas partie"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_typed_wrong_is_told_and_adds_nothing(supervisor, wrong, sentence):
    data = NEW | {"products": ["VAE"], "statuses": ["VALIDE"], "position": 300, "active": "on"} | wrong
    assert sentence in text_of(supervisor.post(f"{LIST}add/", data))
    assert CatalogueEntry.objects.count() == len(GUIDE.types)


def test_a_type_is_deleted_only_where_it_was_a_mistake(supervisor, dossier, provider, wizard):
    """Inactive, and nothing of it anywhere."""
    for code in ("UN", "DEUX", "TROIS"):
        change_type(code, label=code, products=["CPRO"], statuses=[dossier.status])
    make_deposit(dossier, provider, documents=["UN"])
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    add(started, "DEUX")
    assert supervisor.post(f"{LIST}TROIS/delete/", {"post": "yes"}).status_code == 403  # active
    for code in ("UN", "DEUX", "TROIS"):
        change_type(code, active=False)
    for code, status in (("UN", 403), ("DEUX", 403), ("TROIS", 302)):
        assert supervisor.post(f"{LIST}{code}/delete/", {"post": "yes"}).status_code == status, code
    assert set(CatalogueEntry.objects.filter(active=False).values_list("code", flat=True)) == {"UN", "DEUX"}


def test_who_may_only_look_reads_words_and_changes_nothing(log_in):
    client = log_in(staff("view_catalogueentry", "view_limits"))
    shown = text_of(client.get(page("AVENANT")))
    assert "Contrat d’apprentissage, Contrat de professionnalisation" in shown
    assert "Information manquante, Validé" in shown
    assert 'name="label"' not in shown
    assert client.post(page("AVENANT"), typed("AVENANT", label="X")).status_code == 403
    assert "<input" not in text_of(client.get(LIST)).split('id="result_list"')[1].split("</table>")[0]
    assert client.post(LIMITS_PAGE, {"pdf_pages": 100}).status_code == 403
    assert client.get(LIMITS_PAGE).status_code == 200


def test_the_list_costs_the_same_with_drafts_and_deposits(supervisor, dossier, provider, wizard):
    supervisor.get(LIST)
    with CaptureQueriesContext(connection) as few:
        supervisor.get(LIST)
    make_deposit(dossier, provider, documents=["RIB", "AVENANT"])
    draft_with(wizard(provider, dossier), "RIB")
    for rank in range(20):
        change_type(f"T{rank}", label=f"Type {rank}", products=["CPRO"], statuses=["VALIDE"])
    supervisor.get(LIST)
    with CaptureQueriesContext(connection) as many:
        supervisor.get(LIST)
    assert len(many) == len(few)


# --- Limits ---------------------------------------------------------------------------------------------------------


def limits_typed(**changes: int) -> dict:
    return {name: getattr(LIMITS, name) for name in BOUNDS} | changes


def test_limits_changed_in_the_back_office_hold_at_once_and_are_told(supervisor, wizard, provider, dossier):
    supervisor.edit(LIMITS_PAGE, **limits_typed(file_megabytes=4, associated_dossiers=3, invoice_age_years=2))
    assert Event.objects.get(action="ADMIN_CHANGE").details["change"].replace("\xa0", " ") == (
        "taille d’un fichier, en Mo : 10 → 4 ; dossiers associés à un dépôt : 10 → 3 ; "
        "ancienneté d’une facture, en années : 5 → 2"
    )
    started = wizard(provider, dossier)
    first = text_of(started.get("facture"))
    assert "Un PDF de 4 Mo au plus" in first
    assert f'data-max-bytes="{4 * 1024 * 1024}"' in first
    assert "Ce fichier dépasse 4 Mo." in first
    started.facture()
    second = text_of(started.get("details"))
    assert "3 dossiers au plus." in second
    assert "0 sur 3" in second
    today = timezone.localdate()
    assert f"du {rules.earliest_issue_date(today, 2):%d/%m/%Y} au {today:%d/%m/%Y}" in second
    old = date(today.year - 3, 1, 1)
    assert "a plus de 2 ans" in text_of(started.details(issue_date=f"{old:%d/%m/%Y}"))
    started.details()
    assert "de 4 Mo au plus chacun" in text_of(started.get("justificatifs"))


def test_a_file_is_measured_against_the_limit_in_force_when_it_arrives(wizard, provider, dossier):
    content = scanned_pdf(int(1.5 * 1024 * 1024))
    change_limits(file_megabytes=1)
    started = wizard(provider, dossier)
    refused = text_of(started.facture(file=pdf_of(content)))
    assert "Ce fichier dépasse 1 Mo." in refused
    change_limits(file_megabytes=2)
    assert started.facture(file=pdf_of(content)).url == started.url("details")
    # What was accepted stays so: nobody is asked for a file again that the portal took.
    change_limits(file_megabytes=1, pdf_pages=10)
    started.details()
    started.justificatifs(certificat=pdf("certificat.pdf"))
    started.send()
    assert started.deposit.documents.get(type="FACTURE").size == len(content)


def pdf_of(content: bytes):
    file = pdf("scan.pdf")
    file.file = io.BytesIO(content)
    file.size = len(content)
    return file


def test_a_file_larger_than_the_guides_is_taken_where_the_limit_says_so(wizard, provider, dossier):
    content = scanned_pdf(11 * 1024 * 1024)
    change_limits(file_megabytes=12)
    assert wizard(provider, dossier).facture(file=pdf_of(content)).status_code == 302


def test_the_pages_of_a_pdf_are_counted_against_the_limit_in_force(wizard, provider, dossier):
    change_limits(pdf_pages=10)
    refused = text_of(wizard(provider, dossier).facture(file=pdf_of(plain_pdf(pages=11))))
    assert "Ce PDF compte plus de 10 pages." in refused


def siblings(dossier, count: int):
    return DossierFactory.create_batch(count, training_provider=dossier.training_provider)


def test_more_dossiers_than_the_guide_says_are_associated_where_the_limit_says_so(wizard, provider, dossier):
    change_limits(associated_dossiers=12)
    started = wizard(provider, dossier)
    started.facture()
    others = siblings(dossier, 13)
    for other in others[:12]:
        started.post("details", press="associer", value=other.number)
    told = text_of(started.post("details", press="associer", value=others[12].number))
    assert "12 dossiers au plus par dépôt" in told
    started.details()
    started.justificatifs(certificat=pdf("certificat.pdf"))
    started.send()
    assert started.deposit.links.count() == 12


def test_a_draft_over_a_limit_that_was_lowered_is_told_and_loses_nothing(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    others = siblings(dossier, 3)
    for other in others:
        started.post("details", press="associer", value=other.number)
    started.details()
    for _ in range(2):
        add(started, "RIB")
    started.justificatifs(certificat=pdf("certificat.pdf"), piece1=pdf("1.pdf"), piece2=pdf("2.pdf"))
    change_limits(associated_dossiers=1, supporting_documents=1)
    assert started.send().url == started.url("details")
    told = text_of(started.get("details"))
    assert "1 dossier au plus par dépôt, en plus de celui-ci, et 3 sont associés. Retirez-en 2." in told
    assert "3 sur 1" in told
    for other in others[:2]:
        started.post("details", press="dissocier", value=other.number)
    assert started.details().url == started.url("justificatifs")
    step = started.get("justificatifs")
    assert "Un dépôt a 1 pièce au plus, et 2 sont ajoutées. Retirez-en 1." in text_of(started.justificatifs())
    assert "1.pdf" in text_of(step)
    started.post("justificatifs", press="retirer-piece", value="piece1")
    assert started.justificatifs().url == started.url("transmettre")
    started.send()
    assert started.deposit.links.count() == 1


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items())
def test_a_limit_beyond_what_the_portal_was_built_for_is_refused(supervisor, name, bounds):
    for value in (bounds.lowest - 1, bounds.highest + 1):
        answer = supervisor.post(LIMITS_PAGE, limits_typed(**{name: value}))
        assert answer.status_code == 200
        assert answer.context["errors"]
    for value in (bounds.lowest, bounds.highest):
        supervisor.edit(LIMITS_PAGE, **limits_typed(**{name: value}))
        assert getattr(in_force.limits(), name) == value
    assert bounds.lowest <= getattr(LIMITS, name) <= bounds.highest


def test_there_is_one_row_of_limits_which_is_neither_added_nor_deleted(log_in):
    client: Client = log_in(UserFactory(is_staff=True, is_superuser=True))
    assert client.get("/admin/invoices/limits/add/").status_code == 403
    assert client.post("/admin/invoices/limits/1/delete/", {"post": "yes"}).status_code == 403
    assert Limits.objects.count() == 1


def test_an_issue_date_that_a_lowered_limit_excludes_is_found_at_the_click(wizard, provider, dossier):
    started = wizard(provider, dossier)
    day = timezone.localdate() - timedelta(days=3 * 366)
    started.to_last_step(issue_date=f"{day:%d/%m/%Y}")
    change_limits(invoice_age_years=1)
    assert started.send().url == started.url("details")
    assert "La date d’émission a plus de 1 an :" in text_of(started.get("details"))
