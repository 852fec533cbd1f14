"""What passes between the socket and the stand-ins: one request in, one reply out.

Knows no remote system and no socket.
"""

import enum
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

MAX_BODY_BYTES = 50 * 1024 * 1024
LONGEST_NUMBER = 9


class Delivery(enum.Enum):
    """How the reply leaves: whole, byte by byte, cut off unanswered, or never."""

    WHOLE = "whole"
    DRIP = "drip"
    CUT = "cut"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, the path is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()  # the query in full, where a name comes more than once
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    uri_bytes: int = 0
    head_bytes: int = 0

    @property
    def segments(self) -> list[str]:
        """Return the decoded parts of the path; a trailing slash adds none."""
        return [unquote(part) for part in self.path.strip("/").split("/") if part]

    @property
    def media_type(self) -> str:
        """Return the content type without its parameters, lower case, or ''."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def root(self) -> str:
        """Return the address this server has for the caller, such as http://127.0.0.1:8100."""
        return f"http://{self.headers.get('host', 'localhost')}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer and the way it is delivered; `pause_s` passes before its first byte."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json;charset=UTF-8"
    delivery: Delivery = Delivery.WHOLE
    pause_s: float = 0.0
    byte_gap_s: float = 0.0


class BadEncodingError(ValueError):
    """The body is not what its Content-Encoding says, or unpacks to too much."""


def encode_json(payload: object) -> bytes:
    """Return compact UTF-8 JSON; half a surrogate pair becomes a question mark."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_reply(payload: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return a JSON answer."""
    return Reply(status, encode_json(payload), headers)


def html_reply(text: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return an HTML answer."""
    return Reply(status, text.encode("utf-8", "replace"), headers, "text/html; charset=utf-8")


def redirect(location: str) -> Reply:
    """Return a 303 to a path of this server."""
    return Reply(303, b"", (("Location", location),), "text/plain; charset=utf-8")


def unpacked_body(request: Request) -> bytes:
    """Return the body with its Content-Encoding undone; raise BadEncodingError if it cannot be."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return request.body
    if encoding != "gzip":
        raise BadEncodingError(f"Content-Encoding {encoding} is not supported")
    return _gunzip(request.body)


def _gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise BadEncodingError("the body is not gzip") from error
    if not unpacker.eof:
        raise BadEncodingError("the gzip body is cut off or too large")
    return data


def readable_body(request: Request) -> Any:
    """Return the body for a person to read: decoded JSON where it is some, else text, else None."""
    try:
        text = unpacked_body(request).decode("utf-8", "replace")
    except BadEncodingError as error:
        return f"unreadable: {error}"
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def whole_number(text: str) -> int | None:
    """Return a number of at most nine digits that somebody else wrote, None if it is none."""
    return int(text) if len(text) <= LONGEST_NUMBER and text.isascii() and text.isdigit() else None


def packed(body: bytes) -> bytes:
    """Return the body gzipped, fast rather than small."""
    return gzip.compress(body, compresslevel=1, mtime=0)
