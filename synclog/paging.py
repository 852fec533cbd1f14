"""Paging without counting: the log is the largest table, and COUNT(*) or a deep OFFSET scan it.

A page starts below an id; one row more than fits tells whether there are older ones.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from synclog.lookup import Question, newest

CURSOR = "p"  # Django's page parameter carries the id that a page starts below


class KeysetPaginator:
    """What Django's pagination tag asks of a paginator, and the template that draws ours."""

    template_name = "concord/keyset.html"
    num_pages = 1

    def __init__(self, per_page: int, *, older: int | None, is_newest: bool) -> None:
        self.per_page, self.older, self.is_newest = per_page, older, is_newest

    def get_elided_page_range(self, *_: Any) -> list[int]:
        """Return no page numbers: there are none."""
        return []


class KeysetChangeList(ChangeList):  # type: ignore[misc]  # Unfold is untyped
    """The log's change list: ordered by -id, never counted, it goes older page by page.

    `question` says what is looked for; `get_queryset` sets it.
    """

    question: Question
    older_query = newest_query = ""
    searched_to: int | None = None  # the id that was come to where the search took too long

    def get_results(self, request: HttpRequest) -> None:
        """Read one page below the cursor."""
        cursor = self.page_num if CURSOR in request.GET else 0
        found = newest(self.question, self.list_per_page + 1, below=cursor if cursor > 0 else None)
        pks = found.pks[: self.list_per_page]
        self.result_list = list(self.queryset.filter(pk__in=pks)) if pks else []
        self.searched_to = found.searched_to
        older = pks[-1] if len(found.pks) > self.list_per_page else found.searched_to
        self.paginator = KeysetPaginator(self.list_per_page, older=older, is_newest=cursor <= 0)
        self.older_query = self.get_query_string({CURSOR: older}) if older else ""
        self.newest_query = self.get_query_string(remove=[CURSOR]) if cursor > 0 else ""
        # What is never counted has no number; equal ones keep the header quiet.
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        """Order by the key that pages are cut by, whatever the address says."""
        return ["-id"]
