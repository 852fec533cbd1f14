"""Company users by the vendor's word: creates alone and together, roles, e-mails, moves.

Every call of every test here is held against the documentation when the test ends: see
the fixture `shop`. Source: BigCommerce docs, B2B "Users", read 2026-11.
"""

from typing import Any

import pytest

from companies.models import Company
from connectors import queue
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from contacts import primary
from contacts.models import Contact
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db

ADMIN, SENIOR, JUNIOR = 0, 1, 2


@pytest.fixture
def facebook(shop: Connection, sandbox: SandboxServer) -> Company:
    """A company that is over there with Mark Z, its first user."""
    made = buyers.company(shop)
    seeded.there(shop, sandbox, made)
    return made


def anna(company: Company, **fields: Any) -> Contact:
    """Return a second contact of a company."""
    named = {"first_name": "Anna", "last_name": "B", "email": "anna@facebook.example", **fields}
    return ContactFactory.create(company=company, **named)


def crowd(company: Company, count: int) -> list[Contact]:
    """Return that many more contacts of a company."""
    return [anna(company, first_name=f"N{n}", email=f"n{n}@facebook.example") for n in range(count)]


def users(sandbox: SandboxServer) -> dict[str, dict[str, Any]]:
    """Return all company users by e-mail."""
    rows = store.rows(sandbox, "user")
    assert len({row["email"].lower() for row in rows}) == len(rows)
    return {row["email"]: row for row in rows}


@pytest.mark.parametrize(
    ("ours", "there"), [("admin", ADMIN), ("senior_buyer", SENIOR), ("junior_buyer", JUNIOR)]
)
def test_a_create_sends_the_documented_fields_and_no_more(
    shop: Connection, facebook: Company, between: Between, ours: str, there: int
) -> None:
    someone = anna(facebook, phone="+1 650 555 0123", role=ours)

    buyers.sync(shop, someone)

    assert between.bodies("POST /users") == [
        {
            "companyId": int(buyers.link(facebook, shop).remote_id),
            "email": "anna@facebook.example",
            "firstName": "Anna",
            "lastName": "B",
            "phoneNumber": "+1 650 555 0123",
            "role": there,
            "uuid": str(someone.public_id),
            "acceptWelcomeEmail": False,
        }
    ]


def test_the_first_user_gets_an_id_our_uuid_and_keeps_admin(shop: Connection, sandbox: SandboxServer) -> None:
    facebook = buyers.company(shop)
    mark = buyers.lead(facebook)

    buyers.sync(shop, facebook)

    (there,) = store.rows(sandbox, "user")
    assert (buyers.link(mark, shop).remote_id, there["uuid"]) == (str(there["id"]), str(mark.public_id))
    assert (there["role"], there["email"], there["welcomed"]) == (ADMIN, mark.email, False)
    assert talk.shown(mark, shop)[0] == "In sync"


@pytest.mark.parametrize("welcomes", ["no", "yes"])
def test_a_welcome_mail_goes_out_only_where_it_was_chosen(
    shop: Connection, sandbox: SandboxServer, between: Between, welcomes: str
) -> None:
    store.set_up(sandbox, user_welcome_default=True)
    buyers.set_up(shop, welcome_mails=welcomes)
    made = buyers.company(shop)
    buyers.sync(shop, made)

    buyers.sync(shop, anna(made))
    buyers.sync(shop, *crowd(made, 4))

    assert {user["welcomed"] for user in store.rows(sandbox, "user")} == {welcomes == "yes"}


def test_an_update_sends_what_differs_and_nothing_that_is_fixed(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    someone = anna(facebook, phone="+1 650 555 0123")
    seeded.there(shop, sandbox, someone)

    buyers.change(someone, last_name="Bell", phone="")
    buyers.sync(shop, someone)

    assert between.bodies("PUT /users/{}") == [{"lastName": "Bell", "phoneNumber": ""}]


def test_the_same_again_makes_no_call(shop: Connection, facebook: Company, between: Between) -> None:
    run = talk.send(shop, [buyers.lead(facebook)])

    assert (run.unchanged, between.routes()) == (1, [])


@pytest.mark.parametrize("count", [9, 10, 11, 25])
def test_many_go_together_ten_at_most_and_each_knows_its_own_id(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between, count: int
) -> None:
    people = crowd(facebook, count)

    run = talk.send(shop, people)

    assert run.created == count
    assert [talk.contact_link_of(one).remote_id for one in people] == [
        str(users(sandbox)[one.email]["id"]) for one in people
    ]
    assert max(len(body) for body in between.bodies("POST /users/bulk")) <= 10
    assert len(between.calls("POST /users/bulk", "POST /users")) < count


def test_ids_of_a_bulk_are_not_taken_by_their_order(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    between.edits("POST /users/bulk", lambda body: {**body, "data": body["data"][::-1]})
    people = crowd(facebook, 5)

    buyers.sync(shop, *people)

    for one in people:
        assert talk.contact_link_of(one).remote_id == str(users(sandbox)[one.email]["id"])


@pytest.mark.parametrize("atomic", [True, False])
def test_one_bad_in_a_bulk_fails_alone(
    shop: Connection, facebook: Company, sandbox: SandboxServer, atomic: bool
) -> None:
    store.set_up(sandbox, bulk_atomic=atomic)
    other = buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, other)
    people = crowd(facebook, 6)
    buyers.change(people[2], email=buyers.lead(other).email)

    run = talk.send(shop, people)

    assert (run.created, run.rejected) == (5, 1)
    assert "Globex" in talk.shown(people[2], shop)[1]
    assert len(users(sandbox)) == 2 + 5


HOW = [("cut", True), ("cut", False), ("html", True), ("garbage", True), ("500", True), ("503", False)]


# One alone is lost in every way; what is read of an answer is read alike where many go together.
LOSSES = [
    *(("POST /users", 1, *way) for way in HOW),
    *(("POST /users/bulk", 12, *way) for way in (*HOW[:2], ("garbage", True))),
]


@pytest.mark.parametrize(("call", "count", "how", "arrives"), LOSSES)
def test_an_answer_that_is_lost_makes_each_user_once(
    shop: Connection,
    facebook: Company,
    sandbox: SandboxServer,
    between: Between,
    call: str,
    count: int,
    how: str,
    arrives: bool,
) -> None:
    people = crowd(facebook, count)
    between.breaks(call, how, arrives=arrives)

    buyers.sync(shop, *people)
    buyers.settle(shop)

    for one in people:
        there = users(sandbox)[one.email]
        assert (there["uuid"], there["firstName"]) == (str(one.public_id), one.first_name)
        assert talk.shown(one, shop)[0] == "In sync"
    assert len(users(sandbox)) == count + 1


def test_an_edit_behind_a_lost_create_arrives_too(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    someone = anna(facebook)
    between.loses("POST /users")
    buyers.sync(shop, someone)

    buyers.change(someone, last_name="Bell", role="senior_buyer")
    buyers.settle(shop)

    there = users(sandbox)["anna@facebook.example"]
    assert (there["lastName"], there["role"]) == ("Bell", SENIOR)


@pytest.mark.parametrize("ignores_case", [True, False])
def test_an_e_mail_in_another_case_is_the_same_person(
    shop: Connection, facebook: Company, sandbox: SandboxServer, ignores_case: bool
) -> None:
    store.set_up(sandbox, email_filter_ignores_case=ignores_case)
    company_id = int(buyers.link(facebook, shop).remote_id)
    (there,) = store.makes(
        sandbox, "user",
        {"companyId": company_id, "email": "Anna@Facebook.example", "firstName": "Anna", "lastName": "B"},
    )  # fmt: skip
    someone = anna(facebook)

    buyers.sync(shop, someone)

    assert talk.contact_link_of(someone).remote_id == there
    assert len(store.rows(sandbox, "user")) == 2


def test_the_e_mail_of_another_companys_user_is_left_alone(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    globex = buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, globex)
    before = users(sandbox)
    someone = anna(facebook, email=buyers.lead(globex).email)

    buyers.sync(shop, someone)

    assert between.writes() == []
    assert users(sandbox) == before
    word, why = talk.shown(someone, shop)
    assert word == "Failed"
    assert someone.email in why
    assert "Globex" in why
    assert list(talk.contact_link_of(someone).errors) == ["email"]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_super_admins_e_mail_is_told_as_one(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between, status: int
) -> None:
    store.makes(sandbox, "super_admin", {"email": "root@facebook.example"})
    someone = anna(facebook, email="root@facebook.example")
    if status != 422:
        text = "The user already exists." if status == 400 else "email is existed"
        between.answers(
            "POST /users", status, {"code": status, "data": {"errMsg": text}, "meta": {"message": "x"}}
        )

    buyers.sync(shop, someone)

    assert talk.shown(someone, shop)[0] == "Failed"
    assert "super admin" in talk.contact_link_of(someone).errors["email"]


def test_a_customer_of_the_store_is_linked_only_by_a_persons_word(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    store.makes(sandbox, "customer", {"email": "anna@facebook.example", "orderIds": [7]})
    someone = anna(facebook)

    buyers.sync(shop, someone)

    link = talk.contact_link_of(someone)
    assert between.writes() == []
    assert talk.shown(someone, shop)[0] == "Needs your choice"
    assert [way["choice"] for way in link.ways] == ["consent"]
    assert "orders of anna@facebook.example become visible to Facebook" in link.ways[0]["consequence"]

    queue.choose("contact", link.pk, "consent", by="tester", run=talk.new_run(shop).pk)
    talk.drain(shop)

    assert users(sandbox)["anna@facebook.example"]["uuid"] == str(someone.public_id)
    assert talk.shown(someone, shop)[0] == "In sync"


def test_several_customers_of_one_e_mail_are_nobodys_to_take(
    shop: Connection, facebook: Company, between: Between
) -> None:
    twice = [{"id": n, "email": "anna@facebook.example"} for n in (901, 902)]
    between.answers("GET core/customers", 200, {"data": twice, "meta": {}})
    someone = anna(facebook)

    buyers.sync(shop, someone)

    assert between.writes() == []
    assert "Several customers" in talk.contact_link_of(someone).errors["email"]


def test_a_new_primary_is_admin_before_the_old_one_is_not(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    mark, someone = buyers.lead(facebook), anna(facebook)
    buyers.change(mark, role="junior_buyer")
    seeded.there(shop, sandbox, someone)

    primary.set_primary(someone, by="tester")
    mark.refresh_from_db()
    buyers.sync(shop, mark, someone)

    roles = [(one.path.rpartition("/")[2], one.body["role"]) for one in between.calls("PUT /users/{}")]
    assert roles == [
        (talk.contact_link_of(someone).remote_id, ADMIN),
        (talk.contact_link_of(mark).remote_id, JUNIOR),
    ]
    assert store.named(sandbox, "Facebook")["companyStatus"] == 1


def test_the_last_admin_stays_until_another_is(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    mark, someone = buyers.lead(facebook), anna(facebook)
    seeded.there(shop, sandbox, someone)
    Contact.objects.filter(pk=mark.pk).update(is_primary=False, role="junior_buyer")

    buyers.sync(shop, mark)

    assert "role" not in {key for body in between.bodies("PUT /users/{}") for key in body}
    word, why = talk.shown(mark, shop)
    assert word != "In sync"
    assert "Admin" in " ".join([why, talk.contact_link_of(mark).message])
    assert users(sandbox)[mark.email]["role"] == ADMIN


def test_a_role_of_the_stores_own_is_kept_and_shown(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    (role_id,) = store.makes(sandbox, "role", {"name": "Purchasing"})
    someone = anna(facebook)
    seeded.there(shop, sandbox, someone)
    user_id = talk.contact_link_of(someone).remote_id
    store.changes(sandbox, "user", user_id, companyRoleId=int(role_id))
    buyers.learn(shop)

    buyers.change(someone, last_name="Bell", role="senior_buyer")
    buyers.sync(shop, someone)

    there = users(sandbox)["anna@facebook.example"]
    assert (there["lastName"], str(there["companyRoleId"])) == ("Bell", role_id)
    assert all(body.get("companyRoleId") or "role" not in body for body in between.bodies("PUT /users/{}"))
    assert "Purchasing" in " ".join(talk.told(someone))


def test_predefined_roles_have_any_id_in_a_store(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    """An id of a plain role is no custom one, wherever the store counts from."""
    someone = anna(facebook)
    seeded.there(shop, sandbox, someone)

    buyers.change(someone, role="senior_buyer")
    buyers.sync(shop, someone)

    assert users(sandbox)["anna@facebook.example"]["role"] == SENIOR
