"""What the rehearsed store is like; all of it can be changed through the control API.

Most settings stand for something that the fact sheet leaves open ([?]) or that differs between stores.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

CHOICES: Mapping[str, tuple[object, ...]] = {
    "store_kind": ("independent", "dependent"),
    "limiter": ("leaky", "fixed"),
    "undocumented_bodies": ("envelope", "message", "html"),
    "legacy_mix": ("error", "empty"),
    "missing_scope_status": (401, 403, 404),
    "company_error_shape": ("message", "fields"),
    "bulk_error_key": ("_detail", "detail"),
    "initial_company_status": (0, 1, 2, 3),
    "company_uuid": ("any", "uuid"),
    "admin_email_taken_status": (400, 409, 422),
    "unique_extra_field_status": (409, 422),
    "users_on_company_delete": ("delete", "keep"),
    "external_id_filter": ("exact", "contains", "ignored"),
}
SCOPES = frozenset({"b2b", "customers", "customers_read_only"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The store as it is set up; immutable, a change makes a new one."""

    access_token: str = "rehearsal-token"  # noqa: S105 - opens nothing but this rehearsal
    store_hash: str = "rehearsal"
    client_id: str = "rehearsal-client"
    client_secret: str = "rehearsal-secret"  # noqa: S105 - signs nothing but rehearsed webhooks
    scopes: list[str] = field(default_factory=lambda: ["b2b", "customers"])
    missing_scope_status: int = 403  # reported as 401, 403 and 404
    legacy_token: str = ""  # an authToken that still works; none by default
    legacy_mix: str = "error"  # [?] authToken and X-Store-Hash together: "unexpected results"
    undocumented_bodies: str = "envelope"  # [?] bodies of 401, 403 and 429
    store_name: str = "Concord Rehearsal"

    store_kind: str = "independent"
    channels: Mapping[str, str] = field(default_factory=lambda: {"1": "Main storefront"})
    default_group_id: int = 0  # the group of a company that names none

    limiter: str = "leaky"  # [?] the sample header 0.3973… s is 60/151, which a leaky bucket gives
    requests_per_window: int = 150
    window_s: float = 60.0
    rate_headers: bool = True
    core_requests_per_window: int = 150
    core_window_s: float = 30.0

    types_wobble: bool = True
    bounds_inclusive: bool = True  # [?] minModified and its like
    time_filters: bool = True  # False: they are passed over in silence, as any unknown parameter is
    max_limit: int = 250  # [?] companies; the sheet advises 100 to 200
    company_error_shape: str = (
        "message"  # the sheet has the first shape for companies, staff notes name fields
    )
    bulk_atomic: bool = True  # [?]
    bulk_error_key: str = "_detail"

    initial_company_status: int = 1  # [?]
    company_state_required: bool = False  # [?] required in one place of the sheet, optional in another
    company_uuid: str = "any"  # [?] whether "ERP-123" is a uuid
    post_stores_uuid: bool = False  # [?] only the example of POST has it
    unique_company_email: bool = False  # [?]
    admin_email_taken_status: int = 422  # [?]
    unique_extra_field_status: int = 422
    users_on_company_delete: str = "delete"  # [?]
    group_moves_users: bool = False  # the docs say yes, a live test said no

    email_filter_ignores_case: bool = True  # [?] GET /users?email=
    email_unique_ignores_case: bool = True  # [?]
    user_welcome_default: bool = False  # [?]
    adminless_becomes_inactive: bool = True  # the old help says so
    role_fires_user_updated: bool = False  # [?] not in the list of what fires it
    admin_fires_user_created: bool = True  # [?] the first user that comes with POST /companies

    external_id_filter: str = "exact"  # [?]
    new_default_clears_old: bool = True  # [?]
    address_limits_exclusive: bool = True  # the shared model excludes both 1 and 250

    local_http_hooks: bool = True  # http:// and any port are let through to this machine only
    b2b_wildcards: bool = False  # [?] store/company/*
    retry_scale: float = 1.0  # how long the documented pauses between retries are
    delivery_delay_s: float = 0.0
    delivery_timeout_s: float = 10.0
    duplicate_deliveries: int = 0
    reverse_deliveries: bool = False  # of all that is due, the newest goes first

    def as_json(self) -> dict[str, Any]:
        """Return every setting by name."""
        return asdict(self)

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """Return the settings with some of them changed; raise ValueError, a sentence, when one is wrong."""
        default = Settings().as_json()
        for name, value in changes.items():
            if name not in default:
                raise ValueError(f"unknown setting {name!r}; known are {', '.join(default)}")
            if not _same_kind(value, default[name]):
                raise ValueError(f"{name} is a {type(default[name]).__name__}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} is one of {', '.join(map(str, CHOICES[name]))}")
        new = replace(self, **changes)
        if unknown := [scope for scope in new.scopes if scope not in SCOPES]:
            raise ValueError(f"unknown scope {unknown[0]!r}; known are {', '.join(sorted(SCOPES))}")
        if not new.channels or not all(key.isdigit() for key in new.channels):
            raise ValueError('channels are ids with names, such as {"1": "Main storefront"}')
        if new.requests_per_window < 1 or new.window_s <= 0:
            raise ValueError("a window has a length and lets at least one request through")
        return new

    @property
    def is_dependent(self) -> bool:
        """Return whether every company has a customer group of its own."""
        return self.store_kind == "dependent"

    @property
    def is_multi_storefront(self) -> bool:
        """Return whether the store has more than one storefront."""
        return len(self.channels) > 1

    @property
    def channel_ids(self) -> list[int]:
        """Return the ids of the storefronts, the default one first."""
        return [int(key) for key in self.channels]


def _same_kind(value: object, default: object) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, int):
        return isinstance(value, int) and value >= 0
    if isinstance(default, float):
        return isinstance(value, (int, float)) and value >= 0
    return isinstance(value, type(default))
