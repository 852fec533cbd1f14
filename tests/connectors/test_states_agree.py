"""The vocabulary of states and its condition on the table say the same of every link there can be."""

import itertools
import uuid

import pytest

from companies.models import Company, CompanyLink
from connectors import states
from connectors.models import Connection, Link
from connectors.protocol import CANCELLED, CONFLICT, GONE, HELD
from connectors.states import State
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

LIVE, DEAD = uuid.UUID(int=1), uuid.UUID(int=2)
SHAPES = list(
    itertools.product(
        (True, False),
        Link.Enabled.values,
        Link.State.values,
        ("", HELD, CONFLICT, GONE, CANCELLED, "http_500"),
        ("", "12"),
        ([], ["phone"]),
        (None, LIVE, DEAD),
        (False, True),
    )
)


def test_each_link_is_in_the_one_state_that_a_person_reads(salesforce: Connection) -> None:
    companies = Company.objects.bulk_create([CompanyFactory.build(sync_enabled=shape[0]) for shape in SHAPES])
    CompanyLink.objects.bulk_create(
        CompanyLink(
            connection=salesforce, record=company, enabled=enabled, state=state, code=code,
            remote_id=f"{remote_id}{company.pk}" if remote_id else "", changed=changed, lease=lease,
            unsure=unsure,
        )
        for company, (_, enabled, state, code, remote_id, changed, lease, unsure)
        in zip(companies, SHAPES, strict=True)
    )  # fmt: skip

    read = {
        link.pk: {states.state_of(link, {LIVE}, is_on=link.record.sync_enabled)}
        for link in CompanyLink.objects.select_related("record")
    }
    counted: dict[int, set[State]] = {pk: set() for pk in read}
    for state in State:
        for pk in CompanyLink.objects.filter(states.where(state, {LIVE})).values_list("pk", flat=True):
            counted[pk].add(state)

    assert counted == read
