"""What a remote system says of itself: its words, its boxes, its limits. Pure: no Django."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.inbound import HookKind
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import LOGIN, Account, Connector, Direction, Engine


class UnfitError(ValueError):
    """Tell that a box holds what can't be used; its text is a sentence for a person, without a secret."""


def as_typed(text: str) -> str:
    """Return a text as it was entered."""
    return text


def unknown(_: str) -> str:
    """Tell nothing."""
    return ""


def untold(_entity: str, _settings: Mapping[str, Any]) -> str:
    """Tell nothing of what a first push makes."""
    return ""


def no_other_role(_snapshot: Mapping[str, Any]) -> str:
    """Know of no role but ours."""
    return ""


@dataclass(frozen=True, slots=True)
class Input:
    """Describe one box of the connection's form.

    `read` returns what is stored for what was entered, `read_bytes` for a box that
    takes a file too (`uploads`: its kinds, ".pem,.key"); both raise UnfitError.
    `shown` is what may be told of a stored secret. `section` is where a setting stands
    in the form, "" among the names of fields over there. `is_target`: it is an address
    that the login is sent to, as much as the connection's own.
    """

    name: str
    label: str
    help: str = ""
    default: str = ""
    secret: bool = False
    required: bool = True
    choices: Sequence[tuple[str, str]] = ()
    uploads: str = ""
    read: Callable[[str], str] = as_typed
    read_bytes: Callable[[bytes], str] | None = None
    shown: Callable[[str], str] = unknown
    section: str = ""
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """Describe one way of logging in. Two ways may share a box: the same Input in both."""

    name: str
    label: str
    help: str
    inputs: Sequence[Input]


def secrets(logins: Sequence[Login], credentials: Mapping[str, Any]) -> list[str]:
    """Return the values among stored credentials that nobody may see: all but what is known to be none."""
    boxes = [item for login in logins for item in login.inputs]
    plain = {item.name for item in boxes if not item.secret} | {LOGIN}
    return [str(value) for name, value in credentials.items() if name not in plain]


@dataclass(frozen=True, slots=True)
class Kind:
    """Describe a remote system to the rest of Concord: all words that name it."""

    slug: str
    label: str  # as sentences and buttons name it: "Salesforce", "B2B"
    push_label: str  # "Sync with Salesforce"
    id_label: str  # "Salesforce ID"
    record_words: Mapping[str, tuple[str, str]]  # entity -> ("account", "accounts")
    connect: Callable[[Account, Engine], Connector]
    mappings: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, FieldMapping]]
    record_url: Callable[[str, Mapping[str, Any], str, str], str]  # base URL, settings, entity, remote id
    base_url_label: str
    base_url_help: str
    logins: Sequence[Login]  # the first is that of credentials that name none
    settings: Sequence[Input]
    auto_associate: bool
    valid_id: Callable[[str], bool]
    max_batch_size: int  # records that one call may carry
    max_parallel_calls: int
    parallel_help: str
    setup_guide: Callable[[Mapping[str, Any]], str]  # settings -> text for their administrator
    at_hand: Sequence[str]  # what a person needs before connecting: address, login, rights, minutes
    title: str = ""  # in full, where the label is short: "BigCommerce B2B Edition"
    base_url_default: str = ""  # of a new connection, where all have the same
    primary_word: str = "Primary"  # what a company's Primary contact is called there
    role_words: Mapping[str, str] = field(default_factory=dict)  # our role -> what it is there
    role_there: Callable[[Mapping[str, Any]], str] = no_other_role  # snapshot -> a role that only they have
    needs: Mapping[str, str] = field(default_factory=dict)  # entity -> what it is needed for, one sentence
    # Entity, settings -> what a first push makes, as in "a user, role {role}": whoever asks fills that in.
    creates: Callable[[str, Mapping[str, Any]], str] = untold
    directions: Mapping[str, Direction] = field(default_factory=dict)  # entity -> where none is chosen
    hooks: HookKind | None = None  # it can tell of changes
    is_paced: bool = False  # its answers tell how many calls are left: see Engine.on_window
    batch_size: int = 200  # of a new connection: records per claim
    slots: int = 4  # of a new connection: talkers at once

    @property
    def full_name(self) -> str:
        """Return what it is called in full."""
        return self.title or self.label

    @property
    def entities(self) -> Iterable[str]:
        """Return the names of the entities that this system takes."""
        return self.record_words

    def login(self, credentials: Mapping[str, Any]) -> Login:
        """Return the way of logging in that stored credentials are for."""
        named = (login for login in self.logins if login.name == credentials.get(LOGIN))
        return next(named, self.logins[0])
