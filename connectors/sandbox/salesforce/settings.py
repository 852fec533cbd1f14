"""What an administrator of the rehearsed org decided; all of it can be changed through the control API."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from .certificate import registered_key
from .ids import from_serial, normalised
from .places import places

OLDEST_VERSION = 31
# Summer '26 is 67.0, Winter '27 (October 2026) 68.0; 21 to 30 are retired and answer 410.
# Source: Salesforce fact sheet, "Decisions I would take from this", 7.
NEWEST_VERSION = 68
Strength = Literal["off", "alert", "block"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The org as it is set up; immutable, a change makes a new one."""

    client_id: str = "rehearsal-client"
    client_secret: str = "rehearsal-secret"  # noqa: S105 - opens nothing but this rehearsal
    run_as_user: bool = True
    jwt_public_key: str = ""  # PEM of the app's public key or certificate
    login_audience: str = "https://test.salesforce.com"  # a production org's is https://login.salesforce.com
    token_lifetime_s: float = 7200  # [M] the org's session timeout, two hours by default
    org_id: str = from_serial("00D", 1_000_000_000_001)
    org_name: str = "Concord Rehearsal"
    newest_version: int = NEWEST_VERSION
    api_limit: int = 100_000
    state_country_picklists: bool = True  # as in a new org
    default_country: str = ""  # a code: every address of a new record that names no country is there
    countries: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)  # see places.places()
    enforce_unique: bool = True
    duplicate_rule: Strength = "off"  # an account has the name of another
    contact_duplicate_rule: Strength = "off"  # a contact has the e-mail of another
    # Aliases of users who may not read accounts and contacts.
    users_without_read: list[str] = field(default_factory=list)
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
        new = replace(self, **changes)
        for name in ("duplicate_rule", "contact_duplicate_rule"):
            if getattr(new, name) not in get_args(Strength):
                raise ValueError(f"{name} is one of {', '.join(get_args(Strength))}")
        if normalised(new.org_id) is None or not new.org_id.startswith("00D"):
            raise ValueError("org_id is an id that starts with 00D")
        known = places(new.countries)
        if new.default_country and known.with_code(new.default_country) is None:
            raise ValueError(f"default_country {new.default_country!r} is the code of no country of this org")
        if new.jwt_public_key:
            registered_key(new.jwt_public_key)
        return replace(new, org_id=normalised(new.org_id) or "")


def _same_kind(value: object, default: object) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, (int, float)):
        return isinstance(value, (int, float)) and value >= 0
    return isinstance(value, type(default))
