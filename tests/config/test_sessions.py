"""Sessions end when nobody uses them; passwords are long enough to be worth guessing."""

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from companies.models import Company, Location
from config.idle import NOTE_EVERY_S, SEEN_AT
from connectors.admin import cells
from contacts.models import Contact
from synclog.models import Run
from tests.staff import browser_of, superuser

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_session_that_is_used_lasts_on() -> None:
    browser = browser_of(superuser())
    store = browser.session
    store[SEEN_AT] = time.time() - NOTE_EVERY_S - 1
    store.save()
    Session.objects.update(expire_date=timezone.now() + HOUR)

    browser.get("/admin/")

    left_s = (Session.objects.get().expire_date - timezone.now()).total_seconds()
    assert left_s == pytest.approx(settings.SESSION_COOKIE_AGE, abs=120)


@pytest.mark.parametrize("model", [Company, Contact, Location, Run])
def test_a_page_that_asks_by_itself_does_not_use_the_session(model: Any) -> None:
    browser = browser_of(superuser())
    run = Run.objects.create(pk=uuid.uuid4(), kind="click", connection_id=1, entity="company", requested=1)
    store = browser.session
    store[SEEN_AT] = time.time() - NOTE_EVERY_S - 1
    store.save()
    Session.objects.update(expire_date=timezone.now() + HOUR)
    before = Session.objects.get().expire_date

    asked = cells.address(Run, "live", run.pk) if model is Run else cells.address(model, "cells")
    answer = browser.get(asked)

    assert answer.status_code == 200
    assert Session.objects.get().expire_date == before


def test_a_page_whose_session_has_ended_loads_anew_and_shows_the_login_in_its_place() -> None:
    asked = cells.address(Company, "cells")

    by_page = Client().get(asked, headers={"HX-Request": "true"})
    by_hand = Client().get(asked)

    assert (by_page.status_code, by_page.headers["HX-Refresh"]) == (401, "true")
    assert (by_hand.status_code, "HX-Refresh" in by_hand.headers) == (302, False)


def test_a_session_that_was_just_used_is_not_written_again() -> None:
    browser = browser_of(superuser())
    Session.objects.update(expire_date=timezone.now() + HOUR)
    before = Session.objects.get().expire_date

    browser.get("/admin/")

    assert Session.objects.get().expire_date == before


def test_an_idle_session_has_ended() -> None:
    browser = browser_of(superuser())
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    answer = browser.get("/admin/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("password", ["Tr0ub4dor&3", "123456789012345", "administrator"])
def test_a_password_that_is_short_or_common_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_twelve_characters_of_ones_own_are_enough() -> None:
    validate_password("korrektes-Pf")
