"""Contacts in Salesforce: what stands on the wire, and never two of them for one person.

What must be on the wire, after the fact sheet's sections 2.2, 2.3, 2.10 and 4:

- a new contact goes to `PATCH /composite/sobjects/Contact/Concord_Id__c`, so that our key
  stands in it and a repeated call makes no second one; AccountId holds the 18 characters of
  its account; a blank is left out; Name is read-only and never sent;
- a known one goes to `PATCH /composite/sobjects` with `id` and the fields that changed; null clears;
- at most 200 records a call, each of type Contact, accounts before contacts;
- LastName 80 characters and required, FirstName 40, Title 128, Email 80, Phone 40.
"""

from typing import Any

import pytest

from companies.models import Company
from connectors import entities, health, queue
from connectors.models import Connection
from connectors.protocol import CREATE
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from synclog.models import Entry, Run
from tests import seeded, talk
from tests.desk import asked, set_up
from tests.factories import CompanyFactory, ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(salesforce: Connection, sandbox: SandboxServer) -> Company:
    """Return a company that is over there."""
    company: Company = CompanyFactory.create(name="Facebook", website="facebook.example")
    seeded.there(salesforce, sandbox, company)
    return company


def account_id(company: Company) -> str:
    return talk.link_of(company).remote_id


def writes(sandbox: SandboxServer) -> list[tuple[str, dict[str, Any]]]:
    """Return each record that was written to Contact, with the route, oldest first."""
    calls = asked(sandbox, "collections_upsert", "collections_update")
    return [
        (call["route"], {name: value for name, value in record.items() if name != "attributes"})
        for call in calls
        for record in call["body"]["records"]
        if record["attributes"]["type"] == "Contact"
    ]


# On the wire.


def test_a_new_contact_is_upserted_by_our_key_with_its_account(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(
        company=company,
        first_name="Mark",
        last_name="Z",
        job_title="CEO",
        email="markz@test.example",
        phone="+1 650 555 0001",
    )

    run = talk.send(salesforce, [mark])

    (call,) = [call for call in asked(sandbox, "collections_upsert") if "/Contact/" in call["path"]]
    assert call["path"].endswith("/composite/sobjects/Contact/Concord_Id__c")
    assert call["body"] == {
        "allOrNone": False,
        "records": [
            {
                "attributes": {"type": "Contact"},
                "Concord_Id__c": str(mark.public_id),
                "AccountId": account_id(company),
                "FirstName": "Mark",
                "LastName": "Z",
                "Title": "CEO",
                "Email": "markz@test.example",
                "Phone": "+1 650 555 0001",
            }
        ],
    }
    there = talk.person_of(sandbox, mark)
    assert (run.created, run.requested) == (1, 1)
    link = talk.contact_link_of(mark)
    assert (link.remote_id, link.state, link.adopted) == (there["Id"], "idle", False)
    assert link.remote_url.endswith(f"/lightning/r/Contact/{there['Id']}/view")
    (entry,) = Entry.objects.filter(object_id=mark.public_id)
    assert (entry.action_type, entry.entity) == ("customer_contact", "contact")
    assert entry.description == f"Mark Z created in Salesforce as {there['Id']}."


def test_blanks_are_left_out_of_a_create_and_cleared_later_only_where_we_set_them(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company, first_name="", job_title="", email="", phone="5")
    talk.send(salesforce, [mark])
    _, made = writes(sandbox)[-1]
    assert set(made) == {"Concord_Id__c", "AccountId", "LastName", "Phone"}
    talk.remote_changes(sandbox, "Contact", talk.contact_link_of(mark).remote_id, Title="Theirs")

    mark.phone = ""
    mark.save()
    talk.send(salesforce, [mark])

    route, changed = writes(sandbox)[-1]
    assert (route, changed) == (
        "collections_update",
        {"id": talk.contact_link_of(mark).remote_id, "Phone": None},
    )
    there = talk.person_of(sandbox, mark)
    assert (there.get("Phone"), there["Title"]) == (None, "Theirs")


def test_an_edit_sends_what_changed_and_a_save_without_one_nothing(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company)
    talk.send(salesforce, [mark])
    mark.job_title, mark.role = "CTO", Contact.Role.SENIOR
    mark.save()
    talk.send(salesforce, [mark])
    said = len(writes(sandbox))

    mark.save()
    run = talk.send(salesforce, [mark])

    assert writes(sandbox)[-1][1] == {"id": talk.contact_link_of(mark).remote_id, "Title": "CTO"}
    assert (len(writes(sandbox)), run.unchanged) == (said, 1)


def test_a_contact_that_moves_takes_the_account_of_its_new_company(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    other = CompanyFactory.create()
    mark = ContactFactory.create(company=company)
    talk.send(salesforce, [mark])
    mark.company = other
    mark.save()

    run = talk.send(salesforce, [mark])  # the other company was never sent: it goes first

    assert talk.person_of(sandbox, mark)["AccountId"] == account_id(other) != account_id(company)
    assert writes(sandbox)[-1][1] == {
        "id": talk.contact_link_of(mark).remote_id,
        "AccountId": account_id(other),
    }
    assert (run.created, run.updated) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value", "label", "limit"),
    [
        ("last_name", "é" * 81, "Last Name", 80),
        ("first_name", "x" * 41, "First Name", 40),
        ("job_title", "x" * 129, "Job Title", 128),
        ("email", f"{'x' * 60}@{'y' * 20}.example", "Email", 80),
        ("phone", "1" * 41, "Phone", 40),
    ],
)
def test_what_is_too_long_is_refused_with_field_measure_and_remedy(
    salesforce: Connection,
    sandbox: SandboxServer,
    company: Company,
    field: str,
    value: str,
    label: str,
    limit: int,
) -> None:
    good = ContactFactory.create(company=company)
    bad = ContactFactory.create(company=company, **{field: value})

    run = talk.send(salesforce, [good, bad])

    over = len(value) - limit
    text = f"{label} has {len(value)} characters; Salesforce takes {limit}. Shorten it by {over}."
    assert talk.contact_link_of(bad).errors == {field: text}
    assert talk.shown(bad, salesforce) == ("Failed", text.split(". ")[0] + ".")
    assert (run.created, run.rejected) == (1, 1)
    assert len(talk.people(sandbox)) == 1

    setattr(bad, field, "fits@example.com" if field == "email" else value[:limit])
    bad.save()
    talk.send(salesforce, [bad])

    assert talk.contact_link_of(bad).errors == {}
    assert len(talk.people(sandbox)) == 2


def test_a_last_name_of_eighty_and_an_email_of_eighty_fit(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    email = f"{'x' * 60}@{'y' * 11}.example"
    assert len(email) == 80
    mark = ContactFactory.create(company=company, last_name="é" * 80, email=email)

    talk.send(salesforce, [mark])

    assert (talk.person_of(sandbox, mark)["LastName"], talk.person_of(sandbox, mark)["Email"]) == (
        "é" * 80,
        email,
    )


def test_an_email_that_salesforce_does_not_take_is_told_beside_the_field(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company, email="mark@localhost")

    talk.send(salesforce, [mark])

    link = talk.contact_link_of(mark)
    assert (link.state, link.code, set(link.errors)) == ("failed", "INVALID_EMAIL_ADDRESS", {"email"})
    assert "Email" in link.errors["email"]


STRANGE = {
    "emoji": "Zoë 🚀👩‍👩‍👧",
    "right to left": "محمد الأفق \u202eabc",
    "null": "null",
    "quotes": 'O\'Neil "& Co" \\ </b>',
    "combining": "Cafe\u0301",
    "formula": "=1+1",
    "percent": "100%_{x}",
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_names_arrive_as_they_are(
    salesforce: Connection, sandbox: SandboxServer, company: Company, what: str
) -> None:
    text = STRANGE[what]
    mark = ContactFactory.create(company=company, first_name=text, last_name=text, job_title=text)

    talk.send(salesforce, [mark])
    run = talk.send(salesforce, [mark])

    there = talk.person_of(sandbox, mark)
    assert (there["FirstName"], there["LastName"], there["Title"]) == (text, text, text)
    assert run.unchanged == 1


def test_nul_never_leaves(salesforce: Connection) -> None:
    from connectors import registry

    contact = ContactFactory.build(
        company=CompanyFactory.build(), first_name="Ma\x00rk", last_name="\x00Z", phone="\x00"
    )

    payload = registry.mapping(salesforce, "contact").render(contact).payload

    assert (payload["FirstName"], payload["LastName"], payload["Phone"]) == ("Mark", "Z", None)


def test_a_contact_without_a_last_name_is_told_to_fill_it_in(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company, last_name=" ")

    talk.send(salesforce, [mark])

    assert talk.contact_link_of(mark).errors == {
        "last_name": "Last Name is empty; Salesforce needs it. Fill it in and save."
    }


def test_many_contacts_go_two_hundred_a_call(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    chosen = Contact.objects.bulk_create(ContactFactory.build_batch(450, company=company))

    talk.send(salesforce, chosen)

    sizes = [
        len(call["body"]["records"])
        for call in asked(sandbox, "collections_upsert")
        if "/Contact/" in call["path"]
    ]
    assert sum(sizes) == 450
    assert max(sizes) == 200
    assert len(talk.people(sandbox)) == 450


def test_a_mixed_batch_is_settled_one_by_one(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    good, linked, bad, same = (
        ContactFactory.create(company=company, last_name=name) for name in ("Good", "Linked", "Bad", "Same")
    )
    talk.send(salesforce, [linked, same])
    linked.phone = "2"
    linked.save()
    talk.break_it(
        sandbox, {"fault": "record:FIELD_CUSTOM_VALIDATION_EXCEPTION", "match": {"LastName": "Bad"}}
    )

    run = talk.send(salesforce, [good, linked, bad, same])

    assert (run.created, run.updated, run.rejected, run.unchanged) == (1, 1, 1, 1)
    assert talk.contact_link_of(bad).state == "failed"
    assert "validation rule" in talk.contact_link_of(bad).message


# One person, one contact.


LOST = [
    {"fault": "drop_after_commit"},
    {"fault": "drop_before_commit"},
    {"fault": "html"},
    {"fault": "garbage"},
    {"fault": "status:500"},
    {"fault": "status:503"},
    {"fault": "expire_tokens"},
]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: str(lost["fault"]))
def test_a_create_whose_answer_was_lost_makes_one_contact(
    salesforce: Connection, sandbox: SandboxServer, company: Company, lost: dict[str, Any]
) -> None:
    some = ContactFactory.create_batch(3, company=company)
    talk.break_it(sandbox, {**lost, "match": {"route": "collections_upsert"}, "times": 1})
    talk.send(salesforce, some)

    talk.later(salesforce)

    assert len(talk.people(sandbox)) == 3
    for contact in some:
        link = talk.contact_link_of(contact)
        assert (link.state, link.unsure) == ("idle", False)
        assert link.remote_id == talk.person_of(sandbox, contact)["Id"]


def test_an_edit_made_while_the_answer_of_the_create_was_lost_arrives(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company, job_title="CEO", phone="1")
    talk.break_it(
        sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_upsert"}, "times": 1}
    )
    talk.send(salesforce, [mark])
    mark.job_title, mark.phone = "", "2"
    mark.save()

    talk.later(salesforce)

    there = talk.person_of(sandbox, mark)
    assert (there.get("Title"), there["Phone"]) == (None, "2")
    assert len(talk.people(sandbox)) == 1


@pytest.mark.parametrize("ours", ["markz@test.example", "MarkZ@Test.Example"])
def test_a_contact_with_the_same_email_in_the_same_account_is_adopted(
    salesforce: Connection, sandbox: SandboxServer, company: Company, ours: str
) -> None:
    (there,) = talk.remote_creates(
        sandbox,
        {
            "LastName": "Zuck",
            "Email": "markz@test.example",
            "Title": "Founder",
            "AccountId": account_id(company),
        },
        sobject="Contact",
    )
    mark = ContactFactory.create(
        company=company, first_name="Mark", last_name="ZUCK", job_title="CEO", email=ours, phone="5"
    )

    run = talk.send(salesforce, [mark])

    (found,) = talk.people(sandbox)
    assert found["Id"] == there == talk.contact_link_of(mark).remote_id
    assert found["Concord_Id__c"] == str(mark.public_id)
    assert (found["FirstName"], found["Phone"]) == ("Mark", "5")  # blanks are filled
    assert (found["Title"], found["LastName"]) == ("Founder", "Zuck")  # what differs is left
    assert found["Email"] == "markz@test.example"
    assert talk.contact_link_of(mark).adopted is True
    assert run.updated == 1
    (entry,) = Entry.objects.filter(object_id=mark.public_id)
    assert "Linked to the contact that matched; left as they are over there: " in entry.description
    assert "Job Title" in entry.description


def test_what_was_left_at_adoption_is_sent_once_it_is_edited_here(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    talk.remote_creates(
        sandbox,
        {"LastName": "Z", "Email": "m@test.example", "Title": "Founder", "AccountId": account_id(company)},
        sobject="Contact",
    )
    mark = ContactFactory.create(company=company, last_name="Z", job_title="CEO", email="m@test.example")
    talk.send(salesforce, [mark])
    talk.send(salesforce, [mark], full=True)
    assert talk.person_of(sandbox, mark)["Title"] == "Founder"

    mark.job_title = "CTO"
    mark.save()
    talk.send(salesforce, [mark])

    assert talk.person_of(sandbox, mark)["Title"] == "CTO"


def test_a_contact_of_another_account_is_not_touched(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    (elsewhere,) = talk.remote_creates(sandbox, {"Name": "Globex"})
    (there,) = talk.remote_creates(
        sandbox, {"LastName": "Z", "Email": "m@test.example", "AccountId": elsewhere}, sobject="Contact"
    )
    mark = ContactFactory.create(company=company, last_name="Z", email="m@test.example")

    run = talk.send(salesforce, [mark])

    assert run.created == 1
    assert len(talk.people(sandbox)) == 2
    (untouched,) = [row for row in talk.people(sandbox) if row["Id"] == there]
    assert (untouched["AccountId"], untouched.get("Concord_Id__c"), untouched.get("Phone")) == (
        elsewhere,
        None,
        None,
    )


@pytest.mark.parametrize("doubt", ["no account", "another last name", "two of them", "another key"])
def test_doubt_is_for_a_person(
    salesforce: Connection, sandbox: SandboxServer, company: Company, doubt: str
) -> None:
    here = {"LastName": "Z", "Email": "m@test.example", "AccountId": account_id(company)}
    cases: dict[str, list[dict[str, Any]]] = {
        "no account": [{**here, "AccountId": None}],
        "another last name": [{**here, "LastName": "Ypsilon"}],
        "two of them": [here, here],
        "another key": [{**here, "Concord_Id__c": "somebody-else"}],
    }
    found = talk.remote_creates(sandbox, *cases[doubt], sobject="Contact")
    before = talk.people(sandbox)
    mark = ContactFactory.create(company=company, last_name="Z", email="m@test.example")

    run = talk.send(salesforce, [mark])

    link = talk.contact_link_of(mark)
    assert (run.conflict, link.state, link.code, link.remote_id) == (1, "failed", "conflict", "")
    assert sorted(item["remote_id"] for item in link.candidates) == sorted(found)
    assert talk.people(sandbox) == before
    assert talk.shown(mark, salesforce)[0] == "Needs your choice"


@pytest.mark.parametrize("decided", ["link", "create"])
def test_a_choice_is_carried_out(
    salesforce: Connection, sandbox: SandboxServer, company: Company, decided: str
) -> None:
    (there,) = talk.remote_creates(
        sandbox, {"LastName": "Other", "Email": "m@test.example", "Phone": "9"}, sobject="Contact"
    )
    mark = ContactFactory.create(company=company, last_name="Z", email="m@test.example", phone="5")
    talk.send(salesforce, [mark])
    link = talk.contact_link_of(mark)

    choice = there if decided == "link" else CREATE
    queue.choose("contact", link.pk, choice, by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)

    people = {row["Id"]: row for row in talk.people(sandbox)}
    mine = talk.contact_link_of(mark).remote_id
    assert talk.contact_link_of(mark).state == "idle"
    if decided == "link":
        assert mine == there
        assert (people[there]["LastName"], people[there]["Phone"]) == ("Other", "9")
        assert people[there]["AccountId"] == account_id(company)  # was blank: filled
    else:
        assert mine != there
        assert len(people) == 2
        assert people[there].get("AccountId") is None


def test_two_of_ours_that_match_one_contact_need_a_choice(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    talk.remote_creates(
        sandbox,
        {"LastName": "Z", "Email": "m@test.example", "AccountId": account_id(company)},
        sobject="Contact",
    )
    pair = ContactFactory.create_batch(2, company=company, last_name="Z", email="m@test.example")

    run = talk.send(salesforce, pair)

    assert run.conflict == 2
    assert len(talk.people(sandbox)) == 1
    assert all(talk.contact_link_of(one).code == "conflict" for one in pair)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("email", ["m@test.example", "M@Test.Example"])
def test_two_of_ours_with_one_email_in_one_company_make_one_contact_and_ask(
    salesforce: Connection, sandbox: SandboxServer, company: Company, email: str, together: bool
) -> None:
    emails = ("m@test.example", email)
    pair = [ContactFactory.create(company=company, last_name="Z", email=email) for email in emails]

    for batch in [pair] if together else [pair[:1], pair[1:]]:
        talk.send(salesforce, batch)

    assert len(talk.people(sandbox)) <= 1
    assert "conflict" in {talk.contact_link_of(one).code for one in pair}


def test_two_of_ours_with_one_email_in_two_companies_are_two_contacts(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    other = CompanyFactory.create()
    pair = [ContactFactory.create(company=one, email="m@test.example") for one in (company, other)]

    talk.send(salesforce, pair)

    assert {row["AccountId"] for row in talk.people(sandbox)} == {account_id(company), account_id(other)}


def test_contacts_without_email_are_never_taken_for_each_other(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    talk.remote_creates(sandbox, {"LastName": "Z", "AccountId": account_id(company)}, sobject="Contact")
    pair = ContactFactory.create_batch(2, company=company, last_name="Z", email="")

    run = talk.send(salesforce, pair)

    assert (run.created, len(talk.people(sandbox))) == (2, 3)


def test_our_key_finds_its_contact_whatever_else_it_says(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company, last_name="Z", email="m@test.example")
    (elsewhere,) = talk.remote_creates(sandbox, {"Name": "Globex"})
    (there,) = talk.remote_creates(
        sandbox,
        {"LastName": "Renamed", "Concord_Id__c": str(mark.public_id).upper(), "AccountId": elsewhere},
        sobject="Contact",
    )

    talk.send(salesforce, [mark])

    (found,) = talk.people(sandbox)
    assert (found["Id"], found["LastName"], found["AccountId"]) == (there, "Z", account_id(company))


@pytest.mark.parametrize("rule", ["alert", "block"])
def test_a_duplicate_rule_of_theirs_asks_a_person_and_makes_no_second_one(
    salesforce: Connection, sandbox: SandboxServer, company: Company, rule: str
) -> None:
    set_up(sandbox, contact_duplicate_rule=rule)
    (elsewhere,) = talk.remote_creates(sandbox, {"Name": "Globex"})
    (there,) = talk.remote_creates(
        sandbox, {"LastName": "Z", "Email": "m@test.example", "AccountId": elsewhere}, sobject="Contact"
    )
    mark = ContactFactory.create(company=company, last_name="Z", email="m@test.example")

    talk.send(salesforce, [mark])

    link = talk.contact_link_of(mark)
    assert (link.code, [item["remote_id"] for item in link.candidates]) == ("conflict", [there])
    assert "contact" in link.message
    assert "account" not in link.message
    queue.choose("contact", link.pk, CREATE, by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)
    assert len(talk.people(sandbox)) == (2 if rule == "alert" else 1)
    assert talk.contact_link_of(mark).state == ("idle" if rule == "alert" else "failed")


# Switched off.


@pytest.mark.parametrize("how", ["record", "line"])
def test_a_contact_that_is_switched_off_is_sent_by_nothing(
    salesforce: Connection, sandbox: SandboxServer, company: Company, how: str
) -> None:
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()
    mark = ContactFactory.create(company=company, sync_enabled=how != "record")
    if how == "line":
        queue.set_enabled("contact", mark.pk, salesforce, False, by="tester")

    mark.phone = "9"
    mark.save()
    run = talk.request(salesforce, [mark])
    talk.drain(salesforce)
    queue.find_changed(salesforce, "contact")
    queue.retry_failed(salesforce, "contact", run=run.pk, requested_by="tester")
    talk.later(salesforce)

    assert talk.people(sandbox) == []
    assert talk.shown(mark, salesforce)[0] == "Not enabled"
    assert queue.waiting(run.pk) == 0


@pytest.mark.parametrize("how", ["record", "line"])
def test_a_linked_contact_that_is_switched_off_stays_as_it_is_over_there(
    salesforce: Connection, sandbox: SandboxServer, company: Company, how: str
) -> None:
    mark = ContactFactory.create(company=company, phone="1")
    talk.send(salesforce, [mark])
    if how == "line":
        queue.set_enabled("contact", mark.pk, salesforce, False, by="tester")
    mark.sync_enabled, mark.phone = how != "record", "2"
    mark.save()

    talk.send(salesforce, [mark])
    assert talk.person_of(sandbox, mark)["Phone"] == "1"

    if how == "line":
        queue.set_enabled("contact", mark.pk, salesforce, True, by="tester")
    mark.sync_enabled = True
    mark.save()
    talk.send(salesforce, [mark])

    assert talk.person_of(sandbox, mark)["Phone"] == "2"


def test_an_inactive_contact_is_sent_as_any_other(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company, active=False)

    talk.send(salesforce, [mark])

    assert len(talk.people(sandbox)) == 1


def test_a_contact_deleted_here_stays_over_there(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark, waiting = ContactFactory.create_batch(2, company=company)
    talk.send(salesforce, [mark])
    talk.request(salesforce, [waiting])

    mark.delete()
    waiting.delete()
    talk.later(salesforce)

    assert len(talk.people(sandbox)) == 1
    assert not ContactLink.objects.exists()


# A match without a write.


def test_match_only_says_what_a_push_would_do_and_writes_nothing(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    from django.core.management import call_command

    talk.remote_creates(
        sandbox,
        {"LastName": "Z", "Email": "m@test.example", "AccountId": account_id(company)},
        {"LastName": "Other", "Email": "n@test.example", "AccountId": account_id(company)},
        sobject="Contact",
    )
    before = talk.people(sandbox)
    taken, doubtful, new = (
        ContactFactory.create(company=company, last_name="Z", email=email)
        for email in ("M@test.example", "n@test.example", "o@test.example")
    )

    call_command("sync", salesforce.slug, "contact", match_only=True)

    assert talk.people(sandbox) == before
    assert talk.contact_link_of(taken).remote_id == before[0]["Id"]
    assert talk.contact_link_of(doubtful).code == "conflict"
    assert not ContactLink.objects.filter(record=new).exists()
    assert not Run.objects.filter(entity="contact", created__gt=0).exists()

    talk.send(salesforce, [taken])
    assert talk.person_of(sandbox, taken)["Id"] == before[0]["Id"]


def test_no_secret_and_no_unknown_text_reach_the_link(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company)
    talk.break_it(sandbox, {"fault": "record:FOO_BAR", "message": "the secret is rehearsal-secret"})

    talk.send(salesforce, [mark])
    talk.later(salesforce)
    talk.later(salesforce)

    link = talk.contact_link_of(mark)
    assert link.state == "failed"
    assert link.message == "Salesforce answered FOO_BAR, which Concord does not know."
    texts = [entry.answer + entry.description for entry in Entry.objects.filter(object_id=mark.public_id)]
    assert texts
    assert not [text for text in texts if "rehearsal-secret" in text]


def test_contacts_are_known_to_the_engine_after_companies() -> None:
    order = [entity.name for entity in entities.in_order(["contact", "company"])]

    assert order == ["company", "contact"]
    assert entities.get("contact").parent == "company"


def test_a_paused_connection_keeps_contacts_waiting(
    salesforce: Connection, sandbox: SandboxServer, company: Company
) -> None:
    mark = ContactFactory.create(company=company)
    health.pause(salesforce, by="tester")

    talk.send(salesforce, [mark])
    assert talk.shown(mark, salesforce) == ("Waiting", "connection paused by a person")
    health.resume(salesforce, by="tester")
    talk.drain(salesforce)

    assert talk.shown(mark, salesforce)[0] == "In sync"
