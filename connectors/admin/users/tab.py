"""The tab of a user's page where they are linked: one per connection that has users."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.forms.models import BaseInlineFormSet, ModelChoiceIterator
from django.http import HttpRequest
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminSelect2Widget

from connectors.admin.polling import PK_DIGITS
from connectors.admin.users import shown
from connectors.models import Connection, RemoteUser, UserLink
from connectors.states import capped
from connectors.users import known, linking

if TYPE_CHECKING:
    _Form = forms.ModelForm[UserLink]
    _FormSet = BaseInlineFormSet[UserLink, Any, _Form]
    _Field = forms.ModelChoiceField[RemoteUser]
else:  # Django can't subscript them
    _Form, _FormSet, _Field = forms.ModelForm, BaseInlineFormSet, forms.ModelChoiceField

LINK = "auth.change_user"  # who may link: whoever may change users
TAKE = "take"  # in the page's address: the proposal that stands in the box, not saved yet
LABEL_CHARS = 160


class _Grouped(ModelChoiceIterator):  # type: ignore[type-arg]
    """Nobody, the active ones, then the inactive."""

    def __iter__(self) -> Iterator[Any]:
        yield "", "Not linked"
        people = list(self.queryset)
        for label, is_active in (("Active", True), ("Inactive: gets no new records", False)):
            group = [self.choice(one) for one in people if one.is_active is is_active]
            if group:
                yield label, group


class RemoteUserField(_Field):
    """A box to search and choose one of their users in; plain where no script runs."""

    iterator = _Grouped
    widget = UnfoldAdminSelect2Widget

    def label_from_instance(self, obj: RemoteUser) -> str:
        """Return "name · e-mail · profile"."""
        return capped(str(obj), LABEL_CHARS)


class LinkForm(_Form):
    """Who a user of ours is over there. Blank unlinks."""

    remote_user = RemoteUserField(RemoteUser.objects.none(), required=False, show_hidden_initial=True)

    class Meta:
        model = UserLink
        fields = ("remote_user",)

    def __init__(self, *args: Any, connection: Connection, label: str, stored: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored
        field: Any = self.fields["remote_user"]
        field.queryset = connection.remote_users.all()
        field.label = label
        field.error_messages["invalid_choice"] = "This one is not in the list any more. Choose again."

    def was_shown(self) -> str:
        """Return what was stored when the page was first shown: an untouched box undoes nobody's edit."""
        if self.is_bound:
            name = self["remote_user"].html_initial_name
            return str(self.data.get(name, ""))
        return str(self.stored or "")


class LinkFormSet(_FormSet):
    """The one form of the tab. `stored` is what is linked, `first` what the box shows."""

    connection: Connection
    label: str
    stored: int | None
    first: int | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["queryset"] = UserLink.objects.none()
        super().__init__(*args, initial=[{"remote_user": self.first}], **kwargs)

    @classmethod
    def get_default_prefix(cls) -> str:
        """Return the name of the tab in the page's address."""
        return f"users-{cls.connection.slug}"

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Tell the form which users it is about."""
        told = {"connection": self.connection, "label": self.label, "stored": self.stored}
        return {**super().get_form_kwargs(index), **told}


class LinkInline(StackedInline):
    """The tab of one connection; `of` makes it."""

    model = UserLink
    form = LinkForm
    formset = LinkFormSet
    fields = ("remote_user",)
    template = "concord/users_tab.html"
    tab = True
    extra = max_num = 1
    can_delete = False
    connection: Connection
    cc_tab: shown.Tab

    def about(self, connection: Connection, title: str) -> "LinkInline":
        """Make it the tab of this connection."""
        self.connection = connection
        self.verbose_name = self.verbose_name_plural = title
        return self

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form of this user and connection; the page's address may put a proposal into it."""
        formset = super().get_formset(request, obj, **kwargs)
        self.cc_tab = shown.tab(obj, self.connection, may_link=self.has_change_permission(request, obj))
        linked = self.cc_tab.linked
        formset.connection = self.connection
        formset.label = f"{self.connection.system.label} User"
        formset.stored = linked.remote_user_id if linked else None
        taken = request.GET.get(TAKE, "") if request.method == "GET" else ""
        is_key = taken.isdecimal() and len(taken) < PK_DIGITS
        formset.first = int(taken) if is_key else formset.stored
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this person may see who is linked: whoever sees the user."""
        return request.user.has_perm("auth.view_user") or request.user.has_perm(LINK)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this person may link."""
        return request.user.has_perm(LINK)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this person may link."""
        return request.user.has_perm(LINK)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offer no deletion: a blank box unlinks."""
        return False


def inlines(model: Any, site: Any) -> list[LinkInline]:
    """Return the tabs: named by their system, with the connection's name where two are of a kind."""
    rows = known.connections()
    return [LinkInline(model, site).about(row, known.named(row.system.label, row, rows)) for row in rows]


def save(request: HttpRequest, formset: LinkFormSet, user: Any) -> None:
    """Link, unlink, or leave alone what was not touched; leave in the formset what the history tells."""
    formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
    form = formset.forms[0] if formset.forms else None
    if form is None or not form.has_changed():
        return
    wanted, by = form.cleaned_data.get("remote_user"), request.user.get_username()
    if wanted is None:
        forgotten = linking.unlink(user, formset.connection, by=by)
        formset.deleted_objects = [forgotten] if forgotten else []
        return
    formset.new_objects = [linking.link(user, wanted, by=by)]
    _warn(request, wanted, user)


def _warn(request: HttpRequest, wanted: RemoteUser, user: Any) -> None:
    system, name = wanted.connection.system.label, capped(wanted.name, 100)
    also = linking.others(wanted, user)
    if also:
        text = (
            f"{name} in {system} is linked to {', '.join(also[:3])}, too: one user for new records of both."
        )
        messages.warning(request, text)
    if not wanted.is_active:
        text = f"{name} is inactive in {system}: new records go to somebody else until that changes."
        messages.warning(request, text)
