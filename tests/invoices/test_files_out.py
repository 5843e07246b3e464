"""Every address that gives a file: how a browser is told to treat it. A new address without a row here fails."""

import pytest
from django.urls import get_resolver, reverse

from tests.factories import make_deposit

ATTACHMENT = 'attachment; filename="'
NO_STORE = {"private", "no-store"}
# By name: content type, whether it is saved rather than shown, what may be kept of it.
FILES = {
    "document": ("application/pdf", True, NO_STORE),
    "deposit-zip": ("application/zip", True, NO_STORE),
    "receipt-pdf": ("application/pdf", True, NO_STORE),
    "deposits-csv": ("text/csv; charset=utf-8", True, NO_STORE),
    "deposits-xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True, NO_STORE),
    # Shown in the page: a picture of what the box drew, never the PDF itself.
    "page-picture": ("image/webp", False, NO_STORE),
    "thumbnail": ("image/webp", False, {"private", "no-cache"}),
}
PAGES = {
    *("documents", "add-document", "start", "deposits", "statuses", "receipt-by-reference", "receipt"),
    *("cancel", "delete-draft", "associable", "step", "preview"),
}


@pytest.fixture
def deposit(dossier, provider):
    return make_deposit(dossier, provider)


def address(name: str, deposit) -> str:
    document = deposit.documents.first().pk
    arguments = {
        "document": [document],
        "thumbnail": [document],
        "page-picture": [document, 1],
        "deposit-zip": [deposit.pk],
        "receipt-pdf": [deposit.pk],
    }
    return reverse(f"invoices:{name}", args=arguments.get(name, []))


def test_every_address_is_a_file_or_a_page():
    known = {name for name in get_resolver().namespace_dict["invoices"][1].reverse_dict if isinstance(name, str)}
    assert known == PAGES | FILES.keys()


@pytest.mark.parametrize("accel", ["", "/protege/"])
@pytest.mark.parametrize("name", FILES)
def test_how_a_browser_is_to_treat_it(log_in, provider, deposit, settings, name, accel):
    settings.DOCUMENT_ACCEL_LOCATION = accel
    response = log_in(provider).get(address(name, deposit))
    content_type, saved, cache = FILES[name]
    assert response.status_code == 200
    if hasattr(response, "streaming_content"):
        b"".join(response.streaming_content)
    response.close()
    assert response["Content-Type"] == content_type
    assert response.get("Content-Disposition", "").startswith(ATTACHMENT) == saved
    assert set(response["Cache-Control"].split(", ")) == cache
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert bool(response.get("X-Accel-Redirect")) == (name == "document" and bool(accel))
