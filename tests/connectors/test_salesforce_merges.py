"""Records that a colleague merged or deleted in Salesforce: followed, or told; never made anew in silence.

After the fact sheet's sections 2.6 and 2.9: a write to such a record answers
ENTITY_IS_DELETED; queryAll shows IsDeleted, and MasterRecordId for one that was merged,
which may itself have been merged. One that never was answers INVALID_CROSS_REFERENCE_KEY.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from connectors import entities, queue
from connectors.models import Connection, Link, Synced
from connectors.protocol import CREATE
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import seeded, talk
from tests.desk import asked
from tests.factories import CompanyFactory, ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)
NEVER_WAS = {"Account": "0015g00000ZZZZZAA5", "Contact": "0035g00000ZZZZZAA5"}


@dataclass
class Case:
    """One record that is over there, and how to speak of its kind."""

    connection: Connection
    sandbox: SandboxServer
    record: Any
    entity: str
    sobject: str
    name: str  # their field for its name

    def link(self) -> Link:
        found: Link = entities.get(self.entity).links().get(record=self.record)
        return found

    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["Id"]: row for row in talk.rows(self.sandbox, self.sobject)}

    def beside(self, **fields: Any) -> str:
        """Create another one over there, of the same account; return its id."""
        if self.sobject == "Contact":
            fields = {"AccountId": talk.link_of(self.record.company).remote_id, **fields}
        made = {self.name: "Survivor", **fields}
        return talk.remote_creates(self.sandbox, made, sobject=self.sobject)[0]

    def merge(self, survivor: str, *losers: str) -> None:
        talk.remote_merges(self.sandbox, self.sobject, survivor, *losers)

    def delete(self, remote_id: str) -> None:
        talk.remote_deletes(self.sandbox, self.sobject, remote_id)

    def edit(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self.record, name, value)
        self.record.save()

    def send(self, *, full: bool = False) -> None:
        talk.send(self.connection, [self.record], full=full)

    def another(self, **fields: Any) -> Synced:
        """Return another record of ours, of the same parent, not sent yet."""
        if self.entity == "company":
            return CompanyFactory.create(**fields)
        return ContactFactory.create(company=self.record.company, **fields)


@pytest.fixture(params=["company", "contact"])
def case(request: pytest.FixtureRequest, salesforce: Connection, sandbox: SandboxServer) -> Case:
    """Return a company, or a contact, that is over there."""
    company = CompanyFactory.create(name="Facebook", phone="1")
    record: Any = company
    if request.param == "contact":
        seeded.there(salesforce, sandbox, company)
        record = ContactFactory.create(company=company, phone="1")
    seeded.there(salesforce, sandbox, record)
    words = ("Account", "Name") if request.param == "company" else ("Contact", "LastName")
    return Case(salesforce, sandbox, record, request.param, *words)


# Merged.


def test_a_merged_record_is_relinked_and_its_edit_arrives_at_the_survivor(case: Case) -> None:
    old = case.link().remote_id
    survivor = case.beside(Phone="their phone", Description="theirs")
    case.merge(survivor, old)
    case.edit(phone="2")

    case.send()

    link = case.link()
    assert (link.remote_id, link.state, link.unsure) == (survivor, "idle", False)
    assert survivor in link.remote_url
    there = case.rows()[survivor]
    assert there["Phone"] == "2"
    assert there["Description"] == "theirs"
    assert there[case.name] == "Survivor"  # not edited here: left as it is over there
    assert there["Concord_Id__c"] == str(case.record.public_id)
    entry = Entry.objects.filter(object_id=case.record.public_id).latest("pk")
    assert "Merged in Salesforce into" in entry.description
    assert len(case.rows()) == 1


def test_what_was_edited_back_to_blank_is_cleared_at_the_survivor(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="")

    case.send()

    assert case.rows()[survivor].get("Phone") is None


@pytest.mark.parametrize("hops", [2, 3, 9])
def test_a_chain_of_merges_is_followed_to_its_end(case: Case, hops: int) -> None:
    here = case.link().remote_id
    for _ in range(hops):
        survivor = case.beside()
        case.merge(survivor, here)
        here = survivor
    case.edit(phone="2")

    case.send()

    assert case.link().remote_id == here
    assert case.rows()[here]["Phone"] == "2"


def test_a_survivor_that_was_deleted_later_is_gone(case: Case) -> None:
    survivor = case.beside()
    case.merge(survivor, case.link().remote_id)
    case.delete(survivor)
    case.edit(phone="2")

    case.send()

    assert case.link().code == "gone"
    assert case.rows() == {}


def test_a_merge_is_found_by_a_full_push_without_any_edit(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)

    case.send(full=True)

    link = case.link()
    assert (link.remote_id, link.state) == (survivor, "idle")
    assert case.rows()[survivor]["Concord_Id__c"] == str(case.record.public_id)


def test_a_merge_that_a_full_push_finds_leaves_the_survivors_values(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)

    case.send(full=True)

    there = case.rows()[survivor]
    assert (there[case.name], there["Phone"]) == ("Survivor", "their phone")
    link = case.link()
    assert (link.remote_id, link.changed, link.unsure) == (survivor, [], False)
    assert "left as they are over there" in talk.told(case.record)[-1]


def test_a_company_that_its_contact_finds_merged_leaves_the_survivors_values(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.send(salesforce, [company])
    (survivor,) = talk.remote_creates(sandbox, {"Name": "Meta"})
    talk.remote_merges(sandbox, "Account", survivor, talk.link_of(company).remote_id)
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])
    talk.later(salesforce)

    assert talk.person_of(sandbox, mark)["AccountId"] == survivor
    assert talk.account_of(sandbox, company)["Name"] == "Meta"


def test_the_next_edit_after_a_relink_is_one_plain_update(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")
    case.send()

    case.edit(phone="3")
    case.send()

    (record,) = talk.last_body(case.sandbox, "collections_update")["records"]
    assert record == {"attributes": {"type": case.sobject}, "id": survivor, "Phone": "3"}


def test_nothing_more_is_sent_after_a_relink(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")
    case.send()
    said = talk.count(case.sandbox, "collections_update")

    queue.find_changed(case.connection, case.entity)
    case.send()

    assert case.link().changed == []
    assert talk.count(case.sandbox, "collections_update") == said


def test_a_survivor_that_another_of_ours_is_linked_to_asks_a_person(case: Case) -> None:
    other = case.another(phone="8")
    talk.send(case.connection, [other])
    survivor = entities.get(case.entity).links().get(record=other).remote_id
    before = case.rows()[survivor]
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")

    case.send()

    link = case.link()
    assert (link.state, link.code) == ("failed", "conflict")
    assert [item["remote_id"] for item in link.candidates] == [survivor]
    assert case.rows()[survivor]["Phone"] == before["Phone"]
    assert case.rows()[survivor]["Concord_Id__c"] == str(other.public_id)
    assert talk.shown(case.record, case.connection)[0] == "Needs your choice"
    said = talk.count(case.sandbox, "collections_update")
    talk.later(case.connection)
    assert talk.count(case.sandbox, "collections_update") == said

    queue.choose(case.entity, link.pk, CREATE, by="tester", run=talk.new_run(case.connection).pk)
    talk.drain(case.connection)
    assert case.link().state == "idle"
    assert case.link().remote_id not in ("", survivor)
    assert case.rows()[case.link().remote_id]["Phone"] == "2"


def test_a_survivor_linked_to_another_of_ours_whose_key_is_not_there_asks_too(case: Case) -> None:
    other = case.another(phone="8")
    talk.send(case.connection, [other])
    survivor = entities.get(case.entity).links().get(record=other).remote_id
    talk.remote_changes(case.sandbox, case.sobject, survivor, Concord_Id__c=None)
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")

    case.send()

    link = case.link()
    assert (link.state, link.code) == ("failed", "conflict")
    assert case.rows()[survivor]["Phone"] != "2"
    assert entities.get(case.entity).links().get(record=other).remote_id == survivor


def test_two_of_ours_merged_into_a_third_over_there_do_not_share_it(case: Case) -> None:
    other: Any = case.another(phone="8")
    talk.send(case.connection, [other])
    losers = [case.link().remote_id, entities.get(case.entity).links().get(record=other).remote_id]
    survivor = case.beside()
    case.merge(survivor, *losers)
    case.edit(phone="2")
    other.phone = "3"
    other.save()

    talk.send(case.connection, [case.record, other])
    talk.later(case.connection)

    links = entities.get(case.entity).links().filter(record__in=[case.record.pk, other.pk])
    told = sorted((link.state, link.code) for link in links)
    assert told in ([("failed", "conflict"), ("idle", "")], [("failed", "conflict")] * 2)
    assert links.filter(remote_id=survivor).count() <= 1
    assert len(case.rows()) == 1


def test_a_survivor_with_a_strangers_key_asks_a_person(case: Case) -> None:
    survivor = case.beside(Concord_Id__c="somebody-else")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")

    case.send()

    link = case.link()
    assert (link.state, link.code) == ("failed", "conflict")
    assert case.rows()[survivor].get("Phone") != "2"
    assert [item["remote_id"] for item in link.candidates] == [survivor]


def test_a_survivor_with_our_own_key_is_ours(case: Case) -> None:
    survivor = case.beside()
    old = case.link().remote_id
    case.merge(survivor, old)
    talk.remote_changes(case.sandbox, case.sobject, survivor, Concord_Id__c=str(case.record.public_id))
    case.edit(phone="2")

    case.send()

    assert (case.link().remote_id, case.link().state) == (survivor, "idle")


LOST = [
    ({"fault": "drop_after_commit", "match": {"route": "collections_update"}}, 1),
    ({"fault": "drop_before_commit", "match": {"route": "collections_update"}}, 1),
    ({"fault": "html", "match": {"route": "collections_update"}}, 1),
    ({"fault": "status:503", "match": {"route": "composite"}}, 1),
    ({"fault": "status:500", "match": {"route": "composite"}}, 2),
    ({"fault": "status:429", "match": {"route": "composite"}}, 1),
]


@pytest.mark.parametrize(("lost", "times"), LOST, ids=lambda value: str(value)[:40])
def test_an_answer_lost_while_relinking_ends_at_the_survivor(
    case: Case, lost: dict[str, Any], times: int
) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")
    talk.break_it(case.sandbox, {**lost, "times": times})

    case.send()
    for _ in range(3):
        talk.later(case.connection)

    link = case.link()
    assert (link.remote_id, link.state, link.unsure) == (survivor, "idle", False)
    assert case.rows()[survivor]["Phone"] == "2"
    assert case.rows()[survivor]["Concord_Id__c"] == str(case.record.public_id)
    assert len(case.rows()) == 1


def test_the_write_to_the_survivor_may_lose_its_answer(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")
    talk.break_it(case.sandbox, {"fault": "drop_after_commit", "match": {"id": survivor}, "times": 1})

    case.send()
    assert case.rows()[survivor]["Phone"] == "2"
    case.edit(phone="1")  # back to what it was: must end as it is here
    for _ in range(3):
        talk.later(case.connection)

    assert (case.link().remote_id, case.link().state) == (survivor, "idle")
    assert case.rows()[survivor]["Phone"] == "1"


def test_a_survivor_that_refuses_the_edit_is_told_and_goes_on_once_mended(case: Case) -> None:
    survivor = case.beside(Phone="their phone")
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")
    talk.break_it(case.sandbox, {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "match": {"id": survivor}})
    case.send()
    assert (case.link().state, case.link().code) == ("failed", "FIELD_INTEGRITY_EXCEPTION")
    talk.mend(case.sandbox)

    case.edit(phone="3")
    case.send()

    assert (case.link().remote_id, case.link().state) == (survivor, "idle")
    assert case.rows()[survivor]["Phone"] == "3"


def test_a_merge_in_a_batch_leaves_the_neighbours_alone(case: Case) -> None:
    good, gone = case.another(), case.another()
    talk.send(case.connection, [good, gone])
    survivor = case.beside()
    case.merge(survivor, case.link().remote_id)
    case.delete(entities.get(case.entity).links().get(record=gone).remote_id)
    some: list[Any] = [case.record, good, gone]
    for number, record in enumerate(some):
        record.phone = f"9{number}"
        record.save()
    new = case.another()

    run = talk.send(case.connection, [*some, new])

    assert (run.updated, run.rejected, run.created) == (2, 1, 1)
    assert case.rows()[survivor]["Phone"] == "90"
    assert entities.get(case.entity).links().get(record=gone).code == "gone"
    assert len(case.rows()) == 3


# Deleted.


@pytest.mark.parametrize("how", ["deleted", "never was"])
def test_a_deleted_record_is_told_and_never_made_anew(case: Case, how: str) -> None:
    if how == "deleted":
        case.delete(case.link().remote_id)
    else:
        entities.get(case.entity).links().filter(record=case.record).update(remote_id=NEVER_WAS[case.sobject])
        case.delete(next(iter(case.rows())))
    case.edit(phone="2")

    case.send()

    word, reason = talk.shown(case.record, case.connection)
    assert word == "Gone over there"
    assert reason.startswith("Deleted in Salesforce, seen ")
    assert case.rows() == {}
    link = case.link()
    assert (link.code, link.state) == ("gone", "failed")
    assert "Create it again, unlink it, or leave it." in link.message


def test_nothing_is_sent_to_a_deleted_record_by_itself_again(case: Case) -> None:
    case.connection.auto_push = {"company": True, "contact": True}
    case.connection.save()
    case.delete(case.link().remote_id)
    case.edit(phone="2")
    talk.drain(case.connection)
    said = talk.count(case.sandbox, "collections_update")

    for _ in range(3):
        queue.find_changed(case.connection, case.entity)
        talk.later(case.connection)

    assert talk.count(case.sandbox, "collections_update") == said
    assert case.rows() == {}
    assert talk.shown(case.record, case.connection)[0] == "Gone over there"


def test_an_edit_of_a_deleted_record_makes_no_new_one(case: Case) -> None:
    case.connection.auto_push = {"company": True, "contact": True}
    case.connection.save()
    case.delete(case.link().remote_id)
    case.edit(phone="2")
    talk.drain(case.connection)

    case.edit(phone="3")
    talk.drain(case.connection)

    assert case.rows() == {}
    assert talk.shown(case.record, case.connection)[0] == "Gone over there"


def _click(case: Case) -> None:
    case.send()


def _click_all(case: Case) -> None:
    case.send(full=True)


def _retry(case: Case) -> None:
    run = talk.new_run(case.connection)
    queue.retry_failed(case.connection, None, run=run.pk, requested_by="tester")
    talk.drain(case.connection)


@pytest.mark.parametrize("again", [_click, _click_all, _retry])
def test_no_other_request_makes_a_deleted_record_anew(case: Case, again: Callable[[Case], None]) -> None:
    case.delete(case.link().remote_id)
    case.edit(phone="2")
    case.send()

    again(case)

    assert case.rows() == {}
    assert talk.shown(case.record, case.connection)[0] == "Gone over there"


def test_create_it_again_makes_a_new_one_with_everything(case: Case) -> None:
    old = case.link().remote_id
    case.delete(old)
    case.edit(phone="2")
    case.send()

    queue.choose(case.entity, case.link().pk, CREATE, by="tester", run=talk.new_run(case.connection).pk)
    talk.drain(case.connection)

    (there,) = case.rows().values()
    link = case.link()
    assert (there["Phone"], there["Concord_Id__c"]) == ("2", str(case.record.public_id))
    assert (link.remote_id, link.state) == (there["Id"], "idle")
    assert there["Id"] != old
    assert Entry.objects.filter(object_id=case.record.public_id).latest("pk").outcome == "created"

    case.edit(phone="3")
    case.send()
    assert len(case.rows()) == 1


def test_unlink_forgets_it_and_a_later_send_makes_a_new_one(case: Case) -> None:
    case.delete(case.link().remote_id)
    case.edit(phone="2")
    case.send()

    queue.unlink(case.entity, case.link().pk, by="tester")
    talk.later(case.connection)
    assert talk.shown(case.record, case.connection)[0] == "Not synced"
    assert case.rows() == {}

    case.send()
    assert len(case.rows()) == 1


def test_a_record_restored_over_there_goes_on(case: Case) -> None:
    """Nobody chose anything ("Leave"), and a colleague took it out of the bin by another id."""
    case.delete(case.link().remote_id)
    case.edit(phone="2")
    case.send()
    restored = case.beside(Concord_Id__c=str(case.record.public_id))

    queue.unlink(case.entity, case.link().pk, by="tester")
    case.send()

    assert case.link().remote_id == restored
    assert len(case.rows()) == 1


def test_an_account_that_took_its_contacts_along_leaves_both_gone(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company)
    talk.send(salesforce, [mark])
    talk.remote_deletes(sandbox, "Account", talk.link_of(company).remote_id)
    assert talk.people(sandbox) == []
    mark.phone = "2"
    mark.save()

    talk.send(salesforce, [mark])
    assert talk.shown(mark, salesforce)[0] == "Gone over there"
    talk.send(salesforce, [company], full=True)
    assert talk.shown(company, salesforce)[0] == "Gone over there"

    for record, entity in ((company, "company"), (mark, "contact")):
        link = entities.get(entity).links().get(record=record)
        queue.choose(entity, link.pk, CREATE, by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.account_of(sandbox, company)["Id"]


def test_a_company_made_anew_takes_its_contacts_to_the_new_account(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company)
    talk.drain(salesforce)
    (elsewhere,) = talk.remote_creates(sandbox, {"Name": "Elsewhere"})
    talk.remote_changes(sandbox, "Contact", talk.contact_link_of(mark).remote_id, AccountId=elsewhere)
    talk.remote_deletes(sandbox, "Account", talk.link_of(company).remote_id)
    company.phone = "2"
    company.save()
    talk.drain(salesforce)
    queue.choose("company", talk.link_of(company).pk, CREATE, by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)

    queue.find_changed(salesforce, "contact")
    talk.drain(salesforce)

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id


def test_a_merge_costs_three_queries(case: Case) -> None:
    survivor = case.beside()
    case.merge(survivor, case.link().remote_id)
    case.edit(phone="2")
    looked = talk.count(case.sandbox, "composite")

    case.send()  # asks for its fate, the survivor's, and the survivor itself

    assert talk.count(case.sandbox, "composite") == looked + 3
    fates = [
        call
        for call in asked(case.sandbox, "composite")
        if "queryAll" in call["body"]["compositeRequest"][0]["url"]
    ]
    assert len(fates) == 2
    assert all("MasterRecordId" in call["body"]["compositeRequest"][0]["url"] for call in fates)
