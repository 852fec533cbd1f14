"""Questions about the Primary: Set as Primary, and who is next when one leaves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods

from companies.admin.over import over
from companies.admin.panels import OVER
from companies.models import Company
from connectors.admin import cells
from contacts import primary
from contacts.admin import handing
from contacts.admin.form import titled
from contacts.models import Contact

if TYPE_CHECKING:
    from contacts.admin.contact import ContactAdmin

PREFIX = "successor_"  # and the company's pk: the name of an answer
PK_DIGITS = 19
MOST = 20  # companies that are asked for one by one


def urls(admin: "ContactAdmin") -> list[URLPattern]:
    """Return the addresses of Set as Primary."""
    wrap = admin.admin_site.admin_view
    one = require_http_methods(["GET", "POST"])(admin.primary_view)
    return [
        path("pick/", wrap(require_GET(admin.pick_view)), name="contacts_contact_pick"),
        path("<path:object_id>/primary/", wrap(one), name="contacts_contact_primary"),
    ]


def may_become(admin: "ContactAdmin", request: HttpRequest, contact: Contact) -> bool:
    """Return whether to offer this person to make this contact the Primary."""
    return contact.active and not contact.is_primary and admin.has_change_permission(request, contact)


def address(request: HttpRequest, contact: Contact) -> str:
    """Return the question's address; it keeps the company that the page was opened over."""
    url = cells.address(Contact, "primary", contact.pk)
    return f"{url}?{OVER}={over(request)}" if over(request) else url


def pick_view(admin: "ContactAdmin", request: HttpRequest) -> HttpResponse:
    """Lead the one who was picked in a company's grid to the question."""
    picked = request.GET.get("pick", "")
    contact = admin.get_object(request, picked) if picked.isdecimal() and len(picked) < PK_DIGITS else None
    if contact is None:
        messages.info(request, "Pick the contact that shall become the Primary first.")
        return HttpResponseRedirect(_back(request, None))
    return HttpResponseRedirect(address(request, contact))


def primary_view(admin: "ContactAdmin", request: HttpRequest, object_id: str) -> HttpResponse:
    """Ask (GET), or do it (POST)."""
    contact = admin.get_object(request, object_id)
    if contact is None:
        raise Http404
    if not admin.has_change_permission(request, contact):
        raise PermissionDenied
    if request.method == "POST":
        return _make(request, contact)
    board = admin.board(request)
    present = board.with_links(Contact.objects.filter(company=contact.company_id, is_primary=True)).first()
    word = board.primary_word
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "media": admin.media,
        "title": f"Make {contact} the {word}?"[:120],
        "word": word,
        "contact": contact,
        "present": present if present != contact else None,
        "there": handing.told(board, contact, present if present != contact else None),
        "is_it": present == contact,
        "back": _back(request, contact),
    }
    return TemplateResponse(request, "concord/primary.html", context)


def _make(request: HttpRequest, contact: Contact) -> HttpResponse:
    was = contact.is_primary
    try:
        before = primary.set_primary(contact, by=request.user.get_username())
    except primary.PrimaryError as error:
        messages.error(request, str(error))
    else:
        text = f"{contact} is the Primary of {contact.company}{' already' if was else ''}."
        messages.info(request, f"{text} {before} is it no more." if before else text)
    return HttpResponseRedirect(_back(request, contact))


def _back(request: HttpRequest, contact: Contact | None) -> str:
    if over(request):
        return f"{cells.address(Company, 'change', over(request))}#contacts"
    if contact is None:
        return cells.address(Contact, "changelist")
    return cells.address(Contact, "change", contact.pk)


def questions(request: HttpRequest, contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """Return the questions of a confirmation page, with what was answered already.

    Of very many at once it asks only whether all those companies may be without a Primary.
    """
    leaving = [contact for contact in contacts if contact.is_primary]
    if len(leaving) > MOST:
        text = f"{len(leaving):,} companies lose their Primary. To name the next one, choose up to {MOST}"
        return [_question(request, primary.ALL, text, [])]
    return [
        _question(
            request,
            asked.company.pk,
            f"New Primary contact of {asked.company}"[:200],
            [(str(one.pk), titled(one)) for one in asked.candidates],
        )
        for asked in primary.questions(contacts)
    ]


def _question(
    request: HttpRequest, company: int, text: str, people: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    return {
        "name": f"{PREFIX}{company}",
        "text": text,
        "choices": [*people, (primary.NOBODY, "No Primary")],
        "chosen": answers(request).get(company, ""),
    }


def answers(request: HttpRequest) -> dict[int, str]:
    """Return what was answered, by company (pk)."""
    named = ((name.removeprefix(PREFIX), value) for name, value in request.POST.items() if PREFIX in name)
    return {int(pk): str(value) for pk, value in named if pk.isdecimal() and len(pk) < PK_DIGITS}
