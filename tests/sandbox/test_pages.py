"""The pages for people."""

import re
from typing import Any

import pytest
import requests

from .conftest import TIMEOUT_S, Remote


def page(remote: Remote, path: str, **options: object) -> requests.Response:
    return requests.get(f"{remote.url}{path}", timeout=TIMEOUT_S, **options)  # type: ignore[arg-type]


def press(remote: Remote, prank: str, **headers: str) -> requests.Response:
    token = re.search(r'name="token" value="([^"]+)"', page(remote, "/salesforce").text)
    assert token
    form = {"prank": prank, "token": token[1]}
    return requests.post(f"{remote.url}/salesforce/page/order", data=form, headers=headers, timeout=TIMEOUT_S)


def test_the_front_page_says_what_is_rehearsed_and_how_to_connect(remote: Remote) -> None:
    remote.store({"Name": "A"})

    text = page(remote, "/").text

    assert f"{remote.url}/salesforce" in text
    assert "1 Account" in text
    assert "rehearsal-client" in text
    assert page(remote, "/nowhere").status_code == 404


def test_accounts_are_shown_newest_first_in_salesforces_words(remote: Remote) -> None:
    remote.store(
        {"Name": "Older"}, {"Name": "Newer", "BillingCity": "Melbourne", "BillingCountry": "Australia"}
    )

    text = page(remote, "/salesforce").text

    for word in ("Rehearsal", "Account Name", "Billing City/Country", "Concord Id", "Melbourne, Australia"):
        assert word in text
    assert text.index("Newer") < text.index("Older")


def test_a_hostile_name_is_text_in_the_list_and_on_its_page(remote: Remote) -> None:
    name = "<script>alert(1)</script>\"'>&"
    key = remote.store({"Name": name, "Website": "javascript:alert(1)"})[0]

    for path in ("/salesforce", f"/salesforce/{key}", f"/salesforce/page/Account?search={name[:8]}"):
        answer = page(remote, path)
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert 'href="javascript' not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_name_of_any_script_keeps_its_direction(remote: Remote) -> None:
    remote.store({"Name": "شركة الأفق"})

    assert re.search(r'dir="auto">شركة الأفق<', page(remote, "/salesforce").text)


def test_the_list_is_searched_and_paged(remote: Remote) -> None:
    remote.store(*({"Name": f"Company {number}"} for number in range(51)))

    first = page(remote, "/salesforce/page/Account").text
    last = page(remote, "/salesforce/page/Account?page=99").text
    searched = page(remote, "/salesforce/page/Account?search=company+50").text

    assert (first.count("<tr><td"), last.count("<tr><td"), searched.count("<tr><td")) == (50, 1, 1)
    assert "page 1 of 2" in first
    assert "1 of 51 match" in searched
    assert "Nothing matches" in page(remote, "/salesforce/page/Account?search=nobody").text


def test_a_records_page_stands_where_the_console_links_to(remote: Remote) -> None:
    key = remote.store({"Name": "Facebook", "BillingStreet": "1 Main St"})[0]

    for path in (
        f"/salesforce/lightning/r/Account/{key}/view",
        f"/salesforce/{key}",
        f"/salesforce/{key[:15]}",
    ):
        text = page(remote, path).text
        assert "1 Main St" in text
        assert key in text
    assert page(remote, "/salesforce/0015g0000000001").status_code == 404


def test_a_merged_record_leads_to_the_one_that_stayed(remote: Remote) -> None:
    kept, lost = remote.store({"Name": "Kept"}, {"Name": "Lost"})
    remote.control("POST", f"salesforce/Account/{kept}/merge", json={"loser": lost})

    text = page(remote, f"/salesforce/{lost}").text

    assert "Merged into" in text
    assert f"/salesforce/lightning/r/Account/{kept}/view" in text


def test_a_button_orders_its_fault_and_everything_works_again_takes_it_back(remote: Remote) -> None:
    answer = press(remote, "down")

    assert answer.status_code == 200
    assert "Calls are answered 503" in answer.text
    assert remote.call("GET", "/limits").status_code == 503
    press(remote, "well")
    assert remote.call("GET", "/limits").status_code == 200


@pytest.mark.parametrize(
    ("prank", "fault"),
    [
        ("login", "token:400:invalid_grant"),
        ("lost", "drop_after_commit"),
        ("quota", "rate_limit"),
        ("slow", "slow:5"),
        ("locked", "record:UNABLE_TO_LOCK_ROW"),
    ],
)
def test_every_button_means_a_fault(remote: Remote, prank: str, fault: str) -> None:
    press(remote, prank)

    assert fault in [each["fault"] for each in remote.control("GET", "faults").json()]


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}]
)
def test_a_button_on_another_site_does_nothing(remote: Remote, headers: dict[str, str]) -> None:
    assert press(remote, "down", **headers).status_code == 403
    assert remote.control("GET", "faults").json() == []


def test_a_form_without_the_pages_token_does_nothing(remote: Remote) -> None:
    form = {"prank": "down", "token": "guessed"}

    answer = requests.post(f"{remote.url}/salesforce/page/order", data=form, timeout=TIMEOUT_S)

    assert answer.status_code == 403
    assert remote.control("GET", "faults").json() == []


def test_the_last_calls_are_shown_with_their_ends(remote: Remote) -> None:
    remote.upsert([{"Concord_Id__c": "C-1", "Name": "A"}])

    text = page(remote, "/salesforce").text

    assert "collections upsert" in text
    assert "1 of 100,000 calls" in text


# Owners, contacts, users, and what a colleague does with them


def push_button(remote: Remote, page_path: str, deed: str, **form: str) -> requests.Response:
    """Send a form of this page as a browser would."""
    token = re.search(r'name="token" value="([^"]+)"', page(remote, page_path).text)
    assert token
    filled = {"token": token[1], "deed": deed, **form}
    return requests.post(f"{remote.url}/salesforce/page/order", data=filled, timeout=TIMEOUT_S)


def user(remote: Remote, alias: str) -> dict[str, Any]:
    return next(each for each in remote.stored("User") if each["Alias"] == alias)


def test_an_account_shows_its_owner_and_its_contacts(remote: Remote) -> None:
    key = remote.store({"Name": "Facebook", "OwnerId": user(remote, "dwhit")["Id"]})[0]
    remote.store(
        {"FirstName": "Mark", "LastName": "Z", "Title": "CEO", "Email": "z@example.com", "AccountId": key},
        {"LastName": "Elsewhere"},
        entity="Contact",
    )

    listed = page(remote, "/salesforce/page/Account").text
    text = page(remote, f"/salesforce/{key}").text

    for word in ("Account Owner", "Dana Whitfield", ">1<"):
        assert word in listed
    for word in ("Account Owner", "Dana Whitfield", "Mark Z", "CEO · z@example.com"):
        assert word in text
    assert "Elsewhere" not in text


def test_contacts_are_shown_with_account_and_owner(remote: Remote) -> None:
    key = remote.store({"Name": "Facebook"})[0]
    people = remote.store({"LastName": "Zuck", "AccountId": key}, {"LastName": "Free"}, entity="Contact")

    listed = page(remote, "/salesforce/page/Contact").text
    text = page(remote, f"/salesforce/{people[0]}").text

    for word in ("Account Name", "Zuck", "Free", "Facebook"):
        assert word in listed
    for word in ("Contact Owner", "Remote Colleague", "Account Name", "Facebook"):
        assert word in text


def test_users_are_listed_with_profile_and_the_inactive_last(remote: Remote) -> None:
    text = page(remote, "/salesforce/page/User").text

    for word in ("Profile", "Field Sales", "CsnOnly", "Active", "Inactive", "dana.whitfield@example.com"):
        assert word in text
    assert text.index("Sales West") < text.index("Aaron Kim") < text.index("Left Company")


def test_a_users_page_shows_what_they_own_and_deactivates_them(remote: Remote) -> None:
    east = user(remote, "east")["Id"]
    remote.store({"Name": "Facebook", "OwnerId": east})
    path = f"/salesforce/{east}"
    assert "Facebook" in page(remote, path).text

    after = push_button(remote, path, "deactivate", kind="User", id=east)

    assert after.status_code == 200
    assert "Inactive. Can own nothing new." in after.text
    assert user(remote, "east")["IsActive"] is False
    push_button(remote, path, "activate", kind="User", id=east)
    assert user(remote, "east")["IsActive"] is True


def test_two_accounts_of_one_name_are_merged_with_a_button(remote: Remote) -> None:
    kept, lost = remote.store({"Name": "Globex"}, {"Name": "globex"})
    path = f"/salesforce/{kept}"
    assert f'name="other" value="{lost}"' in page(remote, path).text

    after = push_button(remote, path, "merge", kind="Account", id=kept, other=lost)

    assert "Merged into this one" in after.text
    assert [each["Id"] for each in remote.stored()] == [kept]


@pytest.mark.parametrize("kind", ["Account", "Contact"])
def test_a_record_is_deleted_with_a_button_and_has_none_then(remote: Remote, kind: str) -> None:
    key = remote.store({"Name" if kind == "Account" else "LastName": "A"}, entity=kind)[0]

    after = push_button(remote, f"/salesforce/{key}", "delete", kind=kind, id=key)

    assert "It is in the Recycle Bin." in after.text
    assert remote.stored(kind) == []
    assert 'name="deed"' not in after.text


@pytest.mark.parametrize(
    ("deed", "form", "status"),
    [
        ("delete", {"kind": "User"}, 400),
        ("delete", {"kind": "Nothing"}, 404),
        ("delete", {"kind": "Account", "id": "0015g0000000001"}, 404),
        ("merge", {"kind": "Account", "other": "nobody"}, 404),
        ("explode", {}, 400),
    ],
)
def test_a_button_that_makes_no_sense_says_so_and_changes_nothing(
    remote: Remote, deed: str, form: dict[str, str], status: int
) -> None:
    key = remote.store({"Name": "A"})[0]

    answer = push_button(remote, "/salesforce", deed, **{"id": key, **form})

    assert answer.status_code == status
    assert "Nothing was changed" in answer.text
    assert [each["Id"] for each in remote.stored()] == [key]


def test_a_records_button_on_another_site_does_nothing(remote: Remote) -> None:
    key = remote.store({"Name": "A"})[0]
    form = {"token": "guessed", "deed": "delete", "kind": "Account", "id": key}

    answer = requests.post(f"{remote.url}/salesforce/page/order", data=form, timeout=TIMEOUT_S)

    assert answer.status_code == 403
    assert len(remote.stored()) == 1


def test_hostile_names_of_people_are_text_everywhere(remote: Remote) -> None:
    name = "<script>alert(1)</script>"
    owner = remote.store({"LastName": name, "Email": "x@example.com"}, entity="User")[0]
    account = remote.store({"Name": "A", "OwnerId": owner})[0]
    contact = remote.store({"LastName": name, "AccountId": account, "Title": name}, entity="Contact")[0]

    paths = [f"/salesforce/{key}" for key in (owner, account, contact)]
    for path in (*paths, *(f"/salesforce/page/{kind}" for kind in ("Account", "Contact", "User"))):
        text = page(remote, path).text
        assert "<script" not in text
        assert "&lt;script&gt;" in text
