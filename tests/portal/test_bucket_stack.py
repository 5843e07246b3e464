"""The real portal on a bucket: its start, the demo's documents, a deposit, its download, its verification."""

import json
import re
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.demo import PASSWORD
from tests.bucket import CREDENTIALS, S3Server
from tests.http_client import HttpClient
from tests.invoices.test_stack import status
from tests.pdfs import scanned_pdf
from tests.stack import Stack, wait_until
from tests.wizard import Wizard

pytestmark = pytest.mark.embedded


@pytest.fixture
def bucket(s3: S3Server):
    """A bucket for another process: nothing changes in this one."""
    return s3.make_bucket()


def test_a_deposit_on_the_real_portal_with_a_bucket(bucket) -> None:
    with Stack(embedded=True, transmission_delay=1, DOCUMENT_STORAGE_URL=bucket.url, **CREDENTIALS) as stack:
        demo = len(list(bucket))
        assert demo > 10
        client = HttpClient(stack.url)
        client.log_in("saisie_prestataire@demo.example", PASSWORD)
        listed = client.get("/dossiers/", {"produit": "AUTRE", "statut": "A_FACTURER", "subroge": "oui"})
        number = re.search(r'href="/dossiers/([^/"]+)/', listed.content.decode())[1]
        wizard = Wizard.start(client, SimpleNamespace(number=number))
        wizard.facture("non", SimpleUploadedFile("scan.pdf", scanned_pdf(5_000_000), content_type="application/pdf"))
        wizard.details(number="SEAU-1")
        wizard.justificatifs()
        assert wizard.send().status_code == 302
        wait_until(lambda: status(wizard, "SEAU-1") == "Transmis", "it is transmitted")
        (name,) = [name for name, content in bucket.files().items() if len(content) == 5_000_000]
        address = f"/documents/{name.rpartition('/')[2].removesuffix('.pdf')}/"
        download = client.get(address)
        assert download.content == bucket.files()[name]
        assert download.headers["Content-Length"] == "5000000"
        assert client.get(f"{address}vignette.webp").status_code == 200
        assert f"apercus/{name.removesuffix('.pdf')}.webp" in bucket.files()
        assert json.loads(client.get("/sante/pret/").content)["stockage"] is True
        numbers = json.loads(stack.manage("verify_documents", "--json", "--strict"))
        assert numbers == {"intact": demo + 1, "lost": 0, "changed": 0, "unreadable": 0, "orphaned": 0}
        assert not (stack.folder / "documents").exists()
        assert list((stack.folder / "incoming").iterdir()) == []
