"""One system that is down does not delay the others."""

import pytest

from companies.models import Company, CompanyLink
from connectors import queue, shares, upkeep
from connectors.models import Connection, Link, Slot
from contacts.models import ContactLink
from tests import talk
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory
from tests.staff import browser_of, superuser
from tests.waiting import wait_until
from tests.workers import Workers

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.untested,
]

COMPANIES = 20


@pytest.fixture
def hanging(db: None, hung_port: int) -> Connection:
    """Return a connection whose other side takes calls and never answers."""
    url = f"http://127.0.0.1:{hung_port}/salesforce"
    return ConnectionFactory.create(name="Asleep", slug="asleep", base_url=url, batch_size=2)


def _arrived(connection: Connection) -> bool:
    upkeep.sweep()  # as beat would
    idle = CompanyLink.objects.linked().filter(connection=connection, state=Link.State.IDLE)
    return idle.count() == COMPANIES


def test_a_system_that_hangs_leaves_the_workers_to_the_others(
    hanging: Connection, salesforce: Connection, workers: Workers
) -> None:
    workers.start(threads=3)
    companies = Company.objects.bulk_create(CompanyFactory.build_batch(COMPANIES))
    talk.request(hanging, companies)
    wait_until(lambda: Slot.objects.filter(connection=hanging).exclude(lease=None).exists(), timeout_s=20)
    upkeep.sweep()
    upkeep.sweep()

    talk.request(salesforce, companies)

    wait_until(lambda: _arrived(salesforce), timeout_s=20, said=talk.situation)  # a call may hang for 60 s
    assert not CompanyLink.objects.linked().filter(connection=hanging).exists()


def test_a_company_reaches_the_store_while_the_crm_hangs(
    hanging: Connection, b2b: Connection, workers: Workers
) -> None:
    workers.start(threads=3)
    contacts = ContactFactory.create_batch(3)
    for contact in contacts:
        queue.set_enabled("contact", contact.pk, b2b, True, by="tester")
    companies = [contact.company for contact in contacts]
    talk.request(hanging, companies)
    wait_until(lambda: Slot.objects.filter(connection=hanging).exclude(lease=None).exists(), timeout_s=20)

    talk.request(b2b, companies)

    wait_until(lambda: ContactLink.objects.linked().filter(connection=b2b).count() == 3, timeout_s=20)
    page = browser_of(superuser()).get(f"/admin/companies/company/{companies[0].pk}/change/").content.decode()
    there = CompanyLink.objects.get(connection=b2b, record=companies[0])
    assert f">{there.remote_id}<" in page.replace(" ", "").replace("\n", "")
    assert talk.shown(companies[0], hanging)[0] in ("Waiting", "Sending")


def test_a_connection_gets_all_threads_but_one_for_each_other(
    hanging: Connection, salesforce: Connection
) -> None:
    shares.set_threads(4)
    try:
        with shares.share(hanging.pk) as one, shares.share(hanging.pk) as two:  # noqa: SIM117 - six in a line
            with shares.share(hanging.pk) as three, shares.share(hanging.pk) as four:
                assert (one, two, three, four) == (True, True, True, False)
                with shares.share(salesforce.pk) as other:
                    assert other
        with shares.share(hanging.pk) as again:
            assert again
    finally:
        shares.set_threads(1)
