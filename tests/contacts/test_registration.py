"""The public form: what is stored, what is refused with which sentence, and what it never tells."""

import logging
import time
from typing import Any

import pytest
from django.core import signing
from django.urls import reverse
from pytest_django.fixtures import Settings

from companies.models import Company
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from contacts.registration import once
from synclog.models import Entry
from tests import talk
from tests.contacts.conftest import TYPED, Visitor

pytestmark = pytest.mark.django_db
THANKS = "/companies/register/thanks/"


def stored() -> tuple[Company, Contact]:
    return Company.objects.get(), Contact.objects.get()


def test_a_registration_is_a_pending_company_with_its_primary_contact(visitor: Visitor) -> None:
    answer = visitor.sends({"company-phone": "02 9374 4000", "contact-job_title": "Founder"})

    company, contact = stored()
    assert (answer.status_code, answer["Location"]) == (302, THANKS)
    assert (company.name, company.status, company.source) == ("Facebook", "pending", "form")
    assert (company.phone, company.phone_e164) == ("02 9374 4000", "+61293744000")
    assert (contact.name, contact.job_title, contact.source) == ("Mark Z", "Founder", "form")
    assert contact.company == company
    assert contact.is_primary


def test_the_company_has_the_contacts_email_unless_it_has_its_own(visitor: Visitor) -> None:
    visitor.posts()
    visitor.opens()
    visitor.sends({"company-email": "office@facebook.example"})

    second, first = Company.objects.all()
    assert first.email == "markz@facebook.example"
    assert second.email == "office@facebook.example"


def test_with_automatic_sync_both_reach_salesforce_by_themselves(
    visitor: Visitor, salesforce: Connection, sandbox: SandboxServer
) -> None:
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()

    visitor.posts()
    talk.drain(salesforce)

    company, contact = stored()
    account = talk.account_of(sandbox, company)
    assert account["Name"] == "Facebook"
    assert contact.links.get().remote_id
    assert set(Entry.objects.filter(outcome="created").values_list("login_user", flat=True)) == {
        "public form"
    }


def test_the_history_says_that_nobody_of_the_staff_made_it(visitor: Visitor) -> None:
    visitor.posts()

    company, contact = stored()
    assert company.history.get().history_user is None
    assert contact.history.get().history_user is None


# --- What it never tells ------------------------------------------------------------------------


def test_a_known_email_and_company_get_the_very_same_answer(visitor: Visitor) -> None:
    new = visitor.posts()
    another = Visitor()
    another.opens()

    known = another.posts()

    assert (known.status_code, known.content, known["Location"]) == (
        new.status_code, new.content, new["Location"],
    )  # fmt: skip
    assert Contact.objects.filter(email="markz@facebook.example").count() == 2


def test_a_known_email_takes_as_many_queries_as_a_new_one(
    visitor: Visitor, django_assert_max_num_queries: Any
) -> None:
    another = Visitor()
    another.opens()
    with django_assert_max_num_queries(100) as first:
        visitor.posts()

    with django_assert_max_num_queries(100) as second:
        another.posts()

    assert len(second) == len(first)


def test_no_personal_data_in_addresses_cookies_or_logs(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="contacts")

    answer = visitor.sends({"remarks": "cheap watches"})
    visitor.posts()

    assert answer["Location"] == THANKS
    assert [*visitor.client.cookies] == ["csrftoken"]
    assert "markz" not in caplog.text.lower()
    assert "facebook" not in caplog.text.lower()
    assert "127.0.0.1" not in caplog.text


# --- Once ---------------------------------------------------------------------------------------


def test_the_same_form_posted_twice_makes_one_company(visitor: Visitor) -> None:
    first = visitor.posts()

    second = visitor.posts()

    assert (second.status_code, second["Location"]) == (first.status_code, first["Location"])
    assert stored()[0].name == "Facebook"


def test_the_same_words_in_a_form_fetched_anew_make_one_company(visitor: Visitor) -> None:
    visitor.posts()
    visitor.opens()  # as some browsers do when going back

    visitor.sends({"company-name": " Facebook "})

    assert stored()[0].name == "Facebook"


def test_a_correction_is_not_lost(visitor: Visitor) -> None:
    visitor.sends({"contact-email": "mrakz@facebook.example"})

    visitor.keeps(visitor.posts())  # of the page that the browser kept: it was posted already
    visitor.posts()

    assert [contact.email for contact in Contact.objects.order_by("pk")] == [
        "mrakz@facebook.example", "markz@facebook.example",
    ]  # fmt: skip


def test_a_form_serves_one_registration(visitor: Visitor) -> None:
    visitor.posts()

    for number in range(3):
        another = visitor.sends({"company-name": f"Facebook {number}"})
        assert "press Register again" in another.content.decode()
        assert f'value="Facebook {number}"' in another.content.decode()

    assert Company.objects.count() == 1


def test_a_form_that_was_shown_yesterday_is_shown_again(visitor: Visitor) -> None:
    yesterday = signing.dumps([time.time() - 13 * 3600, "x"], salt=once.SALT)

    answer = visitor.sends({"shown": yesterday})

    assert "press Register again" in answer.content.decode()
    assert not Company.objects.exists()


@pytest.mark.parametrize("forged", ["", "x", once.stamp() + "x"], ids=["none", "garbage", "another's"])
def test_a_form_that_was_not_ours_is_shown_again_with_what_was_typed(visitor: Visitor, forged: str) -> None:
    answer = visitor.sends({"shown": forged})

    assert "press Register again" in answer.content.decode()
    assert 'value="Facebook"' in answer.content.decode()
    assert not Company.objects.exists()

    visitor.keeps(answer)
    visitor.posts()

    assert stored()[0].name == "Facebook"


# --- Robots -------------------------------------------------------------------------------------


def test_who_fills_in_the_hidden_field_is_thanked_and_not_stored(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    answer = visitor.sends({"remarks": "cheap watches"})

    assert (answer.status_code, answer["Location"]) == (302, THANKS)
    assert not Company.objects.exists()
    assert "dropped as spam" in caplog.text


def test_who_is_faster_than_a_person_is_thanked_and_held_for_review(
    visitor: Visitor, settings: Settings
) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "min_fill_s": 60.0}

    answer = visitor.posts()

    company, contact = stored()
    assert (answer.status_code, answer["Location"]) == (302, THANKS)
    assert (company.held, company.sync_enabled, contact.sync_enabled) == ("quick", False, False)


def test_a_quick_person_who_forgot_something_is_told_what(visitor: Visitor, settings: Settings) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "min_fill_s": 60.0}

    answer = visitor.sends({"company-name": ""})

    assert "Enter the company&#x27;s name." in answer.content.decode()


def test_the_hidden_field_is_hidden_from_everybody_but_robots(visitor: Visitor) -> None:
    page = visitor.opens().content.decode()

    assert '<div class="aside" aria-hidden="true">' in page
    assert 'name="remarks" tabindex="-1" autocomplete="off"' in page


# --- Refused, and how it is told ----------------------------------------------------------------

REFUSED = {
    "no name": ("company-name", "", "Enter the company&#x27;s name."),
    "invisible name": ("company-name", "\u200b\u00ad", "Enter the company&#x27;s name."),
    "blank first name": ("contact-first_name", "  ", "Enter the first name."),
    "no country": ("company-legal_country", "", "Choose the country."),
    "invented country": ("company-legal_country", "QQ", "Select a valid choice."),
    "no e-mail": ("contact-email", "", "Enter the contact&#x27;s e-mail address."),
    "half an e-mail": ("contact-email", "mark@", "This is not an e-mail address."),
    "half a company e-mail": ("company-email", "mark", "This is not an e-mail address."),
    "phone without a number": ("company-phone", "ask for Mark", "cannot be read as a phone number"),
    "phone of the contact": ("contact-phone", "12", "This cannot be read as a phone number. Write it with"),
    "script as a website": ("company-website", "javascript:alert(1)", "This is not a web address."),
    "file as a website": ("company-website", "ftp://example.com", "This is not a web address."),
    "endless name": (
        "company-name", "x" * 501, "This has 501 characters; at most 500 fit. Shorten it.",
    ),
    "endless first name": (
        "contact-first_name", "x" * 301, "This has 301 characters; at most 300 fit. Shorten it.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("box", "typed", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_input_is_told_beside_the_field_and_on_top(
    visitor: Visitor, box: str, typed: str, sentence: str
) -> None:
    answer = visitor.sends({box: typed})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count(sentence) == 2
    assert f'<a href="#id_{box}">' in page
    assert f'id="id_{box}_error"' in page
    assert f'id_{box}_error"' in page.partition(f'name="{box}"')[2].partition(">")[0]
    assert page.count('aria-invalid="true"') == 1
    assert not Company.objects.exists()


def test_a_phone_without_country_asks_for_either(visitor: Visitor) -> None:
    answer = visitor.sends({"company-phone": "02 9374 4000", "company-legal_country": ""})

    assert "such as +44 20 7946 0958, or choose the country." in answer.content.decode()


def test_what_was_typed_is_kept_beside_the_errors(visitor: Visitor) -> None:
    answer = visitor.sends({"company-name": '"><script>', "contact-email": ""})

    assert 'value="&quot;&gt;&lt;script&gt;"' in answer.content.decode()
    assert '<option value="AU" selected>' in answer.content.decode()


ACCEPTED = {
    "three hundred characters": "x" * 300,
    "as long as the database takes": "株" * 500,
    "right to left": "شركة النور للتجارة",
    "emoji of several parts": "👩🏽‍🚀 Rockets",
    "quotes and brackets": "O'Neil & <Sons>",
}


@pytest.mark.parametrize("name", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_names_of_any_script_are_stored_as_typed(visitor: Visitor, name: str) -> None:
    visitor.sends({"company-name": name, "contact-last_name": name[:300]})

    company, contact = stored()
    assert company.name == name
    assert contact.last_name == name[:300]


def test_what_nobody_can_see_is_taken_out(visitor: Visitor) -> None:
    visitor.sends(
        {"company-name": "Face\x00bo\x07ok\u202e ", "company-legal_street": "1 Hacker Way\r\nFloor 2"}
    )

    company, _ = stored()
    assert company.name == "Facebook"
    assert company.legal_street == "1 Hacker Way\nFloor 2"


def test_a_website_needs_no_scheme(visitor: Visitor) -> None:
    visitor.sends({"company-website": "www.facebook.example"})

    assert stored()[0].website == "https://www.facebook.example"


# --- The page -----------------------------------------------------------------------------------


def test_a_lost_cookie_keeps_what_was_typed_and_the_next_try_works(visitor: Visitor) -> None:
    visitor.client.cookies.clear()

    refused = visitor.posts()

    page = refused.content.decode()
    assert refused.status_code == 403
    assert "press Register again" in page
    assert 'value="Facebook"' in page
    assert not Company.objects.exists()

    visitor.keeps(refused)
    visitor.posts()

    assert stored()[0].name == "Facebook"


def test_other_pages_keep_their_own_words_for_a_lost_token(client: Any) -> None:
    visitor = Visitor()

    answer = visitor.client.post(reverse("admin:login"), {})

    assert answer.status_code == 403
    assert "This page was open too long" in answer.content.decode()


@pytest.mark.parametrize("path", ["/companies/register/", THANKS])
def test_nothing_inline_that_the_content_policy_would_stop(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path)

    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "<script" not in answer.content.decode()
    assert "style=" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/companies/register/", THANKS])
@pytest.mark.parametrize(
    ("method", "status"), [("head", 200), ("options", 200), ("put", 405), ("delete", 405)]
)
def test_other_methods_change_nothing(visitor: Visitor, path: str, method: str, status: int) -> None:
    visitor.client.handler.enforce_csrf_checks = False

    assert getattr(visitor.client, method)(path).status_code == status
    assert not Company.objects.exists()


def test_thanks_say_what_happens_next_and_know_nobody(visitor: Visitor) -> None:
    before = visitor.client.get(THANKS).content

    visitor.posts()

    assert visitor.client.get(THANKS).content == before
    assert "What happens next" in before.decode()


def test_the_page_names_the_merchant_if_there_is_one(visitor: Visitor, settings: Settings) -> None:
    plain = visitor.opens().content.decode()
    settings.REGISTRATION = {**settings.REGISTRATION, "merchant": "Globex <Ltd>"}

    named = visitor.opens().content.decode()

    assert "<title>Register your company</title>" in plain
    assert "<title>Register your company with Globex &lt;Ltd&gt;</title>" in named


def test_every_box_has_a_label_and_says_what_a_browser_may_fill_in(visitor: Visitor) -> None:
    page = visitor.opens().content.decode()

    for box in [name for name in TYPED if name != "company-legal_country"]:
        tag = page.partition(f'name="{box}"')[2].partition(">")[0]
        assert f'for="id_{box}"' in page
        assert "autocomplete=" in tag
        assert 'dir="auto"' in tag
        assert "required" in tag
