"""What a stand-in of one remote system must offer to the server that holds it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .calls import Call
from .faults import Fault
from .wire import Reply, Request

RecordFault = Callable[[Mapping[str, Any]], Fault | None]


class ControlError(Exception):
    """A control call that cannot be done; carries the status and a body for its author."""

    def __init__(self, status: int, problem: object) -> None:
        super().__init__(str(problem))
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page shows beside the records: the faults in force, the last calls, the form's token."""

    faults: Sequence[Mapping[str, Any]]
    calls: Sequence[Call]
    form_token: str


@dataclass(frozen=True, slots=True)
class Prank:
    """A fault as a button: words for people and the orders behind it."""

    key: str
    words: str
    means: str
    orders: tuple[Mapping[str, Any], ...]


class System(Protocol):
    """One remote system's stand-in; paths arrive without the system's own prefix."""

    name: str
    title: str
    pranks: tuple[Prank, ...]

    def route_of(self, request: Request) -> tuple[str, bool]:
        """Return the name of the route and whether the call writes."""
        ...

    def respond(self, request: Request, record_fault: RecordFault) -> Reply:
        """Answer as the remote system would."""
        ...

    def refuse(self, request: Request, fault: Fault) -> Reply:
        """Return how this system says no in the way the fault asks for."""
        ...

    def spoil(self, kind: str) -> None:
        """Make tokens or cursors invalid."""
        ...

    def reset(self) -> None:
        """Go back to the first day: no records, default settings."""
        ...

    def summary(self) -> str:
        """Return in a few words what is held, such as '12 accounts'."""
        ...

    def login_hint(self) -> str:
        """Return what to type into a connection's login, such as 'rehearsal-client / rehearsal-secret'."""
        ...

    def page(self, request: Request, desk: Desk) -> Reply | None:
        """Return the page for a person at this path, or None where the path is the API's."""
        ...

    def act(self, form: Mapping[str, str], desk: Desk) -> Reply:
        """Do what a button on a record's page says and return what to show then; raise ControlError."""
        ...

    def listing(self, entity: str, *, with_deleted: bool) -> list[dict[str, Any]]:
        """Return the stored records; raise ControlError(404) for an unknown entity."""
        ...

    def create(self, entity: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Store records as a remote user would, all or none, and return their ids."""
        ...

    def seed(self, entity: str, records: Sequence[Mapping[str, Any]]) -> int:
        """Add the records of a file that are not there yet, all or none, and return how many were added."""
        ...

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """Return all records that a file remembers, in the order in which they can be seeded."""
        ...

    def change(self, entity: str, key: str, values: Mapping[str, Any]) -> None:
        """Change one record as a remote user would."""
        ...

    def delete(self, entity: str, key: str) -> None:
        """Delete one record as a remote user would."""
        ...

    def perform(self, entity: str, key: str, verb: str, values: Mapping[str, Any]) -> object:
        """Do what only this system knows, such as a merge."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return the settings in force."""
        ...

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings; raise ControlError(400) and change none when one is wrong."""
        ...
