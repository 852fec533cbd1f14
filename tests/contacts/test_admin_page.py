"""The contact's own page: person, company, duplicates, the Primary, leaving."""

from typing import Any

import pytest
from django.test import Client

from companies.models import Company
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory, LocationFactory
from tests.staff import EDITS_ALL, READS_ALL, SYNCS_ALL, browser_of, person, superuser

pytestmark = pytest.mark.django_db
GRID = "/admin/contacts/contact/"
COMPANIES = "/admin/companies/company/"
ID = "0035g00000Xa1bcAAB"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook", legal_country="AU")


@pytest.fixture
def mark(facebook: Company) -> Contact:
    return ContactFactory.create(company=facebook, first_name="Mark", last_name="Z", email="markz@test.com")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def change(contact: Contact) -> str:
    return f"{GRID}{contact.pk}/change/"


def form_of(contact: Contact, **edits: str) -> dict[str, str]:
    names = ["first_name", "last_name", "job_title", "email", "phone", "role"]
    values = {name: str(getattr(contact, name)) for name in names}
    return {
        **values,
        "active": str(contact.active),
        "owner": "",
        "association": "1",
        "sync_enabled": "on",
        **edits,
    }


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_the_page_is_headed_by_person_and_company(client: Client, mark: Contact) -> None:
    html = client.get(change(mark)).content.decode()

    assert "Mark Z – Facebook | Concord" in html
    assert f'href="{COMPANIES}{mark.company_id}/change/#contacts"' in html
    assert '<span class="cc-badge">Primary</span>' in html


def test_the_page_has_the_seeds_fields(client: Client, mark: Contact) -> None:
    html = client.get(change(mark)).content.decode()

    for label in ("Business Account", "Status", "Owner", "Duplicate", "Job Title", "Phone 1", "Role"):
        assert label in html
    assert "Validated: nobody else has this e-mail" in html


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("0444 444 444", "read as +61 444 444 444"),
        ("call me", "cannot be read as a phone number in Australia, sent as typed"),
    ],
)
def test_the_phone_says_how_it_was_read(client: Client, mark: Contact, phone: str, said: str) -> None:
    Contact.objects.update(phone=phone)

    assert said in client.get(change(mark)).content.decode()


def test_a_possible_duplicate_is_named_with_its_company(client: Client, mark: Contact) -> None:
    twin = ContactFactory.create(first_name=EVIL, last_name="Zed", email="MARKZ@test.com")

    html = client.get(change(mark)).content.decode()

    assert "Possible duplicate of" in html
    assert f'href="{change(twin)}"' in html
    assert EVIL not in html
    assert "&lt;script&gt;" in html


def test_many_duplicates_are_counted_not_listed(client: Client, mark: Contact) -> None:
    ContactFactory.create_batch(8, email="markz@test.com")

    assert "and 3 more" in client.get(change(mark)).content.decode()


def test_a_person_who_looked_says_so_and_it_is_kept(client: Client, mark: Contact) -> None:
    ContactFactory.create(email="MARKZ@test.com")

    client.post(change(mark), form_of(mark, is_validated="on"))
    html = client.get(change(mark)).content.decode()

    assert Contact.objects.get(pk=mark.pk).is_validated
    assert "Validated. The same e-mail has" in html


def test_another_email_must_be_looked_at_anew(client: Client, mark: Contact) -> None:
    ContactFactory.create(email="MARKZ@test.com")
    Contact.objects.filter(pk=mark.pk).update(is_validated=True)

    client.post(change(mark), form_of(mark, is_validated="on", email="new@test.com"))

    assert not Contact.objects.get(pk=mark.pk).is_validated


def test_a_contact_added_over_its_company_returns_there(client: Client, facebook: Company) -> None:
    url = f"{GRID}add/?over={facebook.pk}"
    form = client.get(url).content.decode()
    sent = {"company": str(facebook.pk), "last_name": "Z", "active": "True", "role": "admin"}

    answer = client.post(url, sent)

    assert f'<option value="{facebook.pk}" selected>Facebook' in form
    assert answer["Location"] == f"{COMPANIES}{facebook.pk}/change/#contacts"
    assert Contact.objects.get().is_primary


def test_the_first_contact_is_told_to_be_the_primary(client: Client, facebook: Company) -> None:
    sent = {"company": str(facebook.pk), "last_name": "Z", "active": "True", "role": "admin"}

    answer = client.post(f"{GRID}add/", sent, follow=True)

    assert "Z is the Primary of Facebook." in told(answer)


def test_adding_the_same_person_twice_is_said(client: Client, mark: Contact) -> None:
    sent = form_of(mark, company=str(mark.company_id))

    answer = client.post(f"{GRID}add/", sent, follow=True)

    assert "possible duplicate of Mark Z (Facebook)" in told(answer)


def test_a_contact_saved_over_its_company_returns_there(client: Client, mark: Contact) -> None:
    answer = client.post(f"{change(mark)}?over={mark.company_id}", form_of(mark, job_title="CEO"))

    assert answer["Location"] == f"{COMPANIES}{mark.company_id}/change/#contacts"
    assert Contact.objects.get().job_title == "CEO"


def test_going_on_keeps_the_company_to_return_to(client: Client, mark: Contact) -> None:
    answer = client.post(f"{change(mark)}?over={mark.company_id}", form_of(mark, _continue="1"))

    assert answer["Location"] == f"{change(mark)}?over={mark.company_id}"


def test_a_contact_saved_from_the_grid_returns_to_the_grid(client: Client, mark: Contact) -> None:
    assert client.post(change(mark), form_of(mark))["Location"] == GRID


@pytest.mark.parametrize("over", ["0", "x", "9" * 30, "javascript:alert(1)"])
def test_a_company_to_return_to_that_is_none_is_ignored(client: Client, mark: Contact, over: str) -> None:
    answer = client.post(f"{change(mark)}?over={over}", form_of(mark))

    assert answer["Location"] == GRID


def test_a_contact_does_not_move_to_another_company(client: Client, mark: Contact) -> None:
    other = CompanyFactory.create()

    client.post(change(mark), form_of(mark, company=str(other.pk)))

    assert Contact.objects.get().company == mark.company


def test_a_save_takes_nobody_the_primary_that_was_moved_meanwhile(client: Client, mark: Contact) -> None:
    from contacts import primary

    ana = ContactFactory.create(company=mark.company)
    client.get(change(mark))
    primary.set_primary(ana, by="carl")

    client.post(change(mark), form_of(mark, job_title="CEO"))

    assert list(Contact.objects.filter(is_primary=True)) == [ana]


def test_deactivating_the_primary_asks_who_is_next(client: Client, mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company, first_name="Ana", last_name="B")

    html = client.post(change(mark), form_of(mark, active="False")).content.decode()

    assert "Mark Z is the Primary. Choose who is next, or “No Primary”." in html
    assert f'<option value="{ana.pk}">Ana B' in html
    assert Contact.objects.get(pk=mark.pk).active


def test_deactivating_the_primary_hands_on(client: Client, mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company)

    client.post(change(mark), form_of(mark, active="False", successor=str(ana.pk)))

    mark.refresh_from_db()
    assert not mark.active
    assert list(Contact.objects.filter(is_primary=True)) == [ana]


def test_deactivating_the_primary_may_leave_nobody(client: Client, mark: Contact) -> None:
    ContactFactory.create(company=mark.company)

    client.post(change(mark), form_of(mark, active="False", successor="none"))

    assert not Contact.objects.filter(is_primary=True).exists()


def test_the_last_contact_is_deactivated_without_a_question(client: Client, mark: Contact) -> None:
    client.post(change(mark), form_of(mark, active="False"))

    mark.refresh_from_db()
    assert (mark.active, mark.is_primary) == (False, False)


def test_set_as_primary_says_what_it_means_and_does_it_by_post_only(client: Client, mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company, first_name="Ana", last_name="B")
    url = f"{GRID}{ana.pk}/primary/"

    asked = client.get(url).content.decode()
    still = list(Contact.objects.filter(is_primary=True))
    answer = client.post(url, follow=True)

    assert "Make <bdi>Ana B</bdi> the Primary of <bdi>Facebook</bdi>?" in asked
    assert "<bdi>Mark Z</bdi> is it now" in asked
    assert still == [mark]
    assert list(Contact.objects.filter(is_primary=True)) == [ana]
    assert "Ana B is the Primary of Facebook. Mark Z is it no more." in told(answer)


def test_set_as_primary_needs_the_token(mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(superuser())

    answer = strict.post(f"{GRID}{ana.pk}/primary/")

    assert answer.status_code == 403
    assert list(Contact.objects.filter(is_primary=True)) == [mark]


def test_set_as_primary_needs_the_right_to_change(mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company)
    viewer = browser_of(person(*READS_ALL))

    answer = viewer.post(f"{GRID}{ana.pk}/primary/")
    page = viewer.get(change(ana)).content.decode()

    assert answer.status_code == 403
    assert "Set as Primary" not in page
    assert list(Contact.objects.filter(is_primary=True)) == [mark]


def test_set_as_primary_returns_to_the_company_that_it_was_asked_on(client: Client, mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company)

    answer = client.post(f"{GRID}{ana.pk}/primary/?over={mark.company_id}")

    assert answer["Location"] == f"{COMPANIES}{mark.company_id}/change/#contacts"


def test_an_inactive_contact_is_not_offered_the_primary(client: Client, mark: Contact) -> None:
    gone = ContactFactory.create(company=mark.company, active=False)

    asked = client.get(f"{GRID}{gone.pk}/primary/").content.decode()
    answer = client.post(f"{GRID}{gone.pk}/primary/", follow=True)

    assert "Only an active contact can be the Primary." in asked
    assert "is inactive and cannot be the Primary" in told(answer)


def test_a_picked_contact_leads_to_the_question(client: Client, mark: Contact) -> None:
    answer = client.get(f"{GRID}pick/?pick={mark.pk}&over={mark.company_id}")

    assert answer["Location"] == f"{GRID}{mark.pk}/primary/?over={mark.company_id}"


def test_picking_nobody_says_so_and_goes_back(client: Client, mark: Contact) -> None:
    answer = client.get(f"{GRID}pick/?over={mark.company_id}", follow=True)

    assert answer.redirect_chain[0][0] == f"{COMPANIES}{mark.company_id}/change/#contacts"
    assert "Pick the contact" in told(answer)


def test_deleting_the_primary_asks_who_is_next(client: Client, mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company, first_name="Ana", last_name="B")
    url = f"{GRID}{mark.pk}/delete/"

    asked = client.get(url).content.decode()
    unanswered = client.post(url, {"post": "yes"}, follow=True)
    still = Contact.objects.filter(pk=mark.pk).exists()
    client.post(url, {"post": "yes", f"successor_{mark.company_id}": str(ana.pk)})

    assert "New Primary contact of Facebook" in asked
    assert "Choose who is next" in told(unanswered)
    assert still
    assert list(Contact.objects.all()) == [ana]
    assert Contact.objects.get().is_primary


def test_deactivate_instead_keeps_the_contact_and_hands_on(client: Client, mark: Contact) -> None:
    ana = ContactFactory.create(company=mark.company)
    sent = {"post": "yes", "deactivate": "yes", f"successor_{mark.company_id}": str(ana.pk)}

    answer = client.post(f"{GRID}{mark.pk}/delete/", sent, follow=True)

    mark.refresh_from_db()
    assert (mark.active, mark.is_primary) == (False, False)
    assert Contact.objects.get(is_primary=True) == ana
    assert "1 contact deactivated, nothing was deleted." in told(answer)


def test_deactivate_instead_needs_the_right_to_change(mark: Contact) -> None:
    client = browser_of(person(*READS_ALL, "delete_contact"))
    url = f"{GRID}{mark.pk}/delete/"

    page = client.get(url).content.decode()
    answer = client.post(url, {"post": "yes", "deactivate": "yes"})

    assert "Deactivate instead" not in page
    assert answer.status_code == 403
    assert Contact.objects.get().active


def ticked(*contacts: Contact, **more: str) -> dict[str, Any]:
    return {"action": "delete_selected", "_selected_action": [str(one.pk) for one in contacts], **more}


def test_deleting_many_asks_per_company_and_keeps_all_until_answered(client: Client, mark: Contact) -> None:
    ana, bo = ContactFactory.create_batch(2, company=mark.company)
    alone = ContactFactory.create()

    asked = client.post(GRID, ticked(mark, ana, alone)).content.decode()
    refused = client.post(GRID, ticked(mark, ana, alone, post="yes")).content.decode()
    kept = Contact.objects.count()
    answers = {f"successor_{mark.company_id}": str(bo.pk)}
    client.post(GRID, ticked(mark, ana, alone, post="yes", **answers))

    assert asked.count("New Primary contact of") == 1
    assert "Delete 3 contacts" in asked
    assert "Choose who is next" in refused
    assert kept == 4
    assert list(Contact.objects.all()) == [bo]
    assert Contact.objects.get().is_primary


def test_deactivating_many_instead(client: Client, mark: Contact) -> None:
    ana, bo = ContactFactory.create_batch(2, company=mark.company)
    answers = {f"successor_{mark.company_id}": "none"}

    client.post(GRID, ticked(mark, ana, post="yes", deactivate="yes", **answers))

    assert list(Contact.objects.filter(active=True)) == [bo]
    assert not Contact.objects.filter(is_primary=True).exists()


def test_deleting_a_linked_contact_says_what_stays(client: Client, mark: Contact) -> None:
    ContactLink.objects.create(connection=ConnectionFactory.create(), record=mark, remote_id=ID)

    html = client.get(f"{GRID}{mark.pk}/delete/").content.decode()

    assert f"Not deleted: it stays in Salesforce as {ID}." in html


def test_what_somebody_saves_is_requested_in_their_name(client: Client, mark: Contact) -> None:
    ConnectionFactory.create(auto_push={"contact": True})

    client.post(change(mark), form_of(mark, job_title="CEO"))

    assert ContactLink.objects.get().requested_by == "dana"


def test_a_reader_sees_everything_and_changes_nothing(mark: Contact) -> None:
    reader = browser_of(person(*READS_ALL))

    html = reader.get(change(mark)).content.decode()
    answer = reader.post(change(mark), form_of(mark, job_title="CEO"))

    assert "Mark" in html
    assert 'name="_save"' not in html
    assert answer.status_code == 403


def test_an_editor_without_the_right_to_sync_cannot_switch_it_off(mark: Contact) -> None:
    account = ConnectionFactory.create()
    editor = browser_of(person(*EDITS_ALL))
    sent = form_of(mark, **{f"association_{account.pk}": "no", f"association_{account.pk}_was": ""})
    del sent["sync_enabled"]

    editor.post(change(mark), sent)

    mark.refresh_from_db()
    assert mark.sync_enabled
    assert not ContactLink.objects.exists()


def test_the_history_tells_who_changed_what(client: Client, mark: Contact) -> None:
    client.post(change(mark), form_of(mark, job_title=EVIL))

    html = client.get(f"{GRID}{mark.pk}/history/").content.decode()

    assert "Job Title" in html
    assert "dana" in html
    assert EVIL not in html


def test_a_failed_contact_is_listed_with_its_field(client: Client, mark: Contact) -> None:
    account = ConnectionFactory.create()
    ContactLink.objects.create(
        connection=account, record=mark, state="failed", errors={"email": f"{EVIL} is refused."}
    )

    html = client.get(change(mark)).content.decode()

    assert 'data-field="id_email">Email</a>: &lt;script&gt;' in html
    assert EVIL not in html


def test_no_locations_are_lost_with_a_contact(client: Client, mark: Contact) -> None:
    place = LocationFactory.create(company=mark.company)

    client.post(f"{GRID}{mark.pk}/delete/", {"post": "yes"})

    assert not Contact.objects.exists()
    assert type(place).objects.filter(pk=place.pk).exists()


def test_the_page_keeps_within_its_queries(
    client: Client, mark: Contact, django_assert_max_num_queries: Any
) -> None:
    for name in ("Salesforce", "Salesforce EMEA"):
        Connection.objects.create(
            kind="salesforce", slug=name, name=name, base_url="http://127.0.0.1:1", enabled=True
        )
    client.get(change(mark))

    with django_assert_max_num_queries(40):
        client.get(change(mark))


def test_very_many_primaries_are_let_go_by_one_answer(client: Client) -> None:
    leaving = ContactFactory.create_batch(21)
    for one in leaving:
        ContactFactory.create(company=one.company)

    asked = client.post(GRID, ticked(*leaving)).content.decode()
    refused = client.post(GRID, ticked(*leaving, post="yes"), follow=True).content.decode()
    kept = Contact.objects.count()
    client.post(GRID, ticked(*leaving, post="yes", successor_0="none"))

    assert "21 companies lose their Primary." in asked
    assert "Choose who is next" in refused
    assert kept == 42
    assert Contact.objects.count() == 21
