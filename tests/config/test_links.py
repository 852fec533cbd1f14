"""Every link that the console renders leads somewhere: none is refused, none is missing."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from companies.models import Company
from tests.factories import ContactFactory
from tests.staff import browser_of

from .test_rights import Desk, desk  # noqa: F401 - the fixture

pytestmark = [pytest.mark.django_db]

LINK = re.compile(r'(?:href|hx-get|formaction-get|data-url)="([^"]+)"')
# A link that changes something or ends the session is not followed; nor is what is no page of the console.
LEFT_OUT = re.compile(r"/logout/|/static/|/jsi18n/|\.css|\.js")


def addresses(page: str, html: str) -> set[str]:
    """Return the console's addresses that a page links to, without their fragments."""
    found = {urljoin(page, unescape(one)).partition("#")[0] for one in LINK.findall(html)}
    return {one for one in found if urlsplit(one).path.startswith("/admin/") and not LEFT_OUT.search(one)}


def kinds(address: str) -> set[tuple[str, str]]:
    """Return what is alike in addresses of one kind: the path without numbers, with each parameter's name.

    Two pages of a list need not both be followed, nor each parameter beside each other one.
    """
    parts = urlsplit(address)
    path = re.sub(r"\d+|[0-9a-f-]{36}", "#", parts.path)
    return {(path, name) for name in ["", *re.findall(r"([^=&]+)=", parts.query)]}


def refused(client: Client, start: str) -> list[tuple[str, str, int]]:
    """Follow links, each with something new; return those that are refused or lead nowhere, and whence."""
    seen, waiting, wrong = kinds(start), [("", start)], []
    while waiting:
        page, address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code >= 400:
            wrong.append((page, address, answer.status_code))
            continue
        html = answer.content.decode() if "html" in answer.get("Content-Type", "") else ""
        for one in sorted(addresses(address, html)):
            if not kinds(one) <= seen:
                seen |= kinds(one)
                waiting.append((address, one))
    return wrong


@pytest.mark.parametrize("who", [pytest.param("superuser", marks=pytest.mark.slow), "viewer"])
def test_no_link_or_tab_of_the_console_is_refused(desk: Desk, who: str) -> None:  # noqa: F811
    ContactFactory.create_batch(60, company=Company.objects.get())  # more than a page
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.get(username=who)

    assert refused(browser_of(user), "/admin/") == []
