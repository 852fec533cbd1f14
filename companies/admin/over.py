"""A child's page opens over its company and returns to it."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from companies.admin.panels import OVER
from companies.models import Company
from connectors.admin import cells

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

DIGITS = 19
KEPT = "concord_over"  # on the request: it is asked several times


class OverCompanyMixin(_Admin):
    """Take the company from the address, keep it, and go back to the company's tab."""

    company_tab = ""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill in the company that the page was opened over."""
        found: dict[str, Any] = super().get_changeform_initial_data(request)
        return {**found, "company": over(request)} if over(request) else found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the company as it is once it is chosen: over there, too, it doesn't move."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "company"] if obj else fields

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """Keep the company in the addresses that the page leads to."""
        kept: str = super().get_preserved_filters(request)
        mine = f"{OVER}={over(request)}" if over(request) else ""
        return "&".join(filter(None, [kept, mine]))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the whole list: the way up from a page that was opened over a company leads here, too."""
        if OVER in request.GET:
            asked = request.GET.copy()
            del asked[OVER]
            request.GET = asked  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Return to the company."""
        return self._company(request) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Return to the company."""
        return self._company(request) or super().response_post_save_change(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Return to the company."""
        answer: HttpResponse = super().response_delete(request, obj_display, obj_id)
        return self._company(request) or answer

    def _company(self, request: HttpRequest) -> HttpResponse | None:
        pk = over(request)
        return (
            HttpResponseRedirect(f"{cells.address(Company, 'change', pk)}#{self.company_tab}") if pk else None
        )


def over(request: HttpRequest) -> str:
    """Return the company (pk) that the page was opened over, "" for none."""
    kept: dict[str, str] = request.__dict__
    if KEPT not in kept:
        pk = request.GET.get(OVER, "")
        is_number = pk.isdecimal() and pk.isascii() and len(pk) < DIGITS
        kept[KEPT] = pk if is_number and Company.objects.filter(pk=pk).exists() else ""
    return kept[KEPT]
