"""What a stranger typed into the form, without what nobody can see."""

import unicodedata

from django.http import QueryDict

# These turn the direction of all that follows, in our grids too. Marks and joiners stay: names need them.
_TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = "\n\t"


def tidied(data: QueryDict) -> QueryDict:
    """Return posted data without NUL, control characters and turns of direction."""
    clean = data.copy()
    for name, values in data.lists():
        clean.setlist(name, [_tidy(str(value)) for value in values])
    return clean


def says_something(text: str) -> bool:
    """Return whether a text has at least one character that can be seen."""
    return any(unicodedata.category(sign)[0] in "LNPS" for sign in text)


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in text if not _is_hidden(sign))


def _is_hidden(sign: str) -> bool:
    return sign in _TURNS or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in _BREAKS)
