"""What goes over the wire to Salesforce, as its recorded bodies and headers show."""

import gzip
import json
from typing import Any

import pytest

from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import talk, wires
from tests.desk import CREDENTIALS, KEY, Desk, asked, at, change, salesforce, sent, set_up
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = ("collections_upsert", "collections_update")


def written(sandbox: SandboxServer, route: str = "*") -> list[dict[str, Any]]:
    """Return the records of all writes, oldest first."""
    calls = asked(sandbox, *(WRITES if route == "*" else (route,)))
    return [record for call in calls for record in call["body"]["records"]]


def test_an_upsert_names_type_key_and_values_and_no_id(sandbox: SandboxServer) -> None:
    sent(sandbox, change("k1", "Acme", Phone="1"))

    (call,) = asked(sandbox, "collections_upsert")
    assert (call["method"], call["path"]) == (
        "PATCH",
        f"/services/data/v64.0/composite/sobjects/Account/{KEY}",
    )
    assert call["body"] == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Account"}, KEY: "k1", "Name": "Acme", "Phone": "1"}],
    }


def test_an_update_names_type_id_and_only_what_changed(sandbox: SandboxServer) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Acme"})

    sent(sandbox, change("k1", "Acme", remote_id=remote_id, Phone="1", fields={"Phone": "2"}))

    (call,) = asked(sandbox, "collections_update")
    assert (call["method"], call["path"]) == ("PATCH", "/services/data/v64.0/composite/sobjects")
    assert call["body"] == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Account"}, "id": remote_id, "Phone": "2"}],
    }


def test_an_update_in_doubt_writes_our_key_along(sandbox: SandboxServer) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Acme"})

    sent(sandbox, change("k1", "Acme", remote_id=remote_id, sure=False))

    assert written(sandbox) == [
        {"attributes": {"type": "Account"}, "id": remote_id, "Name": "Acme", KEY: "k1"}
    ]


def test_every_call_to_the_api_carries_our_headers(sandbox: SandboxServer) -> None:
    sent(sandbox, change("k1"))

    calls = asked(sandbox, "composite", *WRITES)
    assert len(calls) == 2
    for call in calls:
        assert call["headers"]["x-prettyprint"] == "0"
        assert call["headers"]["sforce-call-options"] == "client=Concord"
        assert call["headers"]["content-type"] == "application/json"
        assert "gzip" in call["headers"]["accept-encoding"]
        assert "sforce-duplicate-rule-header" not in call["headers"]
        assert "x-concord-no-token" not in call["headers"]


def test_a_large_body_is_packed_and_a_small_one_is_not() -> None:
    answers = [{"success": True, "id": "0015g00000Xgxd8AAB", "errors": []}] * 30
    scripts = [
        wires.answer(json.dumps(body).encode()) for body in ({"access_token": "x"}, answers, answers[:1])
    ]
    linked = [change(f"k{n}", remote_id="0015g00000Xgxd8AAB", Phone="1" * 40) for n in range(30)]
    with wires.serving(*scripts) as wire, at(wire.url) as connector:
        list(connector.push("company", linked))
        list(connector.push("company", linked[:1]))

    _, large, small = wire.asked
    assert large.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(large.body))["records"]) == 30
    assert "content-encoding" not in small.headers
    assert len(json.loads(small.body)["records"]) == 1


@pytest.mark.parametrize(
    ("setting", "version"),
    [("", "64.0"), (None, "64.0"), ("62.0", "62.0"), ("66", "66.0"), (" v65.0 ", "65.0")],
)
def test_the_version_of_the_settings_is_in_every_path(
    sandbox: SandboxServer, setting: str | None, version: str
) -> None:
    sent(sandbox, change("k1"), settings={"api_version": setting})

    (lookup,) = asked(sandbox, "composite")
    (write,) = asked(sandbox, "collections_upsert")
    assert lookup["path"] == f"/services/data/v{version}/composite"
    assert write["path"].startswith(f"/services/data/v{version}/")
    assert f"/services/data/v{version}/query/" in lookup["body"]["compositeRequest"][0]["url"]


def test_the_login_goes_in_the_form_and_without_a_token(sandbox: SandboxServer) -> None:
    sent(sandbox, change("k1"))

    (login,) = asked(sandbox, "token")
    assert login["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert login["body"]["grant_type"] == "client_credentials"
    assert login["body"]["client_id"] == CREDENTIALS["client_id"]
    assert login["query"] == {}


def test_a_call_has_two_hundred_records_at_most(sandbox: SandboxServer) -> None:
    outcomes = sent(sandbox, *(change(f"k{n}", f"Company {n}") for n in range(401)))

    sizes = [len(call["body"]["records"]) for call in asked(sandbox, "collections_upsert")]
    assert sizes == [200, 200, 1]
    assert len(outcomes) == 401


def test_linked_and_new_companies_go_in_one_call_each_and_come_back_in_order(sandbox: SandboxServer) -> None:
    ids = talk.remote_creates(sandbox, *({"Name": f"Old {n}"} for n in range(3)))
    changes = []
    for n, remote_id in enumerate(ids):
        changes += [change(f"old{n}", f"Old {n}", remote_id=remote_id), change(f"new{n}", f"New {n}")]

    outcomes = sent(sandbox, *changes)

    assert [item.status.value for item in outcomes] == ["updated", "created"] * 3
    assert [item.remote_id for item in outcomes[::2]] == ids
    assert talk.count(sandbox, "collections_update") == talk.count(sandbox, "collections_upsert") == 1


def test_linked_companies_need_no_look_up(sandbox: SandboxServer) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Acme"})

    sent(sandbox, change("k1", remote_id=remote_id))

    assert talk.count(sandbox, "composite") == 0


def test_the_engine_hears_of_a_write_before_it_is_made(sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "status:503", "match": {"route": "collections_upsert"}})
    desk = Desk()

    with pytest.raises(Exception, match="not work on a call"):
        sent(sandbox, change("k1"), change("k2", "B"), desk=desk)

    assert desk.began == ["k1", "k2"]


def test_each_call_renews_the_slot_and_is_counted(sandbox: SandboxServer) -> None:
    desk = Desk()
    with salesforce(sandbox, desk) as connector:
        list(connector.push("company", [change("k1")]))

        assert connector.calls == desk.ticks == 3  # login, look-up, write

    assert sum(talk.calls(sandbox)["counts"]["salesforce"].values()) == 3


def test_the_usage_is_handed_over_as_last_seen(sandbox: SandboxServer) -> None:
    desk = Desk()

    sent(sandbox, change("k1"), desk=desk)

    assert desk.usage == [(2, 100_000)]


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", [(18, 5000)]),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", [(25, 5000)]),
        ("per-app-api-usage=17/250(appName=sample)", []),
        ("nonsense", []),
        ("api-usage=/", []),
        ("", []),
    ],
)
def test_a_usage_header_of_any_shape_does_no_harm(header: str, usage: list[tuple[int, int]]) -> None:
    desk = Desk()
    answer = wires.answer(b'[{"success": true, "id": "0015g00000Xgxd8AAB"}]', Sforce_Limit_Info=header)
    with (
        wires.serving(wires.answer(b'{"access_token": "x"}'), answer) as wire,
        at(wire.url, desk) as connector,
    ):
        list(connector.push("company", [change("k1", remote_id="0015g00000Xgxd8AAB")]))

    assert desk.usage == usage


def test_the_usage_is_seen_on_refusals_too(sandbox: SandboxServer) -> None:
    desk = Desk()
    talk.break_it(sandbox, {"fault": "rate_limit", "match": {"route": "composite"}})

    with pytest.raises(Exception, match="used up"):
        sent(sandbox, change("k1"), desk=desk)

    assert desk.usage == [(100_000, 100_000)]


# What the engine makes of it.


def test_a_create_omits_blanks(salesforce: Connection, sandbox: SandboxServer) -> None:
    talk.send(salesforce, [CompanyFactory.create(phone="", tax_id="", legal_region="")])

    (record,) = written(sandbox)
    assert None not in record.values()
    assert not {"Phone", "Concord_Tax_Id__c", "BillingState"} & record.keys()


def test_null_clears_only_what_we_set_before(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(phone="1", tax_id="")
    talk.send(salesforce, [company])
    company.phone = ""
    company.save()

    talk.send(salesforce, [company])

    assert written(sandbox, "collections_update") == [
        {"attributes": {"type": "Account"}, "id": talk.link_of(company).remote_id, "Phone": None}
    ]
    assert "Phone" not in talk.account_of(sandbox, company)


def test_only_changed_fields_are_on_the_wire(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    company.phone, company.legal_city = "+1 2", "Paris"
    company.save()

    talk.send(salesforce, [company])

    (record,) = written(sandbox, "collections_update")
    assert record.keys() == {"attributes", "id", "Phone", "BillingCity", "ShippingCity"}


def test_an_equal_company_makes_no_call(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    before = talk.calls(sandbox)["counts"]

    run = talk.send(salesforce, [company])

    assert run.unchanged == 1
    assert talk.calls(sandbox)["counts"] == before


def test_the_country_goes_as_english_name_without_picklists(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    set_up(sandbox, state_country_picklists=False)

    talk.send(salesforce, [CompanyFactory.create(legal_country="DE", legal_region="")])

    (record,) = written(sandbox)
    assert record["BillingCountry"] == "Germany"
    assert "BillingCountryCode" not in record


def test_the_country_goes_as_code_where_there_are_picklists(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    run = talk.send(salesforce, [CompanyFactory.create(legal_country="DE", legal_region="")])

    (record,) = written(sandbox)
    assert record["BillingCountryCode"] == "DE"
    assert "BillingCountry" not in record
    assert run.created == 1


def test_a_field_without_a_name_is_not_sent(salesforce: Connection, sandbox: SandboxServer) -> None:
    Connection.objects.update(settings={"email_field": "", "tax_id_field": None})
    company = CompanyFactory.create(tax_id="DE1")

    talk.send(salesforce, [company])

    (record,) = written(sandbox)
    assert "Concord_Email__c" not in record
    assert record["Concord_Tax_Id__c"] == "DE1"
    assert "None" not in record


def test_names_of_fields_are_found_in_any_case(salesforce: Connection, sandbox: SandboxServer) -> None:
    Connection.objects.update(
        settings={"external_id_field": "concord_id__C", "email_field": "CONCORD_EMAIL__c"}
    )
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    talk.link_of(company).delete()

    talk.send(salesforce, [company])

    assert talk.account_of(sandbox, company)["Concord_Email__c"] == company.email
    assert len(talk.accounts(sandbox)) == 1


@pytest.mark.untested
@pytest.mark.parametrize(
    ("change_over_there", "values", "field"),
    [
        ({"Phone": {"length": 20}}, {"phone": "1" * 21}, "phone"),
        ({"Concord_Tax_Id__c": {"length": 5}}, {"tax_id": "123456"}, "tax_id"),
        ({"Phone": {"nillable": False}}, {"phone": ""}, "phone"),
    ],
)
def test_lengths_and_needs_of_describe_are_checked_before_sending(
    salesforce: Connection,
    sandbox: SandboxServer,
    change_over_there: dict[str, Any],
    values: dict[str, str],
    field: str,
) -> None:
    set_up(sandbox, fields={"Account": change_over_there})
    company = CompanyFactory.create(**values)

    talk.send(salesforce, [company])

    assert list(talk.link_of(company).errors) == [field]
    assert written(sandbox) == []


@pytest.mark.untested
def test_a_longer_field_over_there_takes_more(salesforce: Connection, sandbox: SandboxServer) -> None:
    longer = {"length": 100}
    set_up(sandbox, fields={"Account": {"BillingCity": longer, "ShippingCity": longer}})
    company = CompanyFactory.create(legal_city="c" * 90)

    talk.send(salesforce, [company])

    assert talk.account_of(sandbox, company)["BillingCity"] == "c" * 90


@pytest.mark.parametrize("status", ["pending", "active", "rejected", "blocked", "inactive"])
def test_every_status_is_sent_as_a_word(salesforce: Connection, sandbox: SandboxServer, status: str) -> None:
    company = CompanyFactory.create(status=status)

    talk.send(salesforce, [company])

    assert talk.account_of(sandbox, company)["Concord_Status__c"] == status.capitalize()
