"""The manifest: what docs/handover/ says of it, and nothing of a person."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from jsonschema import Draft202012Validator

from dossiers.enums import Product
from invoices.enums import DocumentType
from invoices.handover import manifest
from invoices.models import Document
from invoices.pdf.reading import Reading, Source
from roles.enums import Side
from tests.factories import DossierFactory, EstablishmentFactory, UserFactory
from tests.invoices.handover.conftest import transmitted

pytestmark = pytest.mark.django_db

PUBLISHED = settings.BASE_DIR / "docs/handover"
KINDS = ("manifest-1", "webhook-1", "statuses-1")


def read(name: str) -> Any:
    return json.loads((PUBLISHED / name).read_text())


def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(read(f"{kind}.schema.json"), format_checker=Draft202012Validator.FORMAT_CHECKER)


def of(deposit) -> dict:
    return json.loads(manifest.written(deposit, list(deposit.documents.all())))


def undescribed(value: Any, schema: dict, root: dict, path: str = "") -> set[str]:
    """The keys of a value of which the schema says nothing."""
    schema = root["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "oneOf" in schema:
        schema = schema["oneOf"][1]
    if isinstance(value, list):
        return {key for item in value for key in undescribed(item, schema["items"], root, f"{path}[]")}
    if not isinstance(value, dict):
        return set()
    known = schema["properties"]
    told = {f"{path}.{key}" for key in value if key not in known}
    return told.union(*(undescribed(value[key], known[key], root, f"{path}.{key}") for key in value if key in known))


@pytest.fixture
def deposit():
    site = EstablishmentFactory()
    origin, *others = DossierFactory.create_batch(3, training_provider=site, product=Product.CPRO)
    return transmitted(
        origin, associated=others[::-1], documents=[DocumentType.CERTIFICAT_REALISATION, DocumentType.RIB]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_and_its_example_fits(kind):
    Draft202012Validator.check_schema(read(f"{kind}.schema.json"))
    validator(kind).validate(read(f"{kind}.example.json"))


@pytest.mark.parametrize("side", Side)
def test_of_an_invoice_with_associated_dossiers(deposit, side):
    deposit.side = side
    made = of(deposit)
    validator("manifest-1").validate(made)
    schema = read("manifest-1.schema.json")
    assert undescribed(made, schema, schema) == set()
    assert made.keys() == schema["properties"].keys() - {"reading"}
    assert made["side"] == {"code": side.value, "label": side.label}
    assert (made["invoice"]["amount_ht"], made["invoice"]["amount_ttc"]) == ("4000.00", "4800.00")
    assert made["perimeter"] == {"siret": deposit.perimeter.siret, "name": deposit.perimeter.name}
    dossiers = [deposit.origin, *(link.dossier for link in deposit.links.all())]
    assert [(told["number"], told["employer"], told["training_provider"]) for told in made["dossiers"]] == [
        (dossier.number, dossier.employer.siret, dossier.training_provider.siret) for dossier in dossiers
    ]
    assert [told["part"] for told in made["dossiers"]] == ["origin", "associated", "associated"]
    assert [told["type"]["code"] for told in made["documents"]] == ["FACTURE", "CERTIFICAT_REALISATION", "RIB"]
    transmitted_at = datetime.fromisoformat(made["transmitted_at"])
    assert transmitted_at == deposit.transmitted_at.replace(microsecond=0)
    assert transmitted_at.utcoffset() is not None


def test_of_what_was_read_and_changed():
    deposit = transmitted(
        reading=Reading(
            source=Source.XML,
            profile="EN 16931",
            number="f 2026-118",
            issue_date=date(2026, 11, 2),
            currency="EUR",
            amount_ht=Decimal("4000"),
            amount_ttc=Decimal("4900.00"),
            seller_name="Zénobie Quévreux",
            seller_siren="900000017",
            mentions=("Zénobie Quévreux",),
        )
    )
    made = of(deposit)
    validator("manifest-1").validate(made)
    schema = read("manifest-1.schema.json")
    assert undescribed(made, schema, schema) == set()
    assert made["reading"] == {
        "source": "xml",
        "profile": "EN 16931",
        "read": {
            "number": "f 2026-118",
            "issue_date": "2026-11-02",
            "currency": "EUR",
            "amount_ht": "4000",
            "amount_ttc": "4900.00",
            "seller_siren": "900000017",
        },
        "changed": ["issue_date", "amount_ttc"],
    }


def test_of_documents_without_an_invoice():
    deposit = transmitted(number=None, documents=[DocumentType.CERFA_APPRENTISSAGE])
    Document.objects.filter(deposit=deposit).update(flags=["javascript", "xfa"])
    made = of(deposit)
    validator("manifest-1").validate(made)
    assert made["invoice"] is None
    assert made["documents"][0]["flags"] == ["javascript", "xfa"]


def test_it_names_nobody():
    dossier = DossierFactory(beneficiary_first_name="Zénobie", beneficiary_last_name="Quévreux")
    person = UserFactory(email="ysengrin@essai.example", first_name="Ysengrin", last_name="Haudricourt")
    deposit = transmitted(dossier, person)
    deposit.documents.update(name="Certificat de Zénobie Quévreux.pdf")
    text = manifest.written(deposit, list(deposit.documents.all())).decode().casefold()
    for name in ("zénobie", "quévreux", "ysengrin", "haudricourt", "@"):
        assert name not in text


def test_it_is_the_same_each_time(deposit):
    documents = list(deposit.documents.all())
    assert manifest.written(deposit, documents) == manifest.written(deposit, documents)


def test_what_a_reader_relies_on_is_refused_otherwise(deposit):
    """The schema is worth something: each of these is not a manifest."""
    broken = [
        {"version": 2},
        {"reference": "DEP-1"},
        {"transmitted_at": "hier"},
        {"documents": []},
        {"dossiers": []},
        {"invoice": {"number": "F"}},
        {"invoice": of(deposit)["invoice"] | {"amount_ht": 4000.0}},
        {"invoice": of(deposit)["invoice"] | {"amount_ht": "4000"}},
    ]
    for change in broken:
        assert not validator("manifest-1").is_valid(of(deposit) | change), change
    # What is added later is not another version.
    assert validator("manifest-1").is_valid(of(deposit) | {"more": 1})
