"""Hand-over by the real worker and beat, to a bucket that hangs and comes back, with a webhook told of it."""

import json
import time

from portal.demo import PASSWORD
from tests.bucket import CREDENTIALS, S3Server, faltering, url_of
from tests.http_client import HttpClient
from tests.invoices.test_stack import dossier, status  # noqa: F401 - a fixture
from tests.stack import Stack, wait_until
from tests.webhook import receiver
from tests.wizard import Wizard

DELAY_SECONDS = 1


def test_a_place_that_hangs_delays_no_transmission_and_has_everything_once_it_is_back(
    s3: S3Server,
    dossier,  # noqa: F811
) -> None:
    drop = s3.make_bucket()
    with (
        faltering(s3.endpoint) as between,
        receiver() as webhook,
        Stack(
            embedded=True,
            transmission_delay=DELAY_SECONDS,
            DJANGO_SETTINGS_MODULE="tests.invoices.quick_sweep",
            HANDOVER_URL=url_of(drop.name, between.url),
            HANDOVER_WEBHOOK_URL=webhook.url,
            HANDOVER_WEBHOOK_SECRET="a-secret-of-the-tests-long-enough",
            **CREDENTIALS,
        ) as stack,
    ):
        between.hangs = True
        client = HttpClient(stack.url)
        client.log_in("saisie_prestataire@demo.example", PASSWORD)
        for number in ("REMISE-1", "REMISE-2"):
            wizard = Wizard.start(client, dossier).to_last_step("non", number=number)
            assert wizard.send().status_code == 302
            wait_until(lambda: status(wizard, number) == "Transmis", f"{number} is transmitted")  # noqa: B023
            time.sleep(2)  # a sweep, which finds a worker that hangs
        assert list(drop) == []
        between.hangs = False

        def told() -> list[str]:
            return [json.loads(body)["manifest"]["name"] for *_, body in webhook.received]

        wait_until(lambda: len(set(told())) >= 2, "the webhook is told", 60)
        assert set(told()) <= set(drop)
        assert len({name for name in drop if name.endswith("FACTURE.pdf")}) >= 2
