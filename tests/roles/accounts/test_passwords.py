"""What a password must be: 80 bits by one of the CNIL's three ways, and nothing that anybody would try first."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.factories import UserFactory


@pytest.mark.parametrize(
    "password",
    [
        "Brouette7!Lu",  # 12, four kinds
        "brouette7lunE",  # see below: 13 of three kinds are one too few
        "brouette7lunEs",  # 14, three kinds
        "brouette7,lune",
        "BROUETTE7,LUNE",
        "sept brouettes vertes roulent vers la lune pâle",
        "sept-brouettes-vertes-roulent-vers-la-lune",
        "Élève7!Brouet",  # accents are letters
    ],
)
def test_strong_enough_or_just_not(password):
    person = UserFactory.build()
    if password == "brouette7lunE":
        with pytest.raises(ValidationError, match="pas assez solide"):
            validate_password(password, person)
    else:
        validate_password(password, person)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "demo",
        "Brouette7!L",  # 11
        "brouettelune7",  # two kinds
        "brouettebrouettebrouette",  # one kind, however long
        "123456789012345678",
        "Aaaaaaaaaaaa1!",  # a sign repeated counts twice
        "Abcdefghijkl1!",
        "Zyxwvutsrqpo1!",
        "sept brouettes vertes roulent vers la",  # six different words, and one too short to be one
        "lune lune lune lune lune lune lune",
        "Portail2026!Opco",
        "Facture-Dépôt-2026",
        "Camille.Perrin2026",  # the person's names
        "Camille!Essai7!Ab",
        "Password123!",
    ],
)
def test_too_weak(password):
    person = UserFactory.build(email="camille.perrin@essai.example", first_name="Camille", last_name="Perrin")
    with pytest.raises(ValidationError):
        validate_password(password, person)


def test_a_common_password_is_refused_whatever_it_is_made_of():
    with pytest.raises(ValidationError, match="trop courant"):
        validate_password("3rjs1la7qe", UserFactory.build())


def test_the_words_of_the_house_may_stand_in_a_sentence():
    validate_password("la facture bleue dort sous sept vieux arbres", UserFactory.build())
