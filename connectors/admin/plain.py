"""Django's own messages without "successfully": what was done is enough."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object


class PlainWordsMixin(_Admin):
    """Say what was done, no more."""

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Tell the person; what was escaped stays escaped."""
        plain = str(message).replace(" successfully", "")
        kept = SafeString(plain) if isinstance(message, SafeString) else plain
        super().message_user(request, kept, *args, **kwargs)
