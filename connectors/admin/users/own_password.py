"""One's own password, asked for before a change that an unattended browser must not make."""

from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest

WRONG = "This is not your password. Enter the one that you log in with."


def check(request: HttpRequest, typed: str) -> None:
    """Raise ValidationError where this is not the password of whoever is logged in.

    It goes the way of a login, so that guessing it is as slow as guessing there.
    """
    user = authenticate(request, username=request.user.get_username(), password=typed)
    if user is None or user.pk != request.user.pk:
        raise ValidationError(WRONG)
