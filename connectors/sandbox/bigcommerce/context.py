"""One call, as its handlers see it, and the table entry that leads to them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ..system import RecordFault
from ..wire import BadEncodingError, Reply, Request, json_reply, unpacked_body
from .errors import Refusal, plain, too_many, with_reasons
from .settings import Settings
from .shop import Shop
from .store import Row, Store
from .trouble import refusal_of_record

MOST_IN_BULK = 10


@dataclass(frozen=True, slots=True)
class Context:
    """A call whose login is in order; the shop's lock is held."""

    shop: Shop
    request: Request
    params: tuple[str, ...]
    record_fault: RecordFault

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        return self.shop.settings

    @property
    def store(self) -> Store:
        """Return the records."""
        return self.shop.store

    def given(self, name: str) -> str | None:
        """Return the value of a query parameter, the last one where it is repeated, or None."""
        return self.request.query.get(name)

    def each(self, *names: str) -> list[str]:
        """Return all values of query parameters that may be repeated, also those parted by commas."""
        found = [value for name, value in self.request.pairs if name in names]
        return [part.strip() for value in found for part in value.split(",") if part.strip()]

    def all_of(self, name: str) -> list[str]:
        """Return all values of a query parameter that may be repeated, as they are."""
        return [value for key, value in self.request.pairs if key == name]

    def body(self) -> Any:
        """Return the decoded body; raise Refusal (415, 400)."""
        if self.request.media_type != "application/json":
            media_type = self.request.media_type
            raise plain(415, f'Unsupported media type "{media_type}" in request.')
        try:
            return json.loads(unpacked_body(self.request).decode(), parse_constant=_refuse_constant)
        except (BadEncodingError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise plain(400, f"JSON parse error - {error}") from error

    def one(self) -> Mapping[str, Any]:
        """Return the body, one record; raise Refusal, also one that a fault has ordered for it."""
        body = self.body()
        if not isinstance(body, dict):
            raise _not_an_object()
        self.fail_if_ordered(body)
        return body

    def several(self) -> list[Mapping[str, Any]]:
        """Return the body, at most ten records; raise Refusal."""
        body = self.body()
        if not isinstance(body, list) or not all(isinstance(each, dict) for each in body):
            raise with_reasons(422, {"non_field_errors": ['Expected a list of items but got type "dict".']})
        if len(body) > MOST_IN_BULK:
            raise too_many()
        return body

    def fail_if_ordered(self, raw: Mapping[str, Any]) -> None:
        """Raise the Refusal that a fault has ordered for this record."""
        if (fault := self.record_fault(raw)) is not None:
            raise refusal_of_record(fault)

    def found(self, kind: str, absent: Refusal) -> Row:
        """Return the record that the address names by its first placeholder; raise `absent`."""
        row = self.store[kind].get(self.params[0])
        if row is None:
            raise absent
        return row

    def ok(self, data: object, message: str = "SUCCESS", meta: Mapping[str, Any] | None = None) -> Reply:
        """Return the answer of a call that went well."""
        return json_reply({"code": 200, "data": data, "meta": {"message": message, **(meta or {})}})


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below the API's root; `{}` is one segment."""

    name: str
    method: str
    pattern: tuple[str, ...]
    handler: Callable[[Context], Reply]

    @property
    def writes(self) -> bool:
        """Return whether the call writes."""
        return self.method != "GET"

    def params(self, segments: list[str]) -> tuple[str, ...] | None:
        """Return what the placeholders stand for, or None where the path is another one."""
        if len(segments) != len(self.pattern):
            return None
        pairs = list(zip(self.pattern, segments, strict=True))
        if any(want not in ("{}", have) for want, have in pairs):
            return None
        return tuple(have for want, have in pairs if want == "{}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _not_an_object() -> Refusal:
    return with_reasons(
        422, {"non_field_errors": ["Invalid data. Expected a dictionary, but got something else."]}
    )
