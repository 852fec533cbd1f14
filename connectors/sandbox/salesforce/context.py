"""One call to the API, as its handlers see it, and the table entry that leads to them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ..system import RecordFault
from ..wire import BadEncodingError, Reply, Request, unpacked_body
from .errors import Refusal, unreadable
from .org import Org
from .records import Pen
from .trouble import refusal_of_record


@dataclass(frozen=True, slots=True)
class Context:
    """A call whose version and login are in order."""

    org: Org
    request: Request
    version: int
    params: tuple[str, ...]
    record_fault: RecordFault
    user_id: str
    dispatch: Callable[[Request], Reply]

    @property
    def root(self) -> str:
        """Return the path that addresses in answers begin with, as the vendor's do: without a host."""
        return f"/services/data/v{self.version}.0"

    @property
    def pen(self) -> Pen:
        """Return the hand of the token's user with what the headers allow it."""
        options = self.option("sforce-duplicate-rule-header")
        return Pen(
            self.user_id,
            allow_save=options.get("allowsave") == "true",
            with_details=options.get("includerecorddetails") == "true",
        )

    def option(self, header: str) -> dict[str, str]:
        """Return the name=value pairs of a header, both in lower case."""
        pairs = self.request.headers.get(header, "").replace(",", ";").split(";")
        halves = (pair.partition("=") for pair in pairs)
        return {name.strip().lower(): value.strip().lower() for name, _, value in halves}

    def body(self) -> dict[str, Any]:
        """Return the body, a JSON object; raise Refusal (415, JSON_PARSER_ERROR)."""
        if self.request.media_type != "application/json":
            raise Refusal(
                "UNSUPPORTED_MEDIA_TYPE",
                f"Content type {self.request.media_type!r} not supported",
                status=415,
            )
        try:
            body = json.loads(unpacked_body(self.request).decode(), parse_constant=_refuse_constant)
        except (BadEncodingError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise unreadable(f"The HTTP entity body is not readable: {error}") from error
        if not isinstance(body, dict):
            raise unreadable("The HTTP entity body must be a JSON object")
        return body

    def envelope(self, *known: str) -> dict[str, Any]:
        """Return the body, which may have these keys only and exactly so written."""
        body = self.body()
        if unknown := body.keys() - set(known):
            # [M] wording; an unknown key is not passed over.
            raise unreadable(f'Unrecognized field "{sorted(unknown)[0]}"; known are {", ".join(known)}')
        return body

    def fail_if_ordered(self, raw: Mapping[str, Any]) -> None:
        """Raise the Refusal that a fault has ordered for this record."""
        if (fault := self.record_fault(raw)) is not None:
            raise refusal_of_record(fault)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below the version; `{}` is one segment, `since` the first API version."""

    name: str
    method: str
    pattern: tuple[str, ...]
    handler: Callable[[Context], Reply]
    writes: bool = False
    since: int = 0

    def params(self, segments: list[str]) -> tuple[str, ...] | None:
        """Return what the placeholders stand for, or None where the path is another one."""
        if len(segments) != len(self.pattern):
            return None
        pairs = list(zip(self.pattern, segments, strict=True))
        if any(want not in ("{}", have) for want, have in pairs):
            return None
        return tuple(have for want, have in pairs if want == "{}")


def _refuse_constant(name: str) -> NoReturn:
    raise unreadable(f"Unexpected character: {name} is not JSON")
