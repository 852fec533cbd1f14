"""Links by which somebody sets a password of their own, once.

The secret stands behind the # of the address, which no browser sends: neither the web
servers' logs nor a Referer hold it. The page behind it posts it.
"""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from connectors.admin.users.ranks import rights_of


class _Tokens(PasswordResetTokenGenerator):
    """Django's tokens, which end with the next login, too, when what the user may do is changed.

    Whoever made a link for somebody with few rights could wait until they have more.
    """

    key_salt = "connectors.admin.users.password_link"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        held = sorted(rights_of(user))
        return f"{super()._make_hash_value(user, timestamp)}{user.is_superuser}{user.is_staff}{held}"


_tokens = _Tokens()


def make(request: HttpRequest, user: User) -> str:
    """Make the link. It must be shown to whoever asked, and be stored and logged nowhere."""
    code = f"{urlsafe_base64_encode(force_bytes(user.pk))}.{_tokens.make_token(user)}"
    return f"{request.build_absolute_uri(reverse('set_password'))}#{code}"


def user_of(code: str) -> User | None:
    """Find whose password a link's code sets; None where it was used, is too old or was never made."""
    key, _, token = code.strip().partition(".")
    try:
        user = User.objects.get(pk=int(force_str(urlsafe_base64_decode(key))))
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if _tokens.check_token(user, token) else None
