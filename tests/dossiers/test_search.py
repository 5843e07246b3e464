"""Search by number, beneficiary, establishment or company: accents and case do not count."""

import pytest

from dossiers.enums import Product
from dossiers.models import Dossier
from roles.search import normalise
from tests.factories import CompanyFactory, DossierFactory, EstablishmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted():
    """The dossier to find; the one beside it must never be found."""
    DossierFactory(
        number="BC-2025-900001",
        product=Product.BC,
        beneficiary_first_name="Paul",
        beneficiary_last_name="Martin",
        employer__name="Rivage",
        employer__company__name="Rivage SA",
        training_provider__name="Rivage Sud",
        training_provider__company__name="Rivage Sud SA",
    )
    return DossierFactory(
        number="CPRO-2026-004217",
        beneficiary_first_name="Anaïs",
        beneficiary_last_name="L’Hôte-Lefèvre",
        employer=EstablishmentFactory(name="Horizon Lyon", company=CompanyFactory(name="Groupe Horizon & Fils")),
        training_provider=EstablishmentFactory(name="Sœurs Éveil", company=CompanyFactory(name="Formatech 100 %")),
    )


def found(text: str) -> list[str]:
    return list(Dossier.objects.search(text).values_list("number", flat=True))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("CPRO-2026-004217", id="number"),
        pytest.param("CPRO-2026", id="start of the number"),
        pytest.param("cpro-2026-00", id="number in lower case"),
        pytest.param("  CPRO-2026  ", id="number among spaces"),
        pytest.param("Anaïs", id="first name"),
        pytest.param("anais", id="without accent, lower case"),
        pytest.param("ANAÏS", id="capitals"),
        pytest.param("ÂNÀIS", id="wrong accents"),
        pytest.param("Anai\u0308s", id="decomposed accent"),
        pytest.param("lefevre", id="part of the last name"),
        pytest.param("L’Hôte", id="typographic apostrophe"),
        pytest.param("l'hote", id="straight apostrophe"),
        pytest.param("anais lefevre", id="first then last"),
        pytest.param("Lefèvre Anaïs", id="last then first"),
        pytest.param("  lefevre\u00a0\u202f anais ", id="spaces of every kind"),
        pytest.param("horizon lyon", id="employer's establishment"),
        pytest.param("groupe horizon", id="employer's company"),
        pytest.param("eveil", id="provider's establishment"),
        pytest.param("formatech", id="provider's company"),
        pytest.param("soeurs", id="oe for œ"),
        pytest.param("Sœurs", id="œ"),
        pytest.param("100 %", id="a percent sign that is there"),
        pytest.param("horizon & fils", id="an ampersand that is there"),
        pytest.param("anais\x00lefevre", id="NUL between two words"),
        pytest.param("anais\ud800", id="half a character"),
    ],
)
def test_finds(wanted, text):
    assert found(text) == [wanted.number]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Dupont", id="absent"),
        pytest.param("2026-004217", id="the number's middle"),
        pytest.param("anais dupont", id="one word of two"),
        pytest.param("anais formatech", id="words of two different things"),
        pytest.param("horizon%lyon", id="percent sign is no wildcard"),
        pytest.param("ana_s", id="underscore is no wildcard"),
        pytest.param("CPRO%", id="percent sign is no wildcard in a number"),
        pytest.param("CPRO_2026", id="underscore is no wildcard in a number"),
        pytest.param("\\", id="backslash"),
        pytest.param("' OR 1=1 --", id="SQL"),
        pytest.param("x" * 3000, id="3,000 characters"),
        pytest.param("x " * 1500, id="1,500 words"),
    ],
)
def test_finds_nothing(wanted, text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["", "   ", "\u00a0", "\x00"])
def test_no_word_finds_everything(wanted, text):
    assert len(found(text)) == 2


def test_a_dossier_found_in_several_ways_is_found_once():
    place = EstablishmentFactory(name="Martin", company=CompanyFactory(name="Martin"))
    dossier = DossierFactory(beneficiary_last_name="Martin", employer=place, training_provider=place)
    assert found("martin") == [dossier.number]


def test_a_name_is_found_under_its_new_spelling_once_changed(wanted):
    wanted.beneficiary_last_name = "Béranger"
    wanted.save()
    assert found("beranger") == [wanted.number]
    assert found("lefevre") == []


def test_names_written_in_bulk_are_found():
    dossier = DossierFactory.build(
        employer=EstablishmentFactory(), training_provider=EstablishmentFactory(), beneficiary_last_name="Dûbois"
    )
    Dossier.objects.bulk_create([dossier])
    assert found("dubois") == [dossier.number]


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("  Éloïse  Lefèvre", "eloise lefevre"),
        ("D’Hérouville", "d'herouville"),
        ("ÇA & LÀ", "ca & la"),
        ("Gœtz, Ægidius", "goetz, aegidius"),
        ("Straße", "strasse"),
        ("ﬁn ™", "fin tm"),
        ("a\x00b\x1f\ud800", "a b"),
        ("", ""),
    ],
)
def test_the_form_in_which_texts_are_compared(text, normalised):
    assert normalise(text) == normalised
    assert normalise(normalised) == normalised


# --- What a document names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mention",
    [
        "Anne-Lise De La Tour",
        "DE LA TOUR Anne-Lise",
        "  de la tour   ANNE-LISE ",
        "CPRO-2026-777777",
        "cpro-2026-777777",
    ],
)
def test_a_dossier_is_known_by_its_number_and_its_beneficiary_s_whole_name(mention):
    dossier = DossierFactory(
        number="CPRO-2026-777777", beneficiary_first_name="Anne-Lise", beneficiary_last_name="De La Tour"
    )
    DossierFactory(beneficiary_first_name="Anne", beneficiary_last_name="De La Tour")
    assert Dossier.objects.named_in(["Facture", mention], most=5) == [dossier.pk]


@pytest.mark.parametrize("mention", ["Tour", "Lise De La", "CPRO-2026", "", " ", "a " * 100])
def test_less_than_that_names_nobody(mention):
    DossierFactory(number="CPRO-2026-777777", beneficiary_first_name="Anne-Lise", beneficiary_last_name="De La Tour")
    assert Dossier.objects.named_in([mention], most=5) == []


def test_so_many_namesakes_at_most_by_two_queries(django_assert_num_queries):
    DossierFactory.create_batch(4, beneficiary_first_name="Zoé", beneficiary_last_name="Lefèvre")
    with django_assert_num_queries(2):
        assert len(Dossier.objects.named_in(["Zoé Lefèvre"], most=3)) == 3
