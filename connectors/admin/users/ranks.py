"""Who may change users may not make themselves, or anybody, more than they are."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

RANKS = ("is_superuser", "user_permissions")


class RanksMixin(_Admin):
    """Leave superusers, and rights beside the roles, to superusers."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a user's rank, and let superusers alone change it."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RANKS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this user may be changed, the password too."""
        return _may_touch(request, obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this user may be deleted."""
        return _may_touch(request, obj) and bool(super().has_delete_permission(request, obj))


def _may_touch(request: HttpRequest, user: Any) -> bool:
    return bool(request.user.is_superuser or not getattr(user, "is_superuser", False))
