"""What must never happen in a store: a company without users or admins, a person taken over, a value lost.

Every call of every test here is held against the documentation when the test ends: see
the fixture `shop`. Source: BigCommerce docs, B2B "Users", "Extra fields", "API status codes".
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company
from connectors import queue
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from contacts import primary
from contacts.models import Contact
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between
from tests.factories import ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def facebook(shop: Connection, sandbox: SandboxServer) -> Company:
    """A company that is over there with Mark Z, its first user."""
    made = buyers.company(shop)
    seeded.there(shop, sandbox, made)
    return made


def anna(company: Company, **fields: Any) -> Contact:
    """Return a second contact of a company."""
    return ContactFactory.create(
        **{"company": company, "first_name": "Anna", "email": "anna@x.example", **fields}
    )


def there(sandbox: SandboxServer, contact: Contact) -> dict[str, Any]:
    """Return the one user of a contact."""
    return store.mine(sandbox, "user", contact)


def says_yes(shop: Connection, contact: Contact, way: str) -> None:
    """Agree to a way as a person does."""
    link = talk.contact_link_of(contact)
    queue.choose("contact", link.pk, way, by="tester", run=talk.new_run(shop).pk)
    talk.drain(shop)


@pytest.mark.parametrize("others", [0, 1])
def test_the_last_user_or_admin_of_a_company_does_not_move_away(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between, others: int
) -> None:
    mark, globex = buyers.lead(facebook), buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, globex, *(anna(facebook, email=f"n{n}@x.example") for n in range(others)))
    Contact.objects.filter(pk=mark.pk).update(is_primary=False, company=globex)
    mark.refresh_from_db()
    buyers.sync(shop, mark)
    says_yes(shop, mark, "move")

    assert not between.calls("DELETE /users/{}")
    assert str(there(sandbox, mark)["companyId"]) == buyers.link(facebook, shop).remote_id
    said = talk.contact_link_of(mark).errors["company"]
    assert ("only Admin of Facebook" if others else "last user of Facebook") in said


def test_a_store_that_knows_better_who_is_last_is_believed(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    someone, globex = anna(facebook), buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, globex, someone)
    buyers.change(someone, company=globex)
    buyers.sync(shop, someone)
    text = "The last user in company can not be deleted."
    between.answers(
        "DELETE /users/{}", 422, {"code": 422, "data": {"errMsg": text}, "meta": {"message": "x"}}
    )

    says_yes(shop, someone, "move")

    assert "last user" in talk.contact_link_of(someone).errors["company"]
    assert between.bodies("POST /users") == []


def test_nobody_is_deleted_by_a_contact_that_is_switched_off_or_inactive(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    one, other = anna(facebook), anna(facebook, email="b@x.example")
    seeded.there(shop, sandbox, one, other)

    buyers.change(one, active=False)
    queue.set_enabled("contact", other.pk, shop, False, by="tester")
    buyers.sync(shop, one, other)

    assert between.writes() == []
    assert len(store.rows(sandbox, "user")) == 3
    assert talk.shown(one, shop)[0] == talk.shown(other, shop)[0] == "Not enabled"


def test_a_primary_with_a_role_of_the_stores_own_becomes_admin(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    (role_id,) = store.makes(sandbox, "role", {"name": "Purchasing"})
    someone = anna(facebook)
    seeded.there(shop, sandbox, someone)
    store.changes(sandbox, "user", talk.contact_link_of(someone).remote_id, companyRoleId=int(role_id))
    buyers.learn(shop)

    primary.set_primary(someone, by="tester")
    buyers.sync(shop, someone)

    assert there(sandbox, someone)["role"] == 0


@pytest.mark.parametrize("whose", ["of another company", "of the same company", "a super admin's"])
def test_an_e_mail_that_changes_to_a_taken_one_is_told_of_the_field(
    shop: Connection, facebook: Company, sandbox: SandboxServer, whose: str
) -> None:
    someone, globex = anna(facebook), buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, globex, someone)
    store.makes(sandbox, "super_admin", {"email": "root@x.example"})
    taken = {
        "of another company": (buyers.lead(globex).email, "Globex"),
        "of the same company": (buyers.lead(facebook).email, "Facebook"),
        "a super admin's": ("root@x.example", "super admin"),
    }
    email, word = taken[whose]

    buyers.change(someone, email=email)
    buyers.sync(shop, someone)

    link = talk.contact_link_of(someone)
    assert list(link.errors) == ["email"]
    assert word in link.errors["email"]
    assert (link.remote_id, there(sandbox, someone)["email"]) == (
        str(there(sandbox, someone)["id"]),
        "anna@x.example",
    )


def test_an_e_mail_that_changes_to_a_customers_is_refused_in_words(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    store.makes(sandbox, "customer", {"email": "shopper@x.example"})
    someone = anna(facebook)
    seeded.there(shop, sandbox, someone)

    buyers.change(someone, email="shopper@x.example")
    buyers.sync(shop, someone)

    assert talk.shown(someone, shop)[0] in ("Failed", "Needs your choice")
    link = talk.contact_link_of(someone)
    said = " ".join([link.message, *link.errors.values()])
    assert "e-mail" in said.lower()
    assert "shopper@x.example" in said


@pytest.mark.parametrize("default", ["", "North"])
@pytest.mark.parametrize("entity", ["user", "address"])
def test_a_required_extra_field_is_filled_or_said_before_any_write(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between, entity: str, default: str
) -> None:
    field = {"resource": entity, "fieldName": "Region", "isRequired": True, "defaultValue": default}
    store.makes(sandbox, "extra_field", field)
    buyers.learn(shop)
    maker = anna if entity == "user" else LocationFactory.create
    one = maker(company=facebook) if entity == "address" else anna(facebook)
    if entity == "address":
        buyers.change(one, region="CA")

    buyers.sync(shop, one)

    if default:
        (body,) = between.bodies("POST /users") + between.bodies("POST /addresses")
        assert body["extraFields"] == [{"fieldName": "Region", "fieldValue": "North"}]
        assert talk.shown(one, shop)[0] == "In sync"
    else:
        assert between.writes() == []
        assert "Region" in talk.shown(one, shop)[1]


@pytest.mark.parametrize("status", [409, 422])
def test_a_value_that_must_be_unique_names_its_field(
    shop: Connection, sandbox: SandboxServer, status: int
) -> None:
    store.set_up(sandbox, unique_extra_field_status=status)
    store.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "Tax", "isUnique": True})
    store.makes(sandbox, "company", {"companyName": "Other", "extraFields": {"Tax": "DE1"}})
    buyers.set_up(shop, tax_id_field="Tax")
    facebook = buyers.company(shop, tax_id="DE1")

    buyers.sync(shop, facebook)

    link = buyers.link(facebook, shop)
    assert link.state == "failed"
    assert "Tax" in " ".join([link.message, *link.errors.values()])


def test_a_companys_e_mail_that_must_be_unique_is_told_of_that_field(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    """Whether it must be is not documented; if it must, the first user's is another matter."""
    store.set_up(sandbox, unique_company_email=True)
    globex = buyers.company(shop, "Globex", email=facebook.email)
    initech = buyers.company(shop, "Initech", email="office@initech.example")
    buyers.sync(shop, globex, initech)
    buyers.change(initech, email=facebook.email)
    buyers.sync(shop, initech)

    for one in (globex, initech):
        assert list(buyers.link(one, shop).errors) == ["email"]
        assert facebook.email in buyers.link(one, shop).errors["email"]


def test_a_server_error_is_tried_again_a_minute_later_and_the_others_go_on(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    facebook, globex = buyers.company(shop), buyers.company(shop, "Globex")
    between.answers("POST /companies", 500, "")
    before = timezone.now()

    buyers.sync(shop, facebook, globex)

    link = buyers.link(facebook, shop)
    assert link.state == "pending"
    assert link.not_before is not None
    assert link.not_before - before >= timedelta(seconds=59)
    assert talk.shown(globex, shop)[0] == "In sync"
    assert not ConnectionHealth.objects.get(connection=shop).is_paused()


def test_what_the_store_ignored_is_told_and_not_taken_for_agreed(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    def forgets(body: Any) -> Any:
        return {**body, "data": {**body["data"], "city": "", "zipCode": ""}} if "data" in body else body

    between.edits("GET /companies/{}", forgets)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    link = buyers.link(facebook, shop)
    assert not {"city", "zipCode"} & link.snapshot.keys()
    assert "did not keep City, Postal Code" in " ".join(talk.told(facebook))


@pytest.mark.parametrize("seen", ["not there", "someone else's"])
def test_a_read_back_that_shows_another_status_is_set_right(
    shop: Connection, sandbox: SandboxServer, between: Between, seen: str
) -> None:
    facebook = buyers.company(shop, status="blocked")
    answers = {"not there": {}, "someone else's": {"companyStatus": "1"}}
    between.edits(
        "GET /companies/{}", lambda body: {**body, "data": {**body["data"], **answers[seen]}}, times=1
    )

    buyers.sync(shop, facebook)

    assert store.named(sandbox, "Facebook")["companyStatus"] == 3
