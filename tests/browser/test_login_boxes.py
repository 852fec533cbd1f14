"""The boxes of a login in the browser: one way's at a time, all of them without the script."""

from typing import TYPE_CHECKING, Any

import pytest

from connectors.models import Connection
from tests import keys
from tests.browser.conftest import Person, sit_down
from tests.factories import ConnectionFactory, UserFactory

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ADD = "/admin/connectors/connection/add/?kind=salesforce"
KEY = keys.made()
CLIENT_ID, BY_SECRET = "#id_credential_client_id", "#id_credential_client_secret"
BY_KEY = "#id_credential_private_key_1"


def administrator(person: Person) -> Person:
    UserFactory.create(username="admin", is_superuser=True)
    person.logs_in("admin", "rehearsal")
    return person


def shown(person: Person) -> list[str]:
    return [box for box in (CLIENT_ID, BY_SECRET, BY_KEY) if person.page.is_visible(box)]


def test_a_person_chooses_the_way_uploads_the_key_and_finds_it_stored(somebody: Person) -> None:
    person = administrator(somebody)
    page = person.page
    person.goes_to(ADD)
    by_secret = shown(person)

    page.get_by_label("JWT bearer: an ID and a private key").check()
    by_key = shown(person)
    page.fill("#id_name", "Acme")
    page.select_option("#id_environment", "sandbox")
    page.fill("#id_base_url", "acme.my.salesforce.com")
    page.fill(CLIENT_ID, "consumer-key")
    page.fill("#id_credential_username", "concord@acme.example")
    file: Any = {"name": "server.key", "mimeType": "text/plain", "buffer": keys.pem(KEY)}
    page.set_input_files("#id_credential_private_key_0", files=[file])
    page.get_by_role("button", name="Save and continue editing").click()
    person.sees("RSA 2048, SHA-256 fingerprint of its public part")

    assert by_secret == [CLIENT_ID, BY_SECRET]
    assert by_key == shown(person) == [CLIENT_ID, BY_KEY]
    assert Connection.objects.get().credentials["private_key"] == keys.pem(KEY).decode()
    person.looks()


def test_a_key_that_is_none_is_told_beside_its_box_which_stays_in_view(somebody: Person) -> None:
    person = administrator(somebody)
    person.goes_to(ADD)

    person.page.get_by_label("JWT bearer: an ID and a private key").check()
    person.page.fill(BY_KEY, keys.certificate(KEY).decode())
    person.page.get_by_role("button", name="Save and continue editing").click()
    person.sees("This is the public half (a certificate)")

    assert shown(person) == [CLIENT_ID, BY_KEY]
    person.looks()


def test_a_folded_section_opens_when_a_number_in_it_is_refused(somebody: Person) -> None:
    person = administrator(somebody)
    page = person.page
    person.goes_to(f"/admin/connectors/connection/{ConnectionFactory.create().pk}/change/")
    folded = page.is_visible("#id_batch_size")
    page.get_by_text("Speed", exact=True).click()
    page.fill("#id_batch_size", "0")

    page.get_by_role("button", name="Save", exact=True).click()

    person.sees("Enter a whole number from 1 to 200.")
    assert not folded
    assert page.is_visible("#id_batch_size")


def test_without_the_script_all_boxes_are_there(somebody: Person) -> None:
    person = administrator(somebody)
    person.page.route("**/login_boxes.js", lambda route: route.abort())

    person.goes_to(ADD)

    assert shown(person) == [CLIENT_ID, BY_SECRET, BY_KEY]


def test_a_stored_key_fits_a_phone(chrome: "Browser", live_server: Any) -> None:
    stored = {"login": "jwt_bearer", "client_id": "x", "username": "x" * 60 + "@acme.example"}
    account = ConnectionFactory.create(credentials={**stored, "private_key": keys.pem(KEY).decode()})
    person = administrator(sit_down(chrome, live_server.url, viewport={"width": 390, "height": 800}))

    person.goes_to(f"/admin/connectors/connection/{account.pk}/change/")

    person.sees("RSA 2048")
    person.looks()
    person.page.context.close()
