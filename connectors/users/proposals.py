"""Who of ours may be whom over there. Pure: compares, proposes, never links.

What a sandbox copy does to addresses is ignored on both sides: `.invalid` behind an
e-mail, `name=acme.com@example.com`, and a suffix behind a username.
Source: Salesforce Help, "Sandbox Types and Templates" and "Create a Sandbox".
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

_ESCAPED = re.compile(r"([^=@\s]+)=([^=@\s]+\.[^=@\s]+)@example\.com")
_SUFFIXED = re.compile(r"([^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+)\.[a-z0-9]+")


class Rule(IntEnum):
    """Why two may be the same person; the higher, the surer."""

    SUFFIX = 1  # a username that only a suffix tells apart: it may as well be another domain
    USERNAME = 2
    EMAIL = 3
    FEDERATION = 4

    @property
    def words(self) -> str:
        """Return the reason as a person reads it."""
        return _WORDS[self]


_WORDS = {
    Rule.SUFFIX: "same username but for a suffix",
    Rule.USERNAME: "same username",
    Rule.EMAIL: "same e-mail",
    Rule.FEDERATION: "same federation id",
}


@dataclass(frozen=True, slots=True)
class Ours:
    """A user of ours who is not linked yet."""

    key: int
    username: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A user over there to whom nobody is linked yet."""

    key: int
    username: str = ""
    email: str = ""
    federation_id: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """One of ours may be this one over there. Nothing else claims either of them."""

    ours: int
    theirs: int
    rule: Rule
    is_active: bool

    @property
    def is_sure(self) -> bool:
        """Return whether it may stand ticked in a list that a person confirms."""
        return self.is_active and self.rule is not Rule.SUFFIX


@dataclass(frozen=True, slots=True)
class Proposals:
    """What may be linked, the inactive last; and of whom it can't be said, with the reason."""

    found: tuple[Proposal, ...]
    doubts: Mapping[int, str]  # by our key

    def of(self, key: int) -> Proposal | None:
        """Return the proposal for one of ours."""
        return next((item for item in self.found if item.ours == key), None)


def propose(ours: Iterable[Ours], theirs: Iterable[Theirs]) -> Proposals:
    """Return who may be whom. Whoever matches two equally well is a doubt, on either side."""
    index = _Index(list(theirs))
    best, doubts = {}, {}
    for one in ours:
        candidates = index.best(one)
        if len(candidates) > 1:
            doubts[one.key] = f"{len(candidates)} match: {candidates[0].rule.words}"
        elif candidates:
            best[one.key] = candidates[0]
    claimed = defaultdict(list)
    for item in best.values():
        claimed[item.theirs].append(item.ours)
    for keys in claimed.values():
        if len(keys) > 1:
            doubts |= {key: f"{len(keys)} of ours match the same user over there" for key in keys}
    found = [item for key, item in best.items() if key not in doubts]
    return Proposals(tuple(sorted(found, key=_last_the_weak)), doubts)


def canonical(text: str) -> str:
    """Return an address or name as it is compared: without case, and what a sandbox copy adds."""
    plain = text.strip().casefold().removesuffix(".invalid")
    escaped = _ESCAPED.fullmatch(plain)
    return f"{escaped[1]}@{escaped[2]}" if escaped else plain


def without_suffix(username: str) -> str:
    """Return a canonical username like an e-mail without its last part, "" where that is none."""
    match = _SUFFIXED.fullmatch(username)
    return match[1] if match else ""


class _Index:
    """Their users by everything that they may be found by."""

    def __init__(self, theirs: Sequence[Theirs]) -> None:
        self.by_key = {one.key: one for one in theirs}
        self.keys: dict[tuple[str, str], set[int]] = defaultdict(set)
        for one in theirs:
            username = canonical(one.username)
            self._add("federation", canonical(one.federation_id), one.key)
            self._add("email", canonical(one.email), one.key)
            self._add("username", username, one.key)
            self._add("suffixed", without_suffix(username), one.key)

    def _add(self, what: str, text: str, key: int) -> None:
        if text:
            self.keys[what, text].add(key)

    def best(self, one: Ours) -> list[Proposal]:
        """Return the best match, several where they are equally good. Active before sure."""
        rules: dict[int, Rule] = {}
        for rule, what, text in _asks(one):
            for key in self.keys.get((what, text), ()):
                rules[key] = max(rule, rules.get(key, rule))
        found = [Proposal(one.key, key, rule, self.by_key[key].is_active) for key, rule in rules.items()]
        top = max(((item.is_active, item.rule) for item in found), default=None)
        return sorted(
            (item for item in found if (item.is_active, item.rule) == top), key=lambda item: item.theirs
        )


def _asks(one: Ours) -> Iterator[tuple[Rule, str, str]]:
    """Yield where one of ours may be found. Ours have no federation id: username and e-mail serve."""
    username, email = canonical(one.username), canonical(one.email)
    for text in dict.fromkeys(filter(None, (username, email))):
        yield Rule.FEDERATION, "federation", text
        yield Rule.USERNAME, "username", text
        yield Rule.SUFFIX, "suffixed", text
        yield Rule.EMAIL, "email", text
    if without_suffix(username):
        yield Rule.SUFFIX, "username", without_suffix(username)


def _last_the_weak(item: Proposal) -> tuple[bool, int, int]:
    return (not item.is_active, -item.rule, item.ours)
