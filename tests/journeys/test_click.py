"""The first path: an administrator clicks Sync with Salesforce."""

from collections import Counter
from typing import Any

import pytest
import requests

from companies.models import Company, CompanyLink
from connectors import queue
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.factories import CompanyFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]


def companies(count: int, **fields: Any) -> list[Company]:
    """Return saved companies without asking for a sync."""
    return list(Company.objects.bulk_create(CompanyFactory.build_batch(count, **fields)))


def test_a_clicked_company_arrives_with_all_its_fields(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook", phone="+1 444 444 444", status="blocked")

    run = talk.send(salesforce, [company])

    account = talk.account_of(sandbox, company)
    link = talk.link_of(company)
    assert account["Name"] == "Facebook"
    assert account["Concord_Email__c"] == company.email
    assert account["BillingCountry"] == "United States"
    assert account["Concord_Status__c"] == "Blocked"
    assert link.remote_id == account["Id"]
    assert link.remote_url.endswith(f"/lightning/r/Account/{account['Id']}/view")
    assert (link.state, link.unsure, link.changed, link.lease) == ("idle", False, [], None)
    assert (run.created, run.requested, run.finished) == (1, 1, 1)
    entry = Entry.objects.get(object_id=company.public_id)
    assert entry.description == f"Facebook created in Salesforce as {account['Id']}."
    assert "Phone +1 444 444 444" in entry.message
    assert (entry.login_user, entry.run, entry.http_status) == ("tester", run.pk, 200)


def test_five_hundred_clicked_companies_take_three_write_calls(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    chosen = companies(500)

    run = talk.send(salesforce, chosen)

    assert run.created == 500
    assert len(talk.accounts(sandbox)) == 500
    counts = talk.calls(sandbox)["counts"]["salesforce"]
    assert counts["collections_upsert"] == 3
    assert run.calls == sum(counts.values())
    assert Entry.objects.filter(run=run.pk).count() == 500


def test_sending_again_makes_no_write_and_no_entry(salesforce: Connection, sandbox: SandboxServer) -> None:
    chosen = companies(300)
    talk.send(salesforce, chosen)
    before = talk.calls(sandbox)["counts"]["salesforce"]

    run = talk.send(salesforce, chosen)

    assert (run.unchanged, run.calls) == (300, 0)
    assert talk.calls(sandbox)["counts"]["salesforce"] == before
    assert not Entry.objects.filter(run=run.pk).exists()


def test_only_what_was_edited_goes_on_the_wire(salesforce: Connection, sandbox: SandboxServer) -> None:
    chosen = companies(30)
    talk.send(salesforce, chosen)
    chosen[3].phone, chosen[9].name = "+44 20 7946 0000", "Renamed Ltd"
    chosen[3].save()
    chosen[9].save()

    run = talk.send(salesforce, chosen)

    assert (run.updated, run.unchanged) == (2, 28)
    body = talk.last_body(sandbox, "collections_update")
    sent = [{name: value for name, value in row.items() if name != "attributes"} for row in body["records"]]
    ids = {company.pk: talk.link_of(company).remote_id for company in (chosen[3], chosen[9])}
    assert sorted(sent, key=str) == sorted(
        [
            {"id": ids[chosen[3].pk], "Phone": "+44 20 7946 0000"},
            {"id": ids[chosen[9].pk], "Name": "Renamed Ltd"},
        ],
        key=str,
    )


def test_an_emptied_field_is_cleared_and_one_that_was_never_ours_is_left(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(phone="+1 415 555 0100", tax_id="")
    talk.send(salesforce, [company])
    account = talk.account_of(sandbox, company)
    talk.remote_edits(sandbox, account["Id"], Concord_Tax_Id__c="typed over there")
    company.phone = ""
    company.save()

    talk.send(salesforce, [company])

    account = talk.account_of(sandbox, company)
    assert not account.get("Phone")
    assert account["Concord_Tax_Id__c"] == "typed over there"


def test_one_bad_record_does_not_stop_the_others_and_says_what_to_do(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    good = companies(20)
    long = CompanyFactory.create(name="x" * 300, legal_name="")
    mail = CompanyFactory.create(name="Bad Mail")
    Company.objects.filter(pk=mail.pk).update(email="nobody@nowhere")

    run = talk.send(salesforce, [*good, long, mail])

    assert (run.created, run.rejected) == (20, 2)
    link = talk.link_of(long)
    assert link.errors == {"name": "Company Name has 300 characters; Salesforce takes 255. Shorten it by 45."}
    assert "e-mail address" in talk.link_of(mail).errors["email"]
    entry = Entry.objects.get(object_id=mail.public_id)
    assert (entry.level, entry.outcome) == ("ERROR", "rejected")
    assert entry.description.startswith(
        "Bad Mail was not sent to Salesforce: Salesforce does not take what stands in Email"
    )


def test_two_accounts_that_match_wait_for_a_choice_and_the_choice_is_kept(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Twin", website="https://twin.example", email="", phone="1")
    first, second = talk.remote_creates(
        sandbox,
        {"Name": "Twin", "Website": "twin.example", "Phone": "2"},
        {"Name": "TWIN", "Website": "http://www.twin.example/de"},
    )

    run = talk.send(salesforce, [company])

    link = talk.link_of(company)
    assert (run.conflict, link.state, link.code, link.remote_id) == (1, "failed", "conflict", "")
    assert {item["remote_id"] for item in link.candidates} == {first, second}
    assert len(talk.accounts(sandbox)) == 2

    queue.choose("company", link.pk, second, by="tester", run=run.pk)
    talk.drain(salesforce)

    link = talk.link_of(company)
    assert (link.state, link.remote_id, link.choice) == ("idle", second, second)
    account = talk.account_of(sandbox, company)
    assert (account["Id"], account["Name"], account["Phone"]) == (second, "TWIN", "1")
    assert len(talk.accounts(sandbox)) == 2


def test_a_person_may_create_a_new_account_although_others_match(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Twin", website="https://twin.example")
    talk.remote_creates(sandbox, *[{"Name": "Twin", "Website": "twin.example"}] * 2)
    run = talk.send(salesforce, [company])

    queue.choose("company", talk.link_of(company).pk, "create", by="tester", run=run.pk)
    talk.drain(salesforce)

    assert talk.link_of(company).state == "idle"
    assert len(talk.accounts(sandbox)) == 3


def test_an_adopted_account_keeps_what_it_has_and_gets_what_it_lacks(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="acme", website="https://acme.example", phone="1", legal_city="Bonn")
    (there,) = talk.remote_creates(sandbox, {"Name": "ACME", "Website": "www.acme.example", "Phone": "2"})

    run = talk.send(salesforce, [company])

    account = talk.account_of(sandbox, company)
    assert (account["Id"], account["Name"], account["Phone"], account["BillingCity"]) == (
        there,
        "ACME",
        "2",
        "Bonn",
    )
    assert (run.created, run.updated) == (0, 1)
    assert "left as they are over there" in Entry.objects.get(object_id=company.public_id).description
    assert talk.send(salesforce, [company]).unchanged == 1

    company.phone = "3"
    company.save()
    talk.send(salesforce, [company])

    account = talk.account_of(sandbox, company)
    assert (account["Name"], account["Phone"]) == ("ACME", "3")


def test_a_record_that_is_switched_off_is_not_sent(salesforce: Connection, sandbox: SandboxServer) -> None:
    on, off = companies(2)
    queue.set_enabled("company", off.pk, salesforce, False, by="tester")
    asked = queue.enqueue(
        "company", [on.pk, off.pk], salesforce, run=talk.new_run(salesforce).pk, requested_by="t"
    )

    talk.drain(salesforce)

    assert (asked.queued, asked.not_enabled) == (1, [off.pk])
    assert [row["Name"] for row in talk.accounts(sandbox)] == [on.name]


def test_a_deleted_account_is_gone_and_is_not_created_again_silently(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    account = talk.account_of(sandbox, company)
    requests.delete(
        f"{sandbox.url}/_control/salesforce/Account/{account['Id']}", timeout=10
    ).raise_for_status()
    company.phone = "7"
    company.save()

    talk.send(salesforce, [company])

    link = talk.link_of(company)
    assert (link.state, link.code) == ("failed", "gone")
    assert talk.accounts(sandbox) == []

    queue.choose("company", link.pk, "create", by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)

    assert talk.account_of(sandbox, company)["Phone"] == "7"


def test_a_refused_login_pauses_the_connection_and_loses_nothing(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    chosen = companies(5)
    salesforce.credentials = {"client_id": "rehearsal-client", "client_secret": "no-such-secret"}
    salesforce.save()

    run = talk.send(salesforce, chosen)

    health = ConnectionHealth.objects.get(connection=salesforce)
    assert (health.pause, health.paused_until) == ("login", None)
    assert "refused the login" in health.pause_reason
    assert queue.waiting(run.pk) == 5
    assert Entry.objects.filter(action_type="connection", level="ERROR").count() == 1
    assert not Entry.objects.filter(search__contains="no-such-secret").exists()
    assert set(CompanyLink.objects.values_list("attempts", "unsure")) == {(0, False)}


def test_the_used_up_day_pauses_without_counting_an_attempt(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    chosen = companies(3)
    talk.break_it(sandbox, {"fault": "rate_limit", "times": 1})

    run = talk.send(salesforce, chosen)

    health = ConnectionHealth.objects.get(connection=salesforce)
    assert health.pause == "limit"
    assert health.paused_until is not None
    assert Counter(CompanyLink.objects.values_list("attempts", flat=True)) == {0: 3}
    assert queue.waiting(run.pk) == 3


def test_an_answer_that_no_database_stores_spoils_one_record_only(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    foul, *others = companies(4)
    match = {"Name": foul.name}
    words = "no \x00 good \ud83d either"
    talk.break_it(sandbox, {"fault": "record:FOO\x00BAR", "message": words, "match": match})

    run = talk.send(salesforce, [foul, *others])

    assert run.created == 3
    link = talk.link_of(foul)
    assert (link.state, link.code, link.attempts) == ("pending", "FOOBAR", 1)
    assert Entry.objects.get(object_id=foul.public_id).answer.count("no  good") == 1


def test_an_adopted_account_keeps_its_address_whole(salesforce: Connection, sandbox: SandboxServer) -> None:
    moved = CompanyFactory.create(name="Moved", website="moved.example", legal_city="Bonn")
    lacking = CompanyFactory.create(name="Lacking", website="lacking.example", legal_city="Bonn")
    talk.remote_creates(
        sandbox,
        {"Name": "Moved", "Website": "moved.example", "BillingCity": "York"},
        {"Name": "Lacking", "Website": "lacking.example", "BillingCity": "Bonn"},
    )

    talk.send(salesforce, [moved, lacking])

    account = talk.account_of(sandbox, moved)
    assert (account["BillingCity"], account.get("BillingStreet"), account.get("BillingCountry")) == (
        "York",
        None,
        None,
    )
    assert talk.account_of(sandbox, lacking)["BillingStreet"] == lacking.legal_street
