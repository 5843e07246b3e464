"""What a page loads of scripts: few, none of them found late, and none that imports in a circle."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from dossiers.enums import DossierStatus, Product
from roles.enums import Role
from tests.factories import DossierFactory, person_with

SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"
MOST_SCRIPTS = 9


def imports(script: Path) -> set[Path]:
    """The modules that this one imports itself."""
    found = re.findall(r'^import [^;]* from "(\..*?)";$', script.read_text(encoding="utf-8"), re.M)
    return {(script.parent / relative).resolve() for relative in found}


def all_imports(script: Path, on_the_way: tuple[Path, ...] = ()) -> set[Path]:
    """These, and what they import in their turn; AssertionError on a circle."""
    assert script not in on_the_way, f"{script.name} imports itself"
    return imports(script).union(*(all_imports(found, (*on_the_way, script)) for found in imports(script)))


def loaded(html: str) -> set[Path]:
    """The scripts that the page names, preloaded ones too."""
    named = re.findall(r'<script src="(/static/[^"]+)"|<link rel="modulepreload" href="(/static/[^"]+)"', html)
    return {SCRIPTS.parent / (script or preloaded).removeprefix("/static/") for script, preloaded in named}


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("**/*.js")), ids=lambda script: script.stem)
def test_no_script_imports_itself_whatever_the_way(script):
    assert all(found.is_file() for found in all_imports(script))


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/dossiers/",
        "/depots/",
        "/verifier/",
        "/dossiers/{number}/documents/?type=RIB",
        "/depots/{draft}/facture/",
        "/depots/{draft}/details/",
        "/depots/{draft}/justificatifs/",
    ],
)
def test_a_page_names_at_once_the_few_scripts_it_needs(wizard, db, address):
    dossier = DossierFactory(product=Product.CPRO, status=DossierStatus.EN_COURS_DE_REGLEMENT)
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier)
    started.facture()
    started.details()
    page = started.client.get(address.format(number=dossier.number, draft=started.depot))
    assert page.status_code == 200
    scripts = loaded(page.content.decode())
    assert 0 < len(scripts) <= MOST_SCRIPTS
    for script in scripts:
        if script.is_relative_to(SCRIPTS):
            assert all_imports(script) <= scripts, f"found late: what {script.name} imports"
