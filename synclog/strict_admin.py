"""What every admin of the console allows in an address: what it declares, and nothing else.

Django lets anybody who may view a model filter it by any lookup on any of its columns: a
pattern that takes the database half a minute, or one that reads a column which no page
shows, letter by letter.
"""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

MAX_TERM_CHARS, MAX_TERM_WORDS = 100, 6  # of a search: each word looks through each searched column
MAX_ID = 2**63 - 1
# What Django's and Unfold's filters of a field, and pop-ups, put behind its name.
_OF_A_FIELD = (
    "", "__exact", "__in", "__isnull", "__id__exact", "__pk__exact",
    "_from", "_to", "_from_0", "_from_1", "_to_0", "_to_1",
)  # fmt: skip


class StrictAdmin(ModelAdmin):
    """An admin that answers 400 to a look-up which none of its filters declares.

    `extra_lookups` names parameters that links of the console use beside the filters.
    """

    extra_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the parameters of this admin's own filters."""
        filters = self.get_list_filter(request)
        return lookup in {*self.extra_lookups, *(name for one in filters for name in _parameters(one))}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill a new record's form from the address; leave out what is no value of its field."""
        found = super().get_changeform_initial_data(request)
        return {name: value for name, value in found.items() if self._may_begin_with(name, value)}

    def _may_begin_with(self, name: str, value: Any) -> bool:
        try:
            field = self.opts.get_field(name)
        except FieldDoesNotExist:
            return True  # of the form alone
        return all(_is_value_of(field, one) for one in (value if isinstance(value, list) else [value]))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Refuse a choice that is no record's id: the box that is drawn again would look it up."""
        for one in (self, *self.get_inline_instances(request)) if request.method == "POST" else ():
            for name in one.get_autocomplete_fields(request):
                field, sent = one.opts.get_field(name), _sent(request, name)
                if not all(_is_value_of(field, text) for text in sent):
                    raise SuspiciousOperation("A choice is not a record's id.")
        return super().changeform_view(request, object_id, form_url, extra_context)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Refuse ticks that are no record's."""
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(_is_value_of(self.opts.pk, one) for one in ticked):
            raise SuspiciousOperation("A tick is not a record's id.")
        answer: HttpResponse | None = super().response_action(request, queryset)
        return answer

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search for 100 characters and six words at most; say so where more were entered."""
        term = _shortened(search_term)
        if term != search_term.strip() and not request.path.endswith("/autocomplete/"):
            messages.warning(
                request,
                f"A search takes {MAX_TERM_WORDS} words and {MAX_TERM_CHARS} characters. "
                f"Searched for: {term}",
            )
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, term)
        return found


def _parameters(item: Any) -> list[str]:
    """Return the names of parameters that one entry of `list_filter` may have."""
    if isinstance(item, str):
        return [f"{item}{ending}" for ending in _OF_A_FIELD]
    if isinstance(item, tuple | list):
        return _parameters(item[0])
    return [item.parameter_name]


def _sent(request: HttpRequest, name: str) -> list[str]:
    """Return what was chosen for a field, of the form itself and of each row below it."""
    found = ((key, str(text)) for key, text in request.POST.items())
    return [text for key, text in found if text and (key == name or key.endswith(f"-{name}"))]


def _is_value_of(field: Any, text: Any) -> bool:
    try:
        value = (field.target_field if field.is_relation else field).to_python(text)
    except (ValidationError, ValueError, TypeError, OverflowError):
        return False
    return not isinstance(value, int) or abs(value) <= MAX_ID


def _shortened(term: str) -> str:
    """Cut a search where it is too long; within quotes the words stay as they stand."""
    cut = term.strip()[:MAX_TERM_CHARS].strip()
    words = cut.split()
    return cut if len(words) <= MAX_TERM_WORDS else " ".join(words[:MAX_TERM_WORDS])
