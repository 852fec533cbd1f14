"""Registrations held for review: their tab, and the button that releases one."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from companies import held
from companies.models import Company
from connectors.admin import cells, tabs
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.record import RecordAdmin as _Admin
else:
    _Admin = object

HELD = "held"
FORM = "company_form"
tabs.add_tab(
    "company",
    tabs.OwnTab(HELD, "Held for review", ~Q(held=""), empty="No registration is held for review."),
)


class HeldMixin(_Admin):
    """Shows why a company is held, to whoever may have it sent the way out."""

    def get_urls(self) -> list[URLPattern]:
        """Add the button's address."""
        view = self.admin_site.admin_view(require_POST(self.release_view))
        own = path("<path:object_id>/release/", view, name="companies_company_release")
        return [own, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer, in the tab alone, to release what is ticked."""
        actions: dict[str, Any] = super().get_actions(request)
        if request.GET.get(tabs.PARAMETER) == HELD and self.has_sync_permission(request):
            actions["release"] = (_release_ticked, "release", "Release")
        return actions

    def release_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Release one, for who may have companies sent."""
        company = self.get_object(request, object_id)
        if not self.has_sync_permission(request):
            raise PermissionDenied
        if company is None:
            raise Http404
        released = held.release(company, by=request.user.get_username())
        text = "is released: it is sent like any other" if released else "was released already"
        messages.success(request, f"{str(company)[:120]} {text}.")
        return HttpResponseRedirect(cells.address(Company, "change", company.pk))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Give the page its button."""
        button = self._button(object_id) if self.has_sync_permission(request) else ""
        context = {"cc_release": button, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def _button(self, object_id: str) -> SafeString:
        url = cells.address(Company, "release", object_id)
        return cells.post_button("Release", url, FORM, css="cc-button")


def _release_ticked(_: HeldMixin, request: HttpRequest, ticked: QuerySet[Company]) -> None:
    """Release each; `get_actions` looked whether this person may."""
    by = request.user.get_username()
    number = sum(held.release(company, by=by) for company in ticked.order_by("pk"))
    messages.success(request, f"{words.counted(number, 'company', 'companies')} released.")
