"""Who is over there already: ours again, to be adopted, or a person's to decide.

Nothing there has an upsert; what is not certain is never taken. Every call of every test
is held against the documentation when the test ends: see the fixture `shop`.
"""

from typing import Any

import pytest

from companies.models import Company
from connectors import queue
from connectors.models import Connection, Link
from connectors.protocol import CREATE, Capability, Change, Status
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between
from tests.buyers import new_company
from tests.factories import ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db

THEIRS = {"companyName": "Facebook", "companyEmail": "office@facebook.example", "companyPhone": "1"}


def choose(shop: Connection, link: Link, choice: str) -> None:
    """Decide as a person does, and send what is due."""
    entity = {"companylink": "company", "contactlink": "contact", "locationlink": "location"}[
        link._meta.model_name or ""
    ]
    queue.choose(entity, link.pk, choice, by="tester", run=talk.new_run(shop).pk)
    talk.drain(shop)


def new_user(key: str, company_id: str, **values: Any) -> Change:
    """Return what a contact wants that is not linked yet."""
    payload = {
        "companyId": company_id, "firstName": "Ada", "lastName": "L", "email": f"{key}@x.example", "role": 2,
        **values,
    }  # fmt: skip
    return Change(key, "", payload, payload, {"email": payload["email"]}, name="Ada L", parent_id=company_id)


def new_address(key: str, company_id: str, **values: Any) -> Change:
    """Return what a location wants that is not linked yet."""
    payload = {
        "companyId": company_id, "label": key, "firstName + lastName": "Ada L", "countryCode": "NL",
        "city": "Delft", "addressLine1 + addressLine2": "1 Gracht", "isBilling": True, "isShipping": True,
        **values,
    }  # fmt: skip
    return Change(key, "", payload, payload, {"label": key}, name=key, parent_id=company_id)


def test_outcomes_come_one_by_one_in_their_order(shop: Connection, sandbox: SandboxServer) -> None:
    wished = [
        new_company(f"k{n}", f"Company {n}", state="Calisota" if n in (1, 3) else "Nevada") for n in range(5)
    ]

    outcomes = buyers.pushed(shop, "company", *wished)

    assert [one.status is Status.REJECTED for one in outcomes] == [False, True, False, True, False]
    assert [list(one.errors) for one in outcomes] == [[], ["legal_region"], [], ["legal_region"], []]
    assert sorted(row["companyName"] for row in store.rows(sandbox, "company")) == [
        "Company 0", "Company 2", "Company 4",
    ]  # fmt: skip
    assert [one.exchange.request["companyName"] for one in outcomes] == [f"Company {n}" for n in range(5)]


def test_no_change_makes_no_call(shop: Connection, between: Between) -> None:
    with buyers.opened(shop) as connector:
        between.forget()
        outcomes = [list(connector.push(entity, [])) for entity in ("company", "contact", "location")]

    assert outcomes == [[], [], []]
    assert between.heard == []


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("entity", ["company", "contact", "location"])
def test_the_same_key_twice_makes_one_record(
    shop: Connection, sandbox: SandboxServer, entity: str, together: bool
) -> None:
    (company_id,) = store.makes(sandbox, "company", {"companyName": "Host"})
    makers = {
        "company": lambda: new_company("k1"),
        "contact": lambda: new_user("k1", company_id),
        "location": lambda: new_address("k1", company_id),
    }
    there = {"company": "company", "contact": "user", "location": "address"}[entity]
    before = len(store.rows(sandbox, there))
    twice = [makers[entity](), makers[entity]()]

    batches = [twice] if together else [twice[:1], twice[1:]]
    outcomes = [one for batch in batches for one in buyers.pushed(shop, entity, *batch)]

    assert len({one.remote_id for one in outcomes}) == 1
    assert {one.status for one in outcomes} <= {Status.CREATED, Status.UPDATED}
    assert len(store.rows(sandbox, there)) == before + 1


def test_a_company_of_same_name_and_e_mail_is_adopted_and_not_overwritten(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    theirs = {**THEIRS, "companyPhone": "999", "city": "Reno", "zipCode": ""}
    (company_id,) = store.makes(sandbox, "company", theirs)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    there = store.named(sandbox, "Facebook")
    assert (buyers.link(facebook, shop).remote_id, there["uuid"]) == (company_id, str(facebook.public_id))
    assert (there["companyPhone"], there["city"], there["zipCode"]) == ("999", "Reno", "")
    assert "left as they are over there" in " ".join(talk.told(facebook))
    assert between.calls("POST /companies") == []


@pytest.mark.parametrize(("status", "there"), [("pending", 0), ("blocked", 3), ("active", 1)])
def test_an_adopted_company_that_may_not_buy_loses_its_approval(
    shop: Connection, sandbox: SandboxServer, status: str, there: int
) -> None:
    store.makes(sandbox, "company", THEIRS)
    facebook = buyers.company(shop, status=status)

    buyers.sync(shop, facebook)

    assert store.named(sandbox, "Facebook")["companyStatus"] == there


def test_a_company_that_they_blocked_is_not_approved_by_adopting_it(
    shop: Connection, sandbox: SandboxServer
) -> None:
    store.makes(sandbox, "company", {**THEIRS, "companyStatus": 3})
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert store.named(sandbox, "Facebook")["companyStatus"] == 3


def test_two_that_match_are_a_persons_to_choose(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    first, second = store.makes(sandbox, "company", THEIRS, THEIRS)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    link = buyers.link(facebook, shop)
    assert between.writes() == []
    assert talk.shown(facebook, shop)[0] == "Needs your choice"
    assert sorted(one["remote_id"] for one in link.candidates) == sorted([first, second])
    assert all(one["name"] == "Facebook" and one["url"] for one in link.candidates)

    choose(shop, link, second)

    assert buyers.link(facebook, shop).remote_id == second
    assert {row["uuid"] for row in store.rows(sandbox, "company")} == {"", str(facebook.public_id)}


def test_a_name_alone_is_asked_about_and_a_new_one_is_made_by_a_persons_word(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.makes(sandbox, "company", {"companyName": "FACEBOOK", "companyEmail": "x@y.example"})
    facebook = buyers.company(shop)
    buyers.sync(shop, facebook)
    assert between.writes() == []
    assert len(buyers.link(facebook, shop).candidates) == 1

    choose(shop, buyers.link(facebook, shop), CREATE)

    assert len(store.rows(sandbox, "company")) == 2
    assert store.named(sandbox, "Facebook")["uuid"] == str(facebook.public_id)


def test_a_company_that_carries_anothers_id_is_never_taken(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.makes(sandbox, "company", {**THEIRS, "uuid": "ERP-1"})
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert talk.shown(facebook, shop)[0] == "Needs your choice"
    assert store.named(sandbox, "Facebook")["uuid"] == "ERP-1"
    assert between.writes() == []


def test_one_that_looks_alike_on_a_later_page_is_found(shop: Connection, sandbox: SandboxServer) -> None:
    store.makes(sandbox, "company", *({"companyName": f"Facebook {n}"} for n in range(120)))
    (company_id,) = store.makes(sandbox, "company", THEIRS)
    for row in store.rows(sandbox, "company")[:-1]:
        store.changes(sandbox, "company", row["id"], updatedAt=2_000_000_000)  # newest first: ours comes last
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert buyers.link(facebook, shop).remote_id == company_id


def test_who_is_linked_to_another_of_ours_is_not_taken_twice(
    shop: Connection, sandbox: SandboxServer
) -> None:
    (company_id,) = store.makes(
        sandbox, "company", {"companyName": "Acme", "companyEmail": "office@k1.example"}
    )

    (outcome,) = buyers.pushed(shop, "company", new_company("k1"), desk=buyers.Desk(refuses={"k1"}))

    assert (outcome.status, [one.remote_id for one in outcome.candidates]) == (Status.CONFLICT, [company_id])
    assert store.named(sandbox, "Acme")["uuid"] == ""


def test_a_look_writes_nothing_and_tells_what_a_push_would_do(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    (there,) = store.makes(sandbox, "company", {"companyName": "Acme", "companyEmail": "office@k1.example"})
    store.makes(sandbox, "customer", {"email": "ada@k3.example"})

    found = buyers.matched(
        shop, "company", *(new_company(f"k{n}", "Acme" if n == 1 else f"N{n}") for n in (1, 2, 3))
    )

    assert [one.adoption.remote_id if one.adoption else "" for one in found] == [there, "", ""]
    assert [one.conflict is not None for one in found] == [False, False, True]
    assert between.writes() == []


def test_a_first_user_who_is_a_customer_needs_a_persons_yes(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    facebook = buyers.company(shop)
    mark = buyers.lead(facebook)
    store.makes(sandbox, "customer", {"email": mark.email.upper(), "orderIds": [7]})

    buyers.sync(shop, facebook)

    link = buyers.link(facebook, shop)
    assert between.writes() == []
    assert talk.shown(facebook, shop)[0] == "Needs your choice"
    assert [(way["choice"], way["label"]) for way in link.ways] == [("consent", "Link")]
    assert mark.email in link.ways[0]["consequence"]

    choose(shop, link, "consent")

    assert store.named(sandbox, "Facebook")["uuid"] == str(facebook.public_id)
    assert talk.shown(mark, shop)[0] == "In sync"


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_first_user_who_is_a_super_admin_is_told_as_one(
    shop: Connection, sandbox: SandboxServer, status: int
) -> None:
    facebook = buyers.company(shop)
    store.set_up(sandbox, admin_email_taken_status=status)
    store.makes(sandbox, "super_admin", {"email": buyers.lead(facebook).email})

    buyers.sync(shop, facebook)

    assert store.rows(sandbox, "company") == []
    assert "super admin" in buyers.link(facebook, shop).errors["primary_contact"]


def test_a_first_user_of_another_company_is_not_stolen(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    globex = buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, globex)
    facebook = buyers.company(shop)
    Contact.objects.filter(company=facebook).update(email=buyers.lead(globex).email)

    buyers.sync(shop, facebook)

    assert between.writes() == []
    assert "Globex" in buyers.link(facebook, shop).errors["primary_contact"]
    assert [row["companyName"] for row in store.rows(sandbox, "company")] == ["Globex"]


def test_several_storefronts_want_channels(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.set_up(sandbox, channels={"1": "Main", "2": "Outlet"})
    buyers.learn(shop)
    facebook = buyers.company(shop)
    someone = ContactFactory.create(company=facebook)
    buyers.sync(shop, facebook)
    buyers.sync(shop, someone)
    assert "storefront" in buyers.link(someone, shop).message

    buyers.set_up(shop, channel_ids="1,2")
    globex = buyers.company(shop, "Globex")
    buyers.sync(shop, globex)
    buyers.sync(shop, someone)

    assert [body.get("channelIds") for body in between.bodies("POST /companies")] == [None, [1, 2]]
    assert between.bodies("POST /users")[-1]["channelIds"] == [1, 2]
    assert talk.shown(someone, shop)[0] == "In sync"


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {}),
        ({"customer_group_id": "0"}, {"customerGroupId": 0}),
        ({"companies_kind": "dependent", "catalog_id": "3", "customer_group_id": "11"}, {"catalogId": 3}),
        ({"companies_kind": "independent", "catalog_id": "3"}, {}),
    ],
)
def test_a_store_of_each_kind_gets_its_own_fields(
    shop: Connection, sandbox: SandboxServer, between: Between, settings: dict[str, str], sent: dict[str, int]
) -> None:
    store.set_up(sandbox, store_kind=settings.get("companies_kind", "independent"))
    buyers.set_up(shop, **settings)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    (body,) = between.bodies("POST /companies")
    assert {key: body[key] for key in ("customerGroupId", "catalogId") if key in body} == sent
    assert talk.shown(facebook, shop)[0] == "In sync"


def test_an_undeclared_capability_and_an_unknown_entity_raise(shop: Connection) -> None:
    with buyers.opened(shop) as connector:
        assert Capability.USERS not in connector.capabilities
        with pytest.raises(NotImplementedError):
            list(connector.list_users())
        with pytest.raises(NotImplementedError):
            list(connector.push("nonsense", [new_company("k1")]))


def test_a_deleted_company_is_told_as_gone_and_its_people_wait_for_it(
    shop: Connection, sandbox: SandboxServer
) -> None:
    facebook = buyers.company(shop)
    seeded.there(shop, sandbox, facebook)
    dock = LocationFactory.create(company=facebook, region="CA")
    store.deletes(sandbox, "company", buyers.link(facebook, shop).remote_id)

    buyers.sync(shop, dock)
    buyers.settle(shop)

    assert talk.shown(facebook, shop)[0] == "Gone over there"
    assert talk.shown(dock, shop)[0] in ("Waiting", "Failed")
    assert (store.rows(sandbox, "company"), store.rows(sandbox, "address")) == ([], [])


def moved(shop: Connection, sandbox: SandboxServer) -> tuple[Contact, Company]:
    """Return a contact who is a user of Facebook and has moved to Globex, and Globex."""
    facebook, globex = buyers.company(shop), buyers.company(shop, "Globex")
    anna = ContactFactory.create(company=facebook, first_name="Anna", email="anna@x.example")
    seeded.there(shop, sandbox, facebook, globex, anna)
    buyers.change(anna, company=globex)
    return anna, globex


def test_a_contact_who_moved_moves_by_a_persons_word_only(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    anna, globex = moved(shop, sandbox)
    buyers.sync(shop, anna)
    link = buyers.link(anna, shop)
    assert between.writes() == []
    assert [way["label"] for way in link.ways] == ["Delete the user in Facebook and create it in Globex"]

    choose(shop, link, link.ways[0]["choice"])

    (user,) = [row for row in store.rows(sandbox, "user") if row["email"] == "anna@x.example"]
    assert str(user["companyId"]) == buyers.link(globex, shop).remote_id
    assert between.writes() == ["DELETE /users/{}", "POST /users"]
    assert talk.shown(anna, shop)[0] == "In sync"


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("call", ["DELETE /users/{}", "POST /users"])
def test_a_move_that_is_cut_off_ends_in_the_new_company_once(
    shop: Connection, sandbox: SandboxServer, between: Between, call: str, arrives: bool
) -> None:
    anna, globex = moved(shop, sandbox)
    buyers.sync(shop, anna)
    between.loses(call, arrives=arrives)

    choose(shop, buyers.link(anna, shop), "move")
    buyers.settle(shop)

    (user,) = [row for row in store.rows(sandbox, "user") if row["email"] == "anna@x.example"]
    assert str(user["companyId"]) == buyers.link(globex, shop).remote_id
    assert buyers.link(anna, shop).remote_id == str(user["id"])
    assert talk.shown(anna, shop)[0] == "In sync"
