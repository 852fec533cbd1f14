"""What every push needs: plans, outcomes in words, adoption. Reads and writes nothing itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError
from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import adoption, is_blank, same
from connectors.protocol import (
    CONFLICT,
    GONE,
    PARENT_GONE,
    UNANSWERED,
    Account,
    Adoption,
    Candidate,
    Change,
    Engine,
    Outcome,
    Status,
    Way,
)
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.errors import HOLLOW, Refused, Said, Why
from connectors.systems.bigcommerce.extras import lacking
from connectors.systems.bigcommerce.nouns import NOUNS, Nouns
from connectors.systems.bigcommerce.urls import record_url
from connectors.systems.bigcommerce.words import (
    DELETED,
    NO_COMPANY,
    is_about_email,
    may_be_made,
    refusal,
    stays,
    unfilled,
)

OVERWRITE_SETTING = "overwrite_on_adoption"
ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+")  # what every e-mail address looks like
CONSENT, MOVE = "consent", "move"  # what a person may agree to: see `protocol.Way`


class HalfwayError(Exception):
    """Tell that a record was made, and what should have followed was not answered or refused."""

    def __init__(self, outcome: Outcome, cause: ConnectorError) -> None:
        super().__init__(cause.message)
        self.outcome, self.cause = outcome, cause


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about one change; reads only have led to it.

    `outcome` needs no write. `remote_id` "" means a new record. Otherwise `held` are the
    values of a record that is to be adopted; None: it is ours, and all of ours is sent.
    """

    change: Change
    remote_id: str = ""
    held: Mapping[str, Any] | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Talk:
    """One push of one entity: whom it talks to, and how its fields are bound."""

    client: Client
    engine: Engine
    account: Account
    mapping: FieldMapping

    @property
    def nouns(self) -> Nouns:
        """Return what the records are called."""
        return NOUNS[self.mapping.entity]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return the connection's settings."""
        return self.account.settings

    def names(self) -> list[str]:
        """Return the remote names that are compared and sent again, the parent's included."""
        return [item.remote for item in self.mapping.fields if not self.mapping.is_first_only(item.remote)]

    def lasting(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return of a payload what is not for a new record only."""
        return {name: value for name, value in payload.items() if not self.mapping.is_first_only(name)}

    def whole(self, change: Change) -> dict[str, Any]:
        """Return all that a record of ours should hold, and what it should hold no more."""
        return {**self.lasting(change.payload), **change.fields}

    def done(self, status: Status, remote_id: str, sent: Mapping[str, Any], note: str = "") -> Outcome:
        """Return the outcome of a write that was the last call."""
        return Outcome(status, remote_id, message=note, sent=dict(sent), exchange=self.client.last)

    def rejected(self, change: Change, text: str, field: str = "", code: str = "rejected") -> Outcome:
        """Return the outcome of a record that can't be sent as it is; `field` is ours."""
        errors = {field: text} if field else {}
        message = "" if field else text
        return Outcome(Status.REJECTED, change.remote_id, code, message, errors, exchange=self.client.last)

    def unfilled(self, change: Change, thing: str) -> Outcome | None:
        """Say before any write which extra fields the store wants of a new record and nothing here fills."""
        names = lacking(self.account.facts, thing, change.payload)
        return self.rejected(change, unfilled(names), code="unfilled") if names else None

    def waits(self, change: Change, text: str, code: str) -> Outcome:
        """Return the outcome of a record that is tried again by itself."""
        return Outcome(Status.TRANSIENT, change.remote_id, code, text, exchange=self.client.last)

    def not_yet(self, change: Change) -> Outcome | None:
        """Return the outcome of a new record that an unanswered call may still make, None where it can't.

        Nothing keeps a second one from being made there, so until then it is only looked for.
        """
        if not change.unanswered_s:
            return None
        text = may_be_made(self.nouns.one)
        return Outcome(
            Status.WAITING,
            code=UNANSWERED,
            message=text,
            exchange=self.client.last,
            wait_s=change.unanswered_s,
        )

    def gone(self, change: Change) -> Outcome:
        """Return the outcome of a record that is not there any more."""
        text = DELETED.format(one=self.nouns.one)
        return Outcome(Status.REJECTED, change.remote_id, GONE, text, exchange=self.client.last)

    def lost(self, change: Change) -> Outcome:
        """Return the outcome of a child that is not there: its company is looked at first."""
        if change.parent_id and self._is_company_lost(change):
            return self.waits(change, NO_COMPANY, PARENT_GONE)
        return self.gone(change)

    def _is_company_lost(self, change: Change) -> bool:
        return self.client.one(f"/companies/{change.parent_id}") is None

    def conflict(
        self, change: Change, text: str, records: Iterable[Candidate] = (), ways: Sequence[Way] = ()
    ) -> Outcome:
        """Return the outcome that asks a person."""
        return Outcome(
            Status.CONFLICT, change.remote_id, CONFLICT, text, candidates=tuple(records), ways=tuple(ways),
            exchange=self.client.last,
        )  # fmt: skip

    def candidate(
        self, remote_id: str, flat: Mapping[str, Any], rule: str, facts: Mapping[str, str] | None = None
    ) -> Candidate:
        """Describe a record over there for a person."""
        url = record_url(self.account.base_url, self.settings, self.mapping.entity, remote_id)
        shown = {name: flat.get(name) for name in self.names() if not is_blank(flat.get(name))}
        return Candidate(remote_id, self.nouns.name(flat), url, rule, shown, facts or {})

    def wish(
        self, change: Change, remote_id: str, held: Mapping[str, Any], always: Sequence[str]
    ) -> Adoption:
        """Return what is reserved, and what fills blanks; `always`: where ours decides."""
        ours = {name: change.payload.get(name) for name in self.names()}
        theirs = {name: held.get(name) for name in self.names()}
        overwrite = bool(self.settings.get(OVERWRITE_SETTING))
        fill, left = adoption(ours, theirs, overwrite=overwrite, blocks=self.mapping.blocks)
        forced = {name: ours[name] for name in always if not same(ours.get(name), theirs.get(name))}
        left = {name: value for name, value in left.items() if name not in forced}
        return Adoption(change.key, remote_id, theirs, left, {**fill, **forced})

    def adopted(self, plan: Plan, wish: Adoption) -> Outcome | None:
        """Reserve a record before anything is written to it; return the outcome if it is not to be had."""
        if not self.engine.adopt([wish]):
            return None
        nouns = self.nouns
        text = (
            f"Another {nouns.ours} here is already linked to the {nouns.one} that matches. "
            f"Choose which of them it is."
        )
        found = self.candidate(wish.remote_id, wish.found, f"is linked to another {nouns.ours} here")
        return self.conflict(plan.change, text, [found])

    def noted(self, wish: Adoption) -> str:
        """Return what a person should know of an adoption: what was left as it is."""
        differing = [name for name, value in wish.left.items() if not is_blank(value)]
        left = ", ".join(self.mapping.labels(differing))
        head = f"Linked to the {self.nouns.one} that matched"
        return f"{head}; left as they are over there: {left}." if left else f"{head}."

    def refusal(self, change: Change, refused: Refused) -> Outcome:
        """Return the outcome of a record that B2B refused, by our field names and in our words."""
        if refused.why is Why.GONE and change.parent_id and self._is_company_lost(change):
            return self.waits(change, NO_COMPANY, PARENT_GONE)
        by_remote, errors = self.mapping.by_remote, dict[str, str]()
        of_fields = self._of_fields(change, refused.said)
        is_told = refused.why is Why.OTHER or (refused.why is Why.UNIQUE and not of_fields)
        rest = [refused.said.message] if is_told else []
        for name, text in of_fields.items():
            whole = wire.whole_of(name, by_remote)
            if whole in by_remote:
                item = by_remote[whole]
                errors.setdefault(item.local, refusal(refused.why, change.name, item.label, self.nouns, text))
            else:
                rest.append(f"{name}: {text}")
        told = "; ".join(
            dict.fromkeys(text for text in rest if text.casefold().rstrip(".") not in {"", *HOLLOW})
        )
        message = refusal(refused.why, change.name, "", self.nouns, told) if told or not errors else ""
        return Outcome(
            Status.REJECTED, change.remote_id, refused.why, message, errors, exchange=self.client.last
        )

    def _of_fields(self, change: Change, said: Said) -> Mapping[str, str]:
        """Return what was said of which field. A bare “Email is not correct.” names none.

        It is about those of the record's e-mails that are no addresses, or about any of them.
        """
        if said.fields or not is_about_email(said.text):
            return said.fields
        sent = {
            name: str(change.payload.get(name) or "")
            for name, item in self.mapping.by_remote.items()
            if item.to_remote is wire.as_email
        }
        wrong = [name for name, value in sent.items() if value and not ADDRESS.fullmatch(value)]
        return dict.fromkeys(wrong or sent, said.text)

    def cleared(self, fields: Mapping[str, Any], least: Iterable[str]) -> tuple[dict[str, Any], str]:
        """Return what can be sent, and a sentence on what can't be emptied there (`least`: those names)."""
        kept = [name for name in least if name in fields and is_blank(fields[name])]
        sent = {name: value for name, value in fields.items() if name not in kept}
        return sent, stays(self.mapping.labels(kept)) if kept else ""

    def kept(self, sent: Mapping[str, Any], stored: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return of what was sent what is stored, and a sentence on what was ignored.

        B2B answers 200 to what it does not know. A value that it stored in its own
        spelling counts as stored; one that the answer does not show is believed.
        """
        lost = [
            name for name, value in sent.items()
            if not is_blank(value) and name in stored and is_blank(stored[name])
        ]  # fmt: skip
        left = {name: value for name, value in sent.items() if name not in lost}
        labels = ", ".join(self.mapping.labels(lost))
        return left, f"B2B did not keep {labels}, without a reason." if labels else ""
