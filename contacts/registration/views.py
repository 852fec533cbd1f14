"""The public registration. Its answer is the same whether we know the e-mail or not."""

import logging
import uuid
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views import View
from django.views.csrf import csrf_failure
from django.views.generic import TemplateView

from companies import held
from companies.models import Company
from contacts.models import Contact
from contacts.registration import once, throttle
from contacts.registration.forms import STAMP, TRAP, Registration
from synclog import words

logger = logging.getLogger(__name__)

BY = "public form"
STALE = "This page was out of date. Nothing was sent yet: look it over and press Register again."
NO_COOKIE = (
    "Your browser did not send back this page's cookie, so nothing was sent yet. What you typed is still "
    "here: press Register again. If this comes back, allow cookies for this site."
)


class RegisterView(View):
    """The form, and what becomes of it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show an empty form."""
        return _page(request, Registration())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store a company and its first contact, once; what looks like a robot's is held for review."""
        form = Registration(request.POST)
        if form.fell_for_trap:
            return _trapped()
        if not form.is_valid():
            return _page(request, form, trouble=STALE if form.age_s is None else "")
        key = form.key(request.COOKIES.get(settings.CSRF_COOKIE_NAME, ""))
        if _is_stored(key):
            return redirect("registered")
        return _take(request, form, key)


class RegisteredView(TemplateView):
    """What happens next. Without a registration it is a page like any other."""

    template_name = "public/registered.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the merchant's name."""
        return super().get_context_data(merchant=settings.REGISTRATION["merchant"], **kwargs)


def refuse_forgery(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a post without a valid token (CSRF_FAILURE_VIEW). The public form keeps what was typed."""
    match = request.resolver_match
    if match is None or match.url_name != "register":
        return csrf_failure(request, reason)
    return _page(request, Registration(request.POST), trouble=NO_COOKIE, status=403)


def _page(request: HttpRequest, form: Registration, *, trouble: str = "", status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "trouble": trouble,
        "merchant": settings.REGISTRATION["merchant"],
        "stamp_name": STAMP,
        "trap_name": TRAP,
    }
    answer = render(request, "public/register.html", context, status=status)
    add_never_cache_headers(answer)
    return answer


def _too_many(request: HttpRequest, form: Registration, wait_s: int) -> HttpResponse:
    trouble = (
        "Too many companies registered within the last hour. Nothing was sent yet, and what you typed is "
        f"still here: press Register again in {words.waiting(wait_s)}."
    )
    answer = _page(request, form, trouble=trouble, status=429)
    answer["Retry-After"] = str(wait_s)
    return answer


def _take(request: HttpRequest, form: Registration, key: uuid.UUID) -> HttpResponse:
    """Store a registration, held for review where a person should look at it first.

    A form that served another one counts as a try, too: nobody fills the broker with stamps.
    """
    is_quick = form.was_too_quick()
    verdict = throttle.verdict(throttle.client_of(request), is_suspect=is_quick)
    if verdict.wait_s:
        return _too_many(request, form, verdict.wait_s)
    if not once.use(form.stamp, key):
        form.stamp = once.stamp()
        return _page(request, form, trouble=STALE)
    if verdict.is_held:
        why = Company.Held.QUICK if is_quick else Company.Held.MANY
        logger.warning("a registration is held for review: %s", why.label)
        held.hold(form.company.instance, why)
        form.contact.instance.sync_enabled = False
    _store(form, key)
    return redirect("registered")


def _trapped() -> HttpResponse:
    logger.warning("a registration was dropped as spam: filled in the hidden field")
    return redirect("registered")


def _is_stored(key: uuid.UUID) -> bool:
    return Company.objects.filter(public_id=key).exists()


def _store(form: Registration, key: uuid.UUID) -> None:
    """Store both or neither. Posted twice at once, the second meets the first one's public id."""
    company, contact = form.company.instance, form.contact.instance
    company.public_id = key
    company.status, company.source = Company.Status.PENDING, Company.Source.FORM
    company.email = company.email or contact.email
    contact.source = Contact.Source.FORM
    try:
        with transaction.atomic():
            company.save(force_insert=True, requested_by=BY)
            contact.company = company
            contact.save(requested_by=BY)
    except IntegrityError:
        if not _is_stored(key):
            raise
