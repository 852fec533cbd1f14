"""The pages for people."""

import re

import pytest
import requests

from .conftest import TIMEOUT_S, Remote

pytestmark = pytest.mark.once


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
