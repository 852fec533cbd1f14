"""Who is this company over there: never the first one that fits, and nothing of theirs is lost."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from companies.models import Company
from connectors import queue
from connectors.errors import Transient
from connectors.mapping import outstanding
from connectors.models import Connection
from connectors.protocol import CREATE, Change, Outcome, Status
from connectors.sandbox.server import SandboxServer
from connectors.systems.salesforce.ids import is_valid
from tests import talk, wires
from tests.desk import KEY, Desk, asked, at, change, remote_deletes, salesforce, sent, set_up
from tests.factories import CompanyFactory

SITE = "https://acme.example"
NO_RECORDS = {"records": [], "done": True}


def there(sandbox: SandboxServer, name: str = "Acme", website: str | None = SITE, **more: Any) -> str:
    """Create an account over there; return its id."""
    (remote_id,) = talk.remote_creates(sandbox, {"Name": name, "Website": website, **more})
    return remote_id


def one(sandbox: SandboxServer, wish: Change, **options: Any) -> Outcome:
    """Push one change; return its outcome."""
    (outcome,) = sent(sandbox, wish, **options)
    return outcome


def record(sandbox: SandboxServer, remote_id: str) -> dict[str, Any]:
    """Return an account over there."""
    (found,) = [row for row in talk.accounts(sandbox) if row["Id"] == remote_id]
    return found


# Which account is the same company.


@pytest.mark.parametrize(
    ("website", "ours"),
    [
        ("https://acme.example", {"website": "acme.example"}),
        ("http://www.ACME.example:8080/shop", {"website": "https://acme.example"}),
        ("acme.example.", {"website": "WWW.acme.example"}),
        ("https://acme.example", {"email": "Info@ACME.example"}),
        ("https://acme.example", {"website": "https://other.example", "email": "info@acme.example"}),
        ("https://münchen.example", {"email": "x@xn--mnchen-3ya.example"}),
        ("https://xn--mnchen-3ya.example", {"website": "MÜNCHEN.example"}),
    ],
)
def test_the_same_name_and_host_is_the_same_company(
    sandbox: SandboxServer, website: str, ours: dict[str, str]
) -> None:
    remote_id = there(sandbox, "Acme", website)

    outcome = one(sandbox, change("k1", "ACME", **ours))

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, remote_id)
    assert len(talk.accounts(sandbox)) == 1


@pytest.mark.parametrize(
    ("website", "ours"),
    [
        (None, {"website": SITE}),
        ("https://acme.example.org", {"website": SITE}),
        ("https://shop.acme.example", {"website": SITE}),
        (SITE, {}),
        (SITE, {"email": "acme.example"}),
        ("https://gmail.com", {"email": "acme@gmail.com"}),
        ("https://www.gmail.com", {"website": "gmail.com"}),
        ("yahoo.co.uk", {"email": "acme@yahoo.co.uk"}),
        ("n/a", {"website": "n/a"}),
        ("http:none", {"website": "http:nothing"}),
        ("https://strasse.example", {"website": "https://straße.example"}),
    ],
)
def test_a_name_alone_is_not_the_same_company(
    sandbox: SandboxServer, website: str | None, ours: dict[str, str]
) -> None:
    there(sandbox, "Acme", website)
    if "email" in ours and "@" not in ours["email"]:
        ours = {"email": ours["email"].replace("acme.example", "other.example")}

    assert one(sandbox, change("k1", "Acme", **ours)).status is Status.CREATED
    assert len(talk.accounts(sandbox)) == 2


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Acme", "Acme Ltd"),
        ("Acme  Corp", "Acme Corp"),
        ("ISIK", "ışık"),
        ("Ισις", "Ισισ ΑΕ"),
        ("Acm%", "Acme"),
        ("Acm_", "Acme"),
        ("аcme", "acme"),
    ],
)
def test_another_name_is_another_company(sandbox: SandboxServer, theirs: str, ours: str) -> None:
    there(sandbox, theirs)

    assert one(sandbox, change("k1", ours, website=SITE)).status is Status.CREATED


@pytest.mark.parametrize(
    "name",
    [
        'O\'Reilly "& Sons" \\ 100% _x_ {0} :y',
        "'; DELETE FROM Account --",
        "back\\slash\\",
        "\\' OR Name != '",
        "a\nb\tc",
        "شركة الأفق",
        "株式会社アクメ",
        "Acme 🚀",
        "null",
        "{names}",
        "Łódź Ğ İstanbul",
    ],
)
def test_a_name_with_traps_finds_its_account_and_no_other(sandbox: SandboxServer, name: str) -> None:
    there(sandbox, "Other")
    remote_id = there(sandbox, name)

    outcome = one(sandbox, change("k1", name, website=SITE))

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, remote_id)
    assert len(talk.accounts(sandbox)) == 2


@pytest.mark.parametrize(("theirs", "ours"), [("NFC", "NFD"), ("NFC", "NFC")])
def test_an_accent_is_the_same_however_it_is_stored(sandbox: SandboxServer, theirs: Any, ours: Any) -> None:
    remote_id = there(sandbox, unicodedata.normalize(theirs, "Café Zürich"))

    outcome = one(sandbox, change("k1", unicodedata.normalize(ours, "Café Zürich"), website=SITE))

    assert outcome.remote_id == remote_id


def test_our_external_id_finds_its_account_whatever_else_it_says(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, "Renamed over there", "https://elsewhere.example", **{KEY: "K1"})
    there(sandbox, "Acme", SITE)

    outcome = one(sandbox, change("k1", "Acme", website=SITE))

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, remote_id)
    assert record(sandbox, remote_id)["Name"] == "Acme"


def test_an_account_in_the_recycle_bin_is_not_found(sandbox: SandboxServer) -> None:
    remote_deletes(sandbox, there(sandbox))

    assert one(sandbox, change("k1", website=SITE)).status is Status.CREATED


def test_matches_on_later_pages_are_found(sandbox: SandboxServer) -> None:
    talk.remote_creates(
        sandbox, *({"Name": "Acme", "Website": f"https://a{n}.example"} for n in range(2_050))
    )
    remote_id = there(sandbox)

    assert one(sandbox, change("k1", website=SITE)).remote_id == remote_id
    (page,) = asked(sandbox, "query_more")
    assert page["headers"]["x-prettyprint"] == "0"
    assert page["headers"]["sforce-call-options"] == "client=Concord"


def test_a_cursor_that_expired_is_no_sign_that_nothing_matches(sandbox: SandboxServer) -> None:
    talk.remote_creates(
        sandbox, *({"Name": "Acme", "Website": f"https://a{n}.example"} for n in range(2_050))
    )
    talk.break_it(sandbox, {"fault": "expire_cursors", "match": {"route": "query_more"}, "times": 1})
    remote_id = there(sandbox)
    with salesforce(sandbox) as connector:
        with pytest.raises(Transient):
            list(connector.push("company", [change("k1", website=SITE)]))

        (outcome,) = connector.push("company", [change("k1", website=SITE)])

    assert outcome.remote_id == remote_id


# Doubt is for a person.


def test_two_candidates_ask_a_person_and_show_both(sandbox: SandboxServer) -> None:
    first, second = there(sandbox, Phone="1"), there(sandbox, BillingCity="Paris")

    outcome = one(sandbox, change("k1", website=SITE))

    assert (outcome.status, outcome.code) == (Status.CONFLICT, "conflict")
    assert outcome.message == "2 accounts in Salesforce match. Choose which one it is."
    assert {found.remote_id for found in outcome.candidates} == {first, second}
    shown = next(found for found in outcome.candidates if found.remote_id == second)
    assert (shown.name, shown.fields["Website"], shown.fields["BillingCity"]) == ("Acme", SITE, "Paris")
    assert shown.facts["Owner"] == "Remote Colleague"
    assert shown.url.endswith(f"/lightning/r/Account/{second}/view")
    assert len(talk.accounts(sandbox)) == 2


def test_an_account_of_another_company_is_never_taken(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, **{KEY: "somebody else"})

    outcome = one(sandbox, change("k1", website=SITE, Phone="1"))

    assert outcome.status is Status.CONFLICT
    assert [found.remote_id for found in outcome.candidates] == [remote_id]
    assert record(sandbox, remote_id)[KEY] == "somebody else"
    assert "Phone" not in record(sandbox, remote_id)


def test_two_companies_of_one_batch_that_match_one_account_both_ask(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox)
    desk = Desk()

    outcomes = sent(
        sandbox, change("k1", website=SITE), change("k2", website=SITE), change("k3", "Other"), desk=desk
    )

    assert [item.status for item in outcomes] == [Status.CONFLICT, Status.CONFLICT, Status.CREATED]
    assert KEY not in record(sandbox, remote_id)
    assert desk.adopted == []


def test_an_account_that_the_engine_gave_away_is_not_written(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox)

    outcome = one(sandbox, change("k1", website=SITE, Phone="1"), desk=Desk(refuses={"k1"}))

    assert outcome.status is Status.CONFLICT
    assert "already linked" in outcome.message
    assert [(found.remote_id, found.name) for found in outcome.candidates] == [(remote_id, "Acme")]
    assert "Phone" not in record(sandbox, remote_id)


def test_several_accounts_with_our_id_ask_a_person(sandbox: SandboxServer) -> None:
    set_up(sandbox, fields={"Account": {KEY: {"unique": False}}}, enforce_unique=False)
    first, second = there(sandbox, "A", **{KEY: "k1"}), there(sandbox, "B", **{KEY: "k1"})

    outcome = one(sandbox, change("k1", "C"))

    assert outcome.status is Status.CONFLICT
    assert {found.remote_id for found in outcome.candidates} == {first, second}
    assert "carries this company's id" in outcome.message
    assert one(sandbox, change("k1", "C", choice=second)).remote_id == second
    assert record(sandbox, first)["Name"] == "A"


# What a person chose.


def test_a_chosen_account_is_linked_although_its_name_differs(sandbox: SandboxServer) -> None:
    there(sandbox)
    remote_id = there(sandbox, "Quite another name", None)

    outcome = one(sandbox, change("k1", website=SITE, choice=remote_id))

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, remote_id)
    assert record(sandbox, remote_id)["Name"] == "Quite another name"
    assert record(sandbox, remote_id)[KEY] == "k1"


def test_a_chosen_create_makes_a_second_account(sandbox: SandboxServer) -> None:
    there(sandbox)

    assert one(sandbox, change("k1", website=SITE, choice=CREATE)).status is Status.CREATED
    assert len(talk.accounts(sandbox)) == 2


def test_a_chosen_create_does_not_make_a_third(sandbox: SandboxServer) -> None:
    there(sandbox)
    wish = change("k1", website=SITE, choice=CREATE)
    first = one(sandbox, wish)

    assert (again := one(sandbox, wish)).status is Status.UPDATED
    assert again.remote_id == first.remote_id
    assert len(talk.accounts(sandbox)) == 2


def test_a_chosen_account_that_is_gone_asks_again_and_creates_nothing(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, "Gone")
    remote_deletes(sandbox, remote_id)

    outcome = one(sandbox, change("k1", website=SITE, choice=remote_id))

    assert outcome.status is Status.CONFLICT
    assert "no longer there" in outcome.message
    assert talk.accounts(sandbox) == []


def test_a_chosen_account_that_carries_our_own_id_is_ours(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, **{KEY: "k1"})

    assert one(sandbox, change("k1", website=SITE, choice=remote_id)).remote_id == remote_id


def test_a_chosen_account_of_another_company_is_still_refused(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, **{KEY: "somebody else"})

    outcome = one(sandbox, change("k1", website=SITE, choice=remote_id))

    assert outcome.status is Status.CONFLICT
    assert record(sandbox, remote_id)[KEY] == "somebody else"


def test_a_choice_is_not_undone_by_a_neighbour_that_only_looks_alike(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox)

    chosen, guess = sent(sandbox, change("k1", website=SITE, choice=remote_id), change("k2", website=SITE))

    assert (chosen.status, chosen.remote_id) == (Status.UPDATED, remote_id)
    assert guess.status is Status.CONFLICT


def test_two_who_chose_the_same_account_both_ask(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox)

    outcomes = sent(sandbox, change("k1", choice=remote_id), change("k2", "B", choice=remote_id))

    assert [item.status for item in outcomes] == [Status.CONFLICT] * 2


# Adoption takes nothing away.


def test_adoption_fills_blanks_and_leaves_and_says_the_rest(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, "ACME", Phone="theirs", Concord_Tax_Id__c="only theirs")
    desk = Desk()

    outcome = one(sandbox, change("k1", "Acme", website=SITE, Phone="ours", BillingCity="Paris"), desk=desk)

    kept = record(sandbox, remote_id)
    assert (kept["Name"], kept["Phone"], kept["BillingCity"]) == ("ACME", "theirs", "Paris")
    assert (kept["Concord_Tax_Id__c"], kept[KEY]) == ("only theirs", "k1")
    assert outcome.sent == {"BillingCity": "Paris"}
    assert outcome.message == (
        "Linked to the account that matched; left as they are over there: Company Name, Phone."
    )
    (adopted,) = desk.adopted
    assert adopted.found["Phone"] == "theirs"
    assert adopted.left == {"Name": "Acme", "Phone": "ours", "Website": None, "Concord_Tax_Id__c": None}


def test_overwriting_on_adoption_is_a_setting_and_clears_nothing(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, Phone="theirs", BillingCity="theirs")

    one(sandbox, change("k1", website=SITE, Phone="ours"), settings={"overwrite_on_adoption": True})

    kept = record(sandbox, remote_id)
    assert (kept["Phone"], kept["BillingCity"]) == ("ours", "theirs")


def test_adoption_with_nothing_to_fill_still_writes_our_id(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox)

    one(sandbox, change("k1", website=SITE))

    assert record(sandbox, remote_id)[KEY] == "k1"


@pytest.mark.django_db(transaction=True)
def test_a_left_field_is_sent_once_it_is_edited_and_not_before(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Acme", website=SITE, phone="ours", tax_id="")
    remote_id = there(sandbox, "ACME", Phone="theirs", Concord_Tax_Id__c="only theirs")
    talk.send(salesforce, [company])
    talk.send(salesforce, [company], full=True)
    assert record(sandbox, remote_id)["Phone"] == "theirs"
    assert record(sandbox, remote_id)["Concord_Tax_Id__c"] == "only theirs"

    company.phone = "edited"
    company.save()
    talk.send(salesforce, [company])

    kept = record(sandbox, remote_id)
    assert (kept["Name"], kept["Phone"], kept["Concord_Tax_Id__c"]) == ("ACME", "edited", "only theirs")


@pytest.mark.django_db(transaction=True)
def test_the_first_push_of_all_knows_their_fields_already(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Acme", website=SITE, legal_country="DE", legal_region="")
    there(sandbox)

    talk.send(salesforce, [company])

    assert talk.account_of(sandbox, company)["BillingCountryCode"] == "DE"


@pytest.mark.django_db(transaction=True)
def test_two_companies_that_match_one_account_one_after_the_other(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    there(sandbox)
    first, second = (CompanyFactory.create(name="Acme", website=SITE) for _ in range(2))
    talk.send(salesforce, [first])

    talk.send(salesforce, [second])

    assert talk.link_of(first).state == "idle"
    assert (talk.link_of(second).state, talk.link_of(second).code) == ("failed", "conflict")
    assert len(talk.link_of(second).candidates) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("choose", ["first candidate", CREATE])
def test_a_persons_choice_is_carried_out_by_the_engine(
    salesforce: Connection, sandbox: SandboxServer, choose: str
) -> None:
    ids = {there(sandbox), there(sandbox)}
    company = CompanyFactory.create(name="Acme", website=SITE)
    talk.send(salesforce, [company])
    link = talk.link_of(company)
    assert link.state == "failed"
    choice = CREATE if choose == CREATE else link.candidates[0]["remote_id"]

    queue.choose("company", link.pk, choice, by="admin", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)

    link.refresh_from_db()
    assert link.state == "idle"
    assert is_valid(link.remote_id)
    assert (link.remote_id in ids) is (choose != CREATE)
    assert talk.account_of(sandbox, company)["Id"] == link.remote_id


# Their duplicate rules.


def test_an_alert_of_a_duplicate_rule_asks_a_person_and_shows_who(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, website=None, Phone="1")
    set_up(sandbox, duplicate_rule="alert")

    outcome = one(sandbox, change("k1", website=SITE))

    assert outcome.status is Status.CONFLICT
    assert [found.remote_id for found in outcome.candidates] == [remote_id]
    assert (outcome.candidates[0].name, outcome.candidates[0].fields["Phone"]) == ("Acme", "1")
    assert len(talk.accounts(sandbox)) == 1


def test_a_chosen_create_passes_an_alert(sandbox: SandboxServer) -> None:
    there(sandbox, website=None)
    set_up(sandbox, duplicate_rule="alert")

    first, other = sent(sandbox, change("k1", choice=CREATE), change("k2", "Acme"))

    assert first.status is Status.CREATED
    assert other.status is Status.CONFLICT  # the header was not sent along for its neighbour


def test_a_chosen_create_does_not_pass_a_block_and_says_what_can_be_done(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, website=None)
    set_up(sandbox, duplicate_rule="block")

    outcome = one(sandbox, change("k1", choice=CREATE))

    assert outcome.status is Status.CONFLICT
    assert "blocks a second account" in outcome.message
    assert one(sandbox, change("k1", choice=remote_id)).remote_id == remote_id


def test_an_alert_does_not_hold_up_an_account_that_is_linked(sandbox: SandboxServer) -> None:
    there(sandbox, "Taken")
    remote_id = there(sandbox, "Mine")
    set_up(sandbox, duplicate_rule="alert")

    outcome = one(sandbox, change("k1", "Taken", remote_id=remote_id))

    assert outcome.status is Status.UPDATED
    assert record(sandbox, remote_id)["Name"] == "Taken"


def test_a_block_on_a_linked_account_is_said_and_asks_nothing_that_helps_not(sandbox: SandboxServer) -> None:
    there(sandbox, "Taken")
    remote_id = there(sandbox, "Mine")
    set_up(sandbox, duplicate_rule="block")

    outcome = one(sandbox, change("k1", "Taken", remote_id=remote_id))

    assert outcome.status is Status.REJECTED
    assert "duplicate rule" in outcome.message
    assert "A Salesforce administrator" in outcome.message


# Races over one key.


def test_a_key_that_another_talker_created_meanwhile_is_updated(sandbox: SandboxServer) -> None:
    talk.break_it(
        sandbox,
        {
            "fault": "record:DUPLICATE_VALUE",
            "times": 1,
            "message": f"duplicate value found: {KEY} duplicates value on record with id: 0015g00000Xgxd8",
        },
    )

    outcome = one(sandbox, change("k1"))

    assert outcome.status is Status.CREATED
    assert talk.count(sandbox, "collections_upsert") == 2


def test_a_key_that_stays_taken_asks_a_person(sandbox: SandboxServer) -> None:
    remote_id = there(sandbox, "Hidden")
    talk.break_it(
        sandbox,
        {
            "fault": "record:DUPLICATE_VALUE",
            "message": f"duplicate value found: {KEY} duplicates value on record with id: {remote_id[:15]}",
        },
    )

    outcome = one(sandbox, change("k1"))

    assert outcome.status is Status.CONFLICT
    assert [(found.remote_id, found.name) for found in outcome.candidates] == [(remote_id, "Hidden")]
    assert talk.count(sandbox, "collections_upsert") == 2


def test_accounts_that_share_our_id_by_the_time_of_the_write_are_listed(sandbox: SandboxServer) -> None:
    first, second = there(sandbox, "A"), there(sandbox, "B")
    talk.break_it(
        sandbox,
        {
            "fault": "record:DUPLICATE_EXTERNAL_ID",
            "message": "Concord Id: more than one record found for external id field: "
            f"[{first}, {second[:15]}]",
        },
    )

    outcome = one(sandbox, change("k1"))

    assert outcome.status is Status.CONFLICT
    assert {found.remote_id: found.name for found in outcome.candidates} == {first: "A", second: "B"}


def test_candidates_that_cannot_be_described_are_still_offered() -> None:
    nothing = {"compositeResponse": [{"referenceId": "q0", "httpStatusCode": 200, "body": NO_RECORDS}]}
    match = {"matchRecords": [{"record": {"Id": "0015g00000Xgxd8", "type": "Account"}}]}
    refusal = {"statusCode": "DUPLICATES_DETECTED", "duplicateResult": {"matchResults": [match]}}
    scripts = [
        wires.answer(json.dumps(body).encode())
        for body in ({"access_token": "x"}, nothing, [{"success": False, "errors": [refusal]}])
    ]
    with (
        wires.serving(*scripts, wires.answer(status="503 Unavailable")) as wire,
        at(wire.url) as connector,
    ):
        (outcome,) = connector.push("company", [change("k1")])

    assert outcome.status is Status.CONFLICT
    assert [found.remote_id for found in outcome.candidates] == ["0015g00000Xgxd8AAB"]


# Match only.


def matched(sandbox: SandboxServer, *changes: Change) -> Any:
    with salesforce(sandbox) as connector:
        return list(connector.match("company", changes))


def test_matching_only_writes_nothing_and_tells_the_same(sandbox: SandboxServer) -> None:
    adopted = there(sandbox)
    there(sandbox, "Twice"), there(sandbox, "Twice")
    wishes = [change("k1", website=SITE), change("k2", "Twice", website=SITE), change("k3", "New")]

    found = matched(sandbox, *wishes)

    assert found[0].adoption.remote_id == adopted
    assert found[1].conflict.status is Status.CONFLICT
    assert (found[2].adoption, found[2].conflict) == (None, None)
    assert talk.count(sandbox, "collections_upsert") == talk.count(sandbox, "collections_update") == 0


@pytest.mark.parametrize("how", ["alike", "ours"])
def test_after_matching_only_what_only_they_have_stays(sandbox: SandboxServer, how: str) -> None:
    key = {KEY: "k1"} if how == "ours" else {}
    there(sandbox, Phone="only theirs", **key)
    payload = {"Name": "Acme", "Phone": None, "BillingCity": "Paris"}

    (found,) = matched(sandbox, change("k1", website=SITE))

    left, snapshot = found.adoption.left, found.adoption.found
    assert outstanding(payload, snapshot, left, unsure=True).get("Phone", "stays") == "stays"
    assert outstanding(payload, snapshot, left, unsure=False) == {"BillingCity": "Paris"}


# Limits.


def names(make: Callable[[int], str], count: int = 1_000) -> list[Change]:
    return [change(f"key-{n:032}", make(n), website=SITE) for n in range(count)]


def test_a_thousand_companies_need_one_look_up_and_five_writes(sandbox: SandboxServer) -> None:
    outcomes = sent(sandbox, *names("Company {}".format))

    assert [item.status for item in outcomes] == [Status.CREATED] * 1_000
    assert talk.count(sandbox, "composite") == 1
    assert talk.count(sandbox, "collections_upsert") == 5
    assert len(talk.accounts(sandbox)) == 1_000


@pytest.mark.parametrize("letters", ["شركة الأفق ", "株式会社", "O''\\\"%_ ", "🚀"])
def test_long_names_stay_within_every_limit(sandbox: SandboxServer, letters: str) -> None:
    with salesforce(sandbox) as connector:
        found = list(connector.match("company", names(lambda n: f"{n:04} {letters * 260}"[:255])))

    assert len(found) == 1_000
    for call in asked(sandbox, "composite"):
        requests = call["body"]["compositeRequest"]
        assert len(requests) <= 5
        assert len(call["path"]) < 16_384
    assert talk.count(sandbox, "composite") <= 4


def test_no_statement_is_longer_than_soql_allows(sandbox: SandboxServer) -> None:
    with salesforce(sandbox) as connector:
        list(connector.match("company", names(lambda n: f"{n:04}" + "'" * 251)))

    statements = [
        unquote(part["url"].partition("?q=")[2])
        for call in asked(sandbox, "composite")
        for part in call["body"]["compositeRequest"]
    ]
    assert max(len(statement) for statement in statements) < 100_000
    assert json.dumps(statements).count("key-") == 1_000


def test_a_name_that_proves_nothing_is_not_asked_for(sandbox: SandboxServer) -> None:
    one(sandbox, change("k1", "Secret Name", email="x@gmail.com"))

    (call,) = asked(sandbox, "composite")
    assert "Secret" not in call["body"]["compositeRequest"][0]["url"]


@pytest.mark.django_db(transaction=True)
def test_companies_of_the_engine_match_too(salesforce: Connection, sandbox: SandboxServer) -> None:
    there(sandbox, "شركة الأفق", "https://أفق.example")
    company = CompanyFactory.create(name="شركة الأفق", website="", email="x@xn--igbhe.example")
    Company.objects.filter(pk=company.pk).update(website="https://أفق.example/ar")

    talk.send(salesforce, [Company.objects.get(pk=company.pk)])

    assert len(talk.accounts(sandbox)) == 1
