"""Who is this company over there? Never "the first one that fits".

The rules, in order: our external id; then the exact name (letters compared without
case) together with the host of Website, which must be the company's website or the
domain of its e-mail. Addresses of free mail providers prove nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from simple_salesforce.format import format_soql

from connectors.mapping import as_text
from connectors.protocol import CREATE, Candidate, Change
from connectors.systems.salesforce.client import MAX_QUERIES, MAX_RECORDS, Client
from connectors.systems.salesforce.ids import is_valid

SOQL_CHARS = 90_000  # a statement may have 100,000
RULE = "same name, and the website's host is the company's website or e-mail domain"
_FREE_MAIL = """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.uk
    yahoo.co.jp ymail.com icloud.com me.com mac.com aol.com gmx.com gmx.de gmx.net gmx.at
    gmx.ch web.de t-online.de freenet.de mail.com mail.ru yandex.ru yandex.com bk.ru inbox.ru
    list.ru rambler.ru qq.com 163.com 126.com sina.com naver.com hanmail.net daum.net
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it
    proton.me protonmail.com pm.me zoho.com fastmail.com hey.com comcast.net verizon.net
    att.net sbcglobal.net btinternet.com bigpond.com rediffmail.com uol.com.br bol.com.br
    terra.com.br seznam.cz wp.pl o2.pl interia.pl ukr.net abv.bg docomo.ne.jp
"""
FREE_MAIL = frozenset(_FREE_MAIL.split())


@dataclass(slots=True)
class Match:
    """What the look-up found for one change."""

    ours: Mapping[str, Any] | None = None  # carries our external id
    chosen: Mapping[str, Any] | None = None  # the one that a person picked
    alike: list[Mapping[str, Any]] = field(default_factory=list)


def look_up(
    client: Client, sobject: str, key_field: str, fields: Iterable[str], changes: Sequence[Change]
) -> dict[str, Match]:
    """Return what is over there for each change, by its key. Writes nothing."""
    wanted = list(dict.fromkeys(["Id", key_field, "Name", "Website", *fields, "Owner.Name", "CreatedDate"]))
    records: dict[str, Mapping[str, Any]] = {}
    statements = list(_statements(sobject, key_field, wanted, changes))
    for start in range(0, len(statements), MAX_QUERIES):
        for page in client.queries(statements[start : start + MAX_QUERIES]):
            records.update({str(record["Id"]): record for record in page})
    return _sorted_out(changes, records.values(), key_field)


def _statements(
    sobject: str, key_field: str, fields: Sequence[str], changes: Sequence[Change]
) -> Iterator[str]:
    head = f"SELECT {', '.join(fields)} FROM {sobject} WHERE "  # noqa: S608 - SOQL; names are ours
    for part in _parts(changes):
        # format_soql quotes: a name may hold an apostrophe, or worse.
        conditions = [format_soql(f"{key_field} IN {{keys}}", keys=[change.key for change in part])]
        names = sorted({name for change in part if (name := _name_to_match(change))})
        if names:
            conditions.append(format_soql("Name IN {names}", names=names))
        ids = sorted({change.choice for change in part if is_valid(change.choice)})
        if ids:
            conditions.append(format_soql("Id IN {ids}", ids=ids))
        yield head + " OR ".join(conditions)


def _parts(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Cut into parts of at most 200 records and a safe statement length."""
    part: list[Change] = []
    size = 0
    for change in changes:
        cost = len(change.key) + len(_name_to_match(change)) * 2 + 16
        if part and (len(part) >= MAX_RECORDS or size + cost > SOQL_CHARS):
            yield part
            part, size = [], 0
        part.append(change)
        size += cost
    if part:
        yield part


def _name_to_match(change: Change) -> str:
    """Return the name to search for, "" where a name alone would prove nothing."""
    if change.choice == CREATE or not _hosts(change.local):
        return ""
    return as_text(change.local.get("name")) or ""


def _sorted_out(
    changes: Sequence[Change], records: Iterable[Mapping[str, Any]], key_field: str
) -> dict[str, Match]:
    by_key: dict[str, Mapping[str, Any]] = {}
    by_id: dict[str, Mapping[str, Any]] = {}
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        by_id[str(record["Id"])] = record
        by_name.setdefault(str(record.get("Name") or "").casefold(), []).append(record)
        if record.get(key_field):
            by_key[str(record[key_field]).casefold()] = record
    found = {}
    for change in changes:
        name = _name_to_match(change).casefold()
        same_name = by_name.get(name, []) if name else []
        found[change.key] = Match(
            ours=by_key.get(change.key.casefold()),
            chosen=by_id.get(change.choice),
            alike=[record for record in same_name if host(record.get("Website")) in _hosts(change.local)],
        )
    return found


def _hosts(local: Mapping[str, Any]) -> set[str]:
    """Return the hosts that speak for a company."""
    domain = host((as_text(local.get("email")) or "").rpartition("@")[2])
    hosts = {host(local.get("website")), "" if domain in FREE_MAIL else domain}
    return {name for name in hosts if name and name not in FREE_MAIL}


def host(website: object) -> str:
    """Return a website's host without "www.", lower-cased; "" where there is none."""
    text = (as_text(website) or "").lower()
    try:
        name = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        name = name.encode("idna").decode() if not name.isascii() else name
    except (ValueError, UnicodeError):
        return ""
    return name.removeprefix("www.").rstrip(".")


def candidate(record: Mapping[str, Any], fields: Iterable[str], url: str, rule: str = RULE) -> Candidate:
    """Describe a found record to the person who will choose."""
    owner = record.get("Owner")
    facts = {
        "Owner": str(owner.get("Name") or "") if isinstance(owner, Mapping) else "",
        "Created": str(record.get("CreatedDate") or "")[:10],
    }
    return Candidate(
        remote_id=str(record["Id"]),
        name=str(record.get("Name") or ""),
        url=url,
        rule=rule,
        fields={name: record.get(name) for name in fields},
        facts={name: value for name, value in facts.items() if value},
    )
