"""The rehearsed store: its settings, records, limits and the webhooks it sends."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from .limiter import Limiter
from .outbox import Event, Outbox
from .settings import Settings
from .store import Row, Store

ADMIN, SENIOR, JUNIOR = 0, 1, 2
PREDEFINED, CUSTOM = "1", "2"
ROLE_NAMES = {ADMIN: "Admin", SENIOR: "Senior buyer", JUNIOR: "Junior buyer"}
# [M] The codes; the fact sheet says only that there are some.
PERMISSIONS = (
    ("get_users", "View users", "User"),
    ("create_users", "Manage users", "User"),
    ("get_addresses", "View addresses", "Address"),
    ("create_address", "Manage addresses", "Address"),
    ("get_orders", "View orders", "Order"),
    ("purchase_enable", "Place orders", "Order"),
)
# The text field that the fact sheet advises a merchant to make; its section 6.
KEY_FIELD = {"resource": "company", "fieldName": "ERP ID", "isUnique": True}


class Shop:
    """Everything there is behind one token; `work()` makes a request atomic."""

    def __init__(self) -> None:
        # One for all the stores that resets make: a call that waits for it finds the new one.
        self.lock = threading.RLock()
        self.limiter, self.core_limiter = Limiter(), Limiter()
        self.outbox = Outbox(self._hook_died)
        self.reset()

    def reset(self) -> None:
        """Go back to the first day."""
        self.settings = Settings()
        self.store = Store()
        self.revoked = False
        self._events: list[Event] = []
        self.limiter.reset()
        self.core_limiter.reset()
        self.outbox.reset()
        for role, name in ROLE_NAMES.items():
            self.store.add("role", predefined_role(role, name))
        for code, name, module in PERMISSIONS:
            row = {"name": name, "code": code, "description": name, "moduleName": module}
            self.store.add("permission", row)
        for name in ("Retail", "Wholesale"):
            self.store.add("group", {"name": name})
        self.store.add("extra_field", extra_field(KEY_FIELD))

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings; raise ValueError with a sentence when one is wrong."""
        with self.lock:
            self.settings = self.outbox.settings = self.settings.changed(changes)
            if "access_token" in changes:
                self.revoked = False

    @contextmanager
    def work(self) -> Iterator[None]:
        """Hold the lock; undo everything when the block raises, else let the events go out."""
        with self.lock:
            self.store.begin()
            self._events.clear()
            try:
                yield
            except BaseException:
                self.undo((0, 0))
                raise
            self.outbox.post(self._events, self.store["hook"], self.settings)

    def mark(self) -> tuple[int, int]:
        """Return a point of the request in hand to undo to."""
        return self.store.mark(), len(self._events)

    def undo(self, mark: tuple[int, int]) -> None:
        """Undo what was written, and forget what was announced, since the mark."""
        self.store.roll_back(mark[0])
        del self._events[mark[1] :]

    def announce(self, scope: str, data: Mapping[str, Any]) -> None:
        """Send an event to whoever hooked it, once the request is through."""
        self._events.append(Event(scope, data))

    def predefined(self, role: int) -> Row:
        """Return the predefined role of that level."""
        return next(
            row for row in self.store["role"] if row["roleType"] == PREDEFINED and row["role"] == role
        )

    def _hook_died(self, hook_id: int) -> None:
        with self.lock:
            if (hook := self.store["hook"].get(hook_id)) is not None:
                self.store["hook"].put(hook_id, {**hook, "is_active": False})


def predefined_role(role: int, name: str) -> dict[str, Any]:
    """Return the row of a role that every store has."""
    return {"name": name, "roleType": PREDEFINED, "roleLevel": "1", "role": role, "permissions": []}


def extra_field(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a definition, filled up; a text of 255 characters unless told otherwise."""
    return {
        "uuid": str(uuid5(NAMESPACE_OID, f"{values.get('resource')} {values.get('fieldName')}")),
        "fieldType": "0",
        "isRequired": False,
        "isUnique": False,
        "visibleToEnduser": False,
        "configType": "2",
        "defaultValue": "",
        "maximumLength": "255",
        "numberOfRows": None,
        "maximumValue": None,
        "listOfValue": [],
        **values,
    }
