"""Who may change users and roles may not make themselves, or anybody, more than they are."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

RANKS = ("is_superuser", "user_permissions")
KEPT = "concord_rights"  # on the request: it is asked several times


class _WithinMixin(_Admin):
    """Let nobody but superusers change what holds rights beyond their own."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what has more rights than whoever asks, the password too."""
        return _is_within(request, obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what has more rights than whoever asks."""
        return _is_within(request, obj) and bool(super().has_delete_permission(request, obj))


class UserRanksMixin(_WithinMixin):
    """Leave superusers, and rights beside the roles, to superusers; offer the roles that are within."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a user's rank, and let superusers alone change it."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RANKS)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Offer the roles whose rights whoever asks has."""
        if db_field.name == "groups":
            kwargs["queryset"] = roles_within(request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class RoleRanksMixin(_WithinMixin):
    """Offer a role the rights that whoever asks has."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Offer these rights."""
        if db_field.name == "permissions" and not request.user.is_superuser:
            kwargs["queryset"] = Permission.objects.filter(pk__in=_own(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def rights_of(holder: User | Group) -> frozenset[int]:
    """Find the rights (pks) of a user or a role. An inactive user has them: it may become active."""
    if isinstance(holder, Group):
        return frozenset(holder.permissions.values_list("pk", flat=True))
    held = Permission.objects.filter(Q(user=holder) | Q(group__user=holder))
    return frozenset(held.values_list("pk", flat=True))


def roles_within(request: HttpRequest) -> QuerySet[Group]:
    """Find the roles that whoever asks may give."""
    if request.user.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(pk__in=_own(request))
    return Group.objects.exclude(permissions__in=beyond)


def _is_within(request: HttpRequest, holder: User | Group | None) -> bool:
    if holder is None or request.user.is_superuser:
        return True
    return not getattr(holder, "is_superuser", False) and rights_of(holder) <= _own(request)


def _own(request: HttpRequest) -> frozenset[int]:
    kept: dict[str, frozenset[int]] = request.__dict__
    if KEPT not in kept:
        kept[KEPT] = rights_of(request.user)  # type: ignore[arg-type] # logged in: the console asks first
    return kept[KEPT]
