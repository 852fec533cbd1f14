"""The store's own lists of countries and states, where they differ from ISO 3166.

B2B checks states against a list of its own, and nobody publishes its codes: for some
countries they are others (Japan, Malaysia). Source: GET /states. A company's country
goes by its name, or by its code where the name is refused. Source: POST /companies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.regions import country_code, folded
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import Client, Reply
from connectors.systems.bigcommerce.errors import Refused, Said

_STATE = frozenset({"stateName", "stateCode", "state"})
_BY_NAME, _BY_CODE = "0", "1"

Body = Mapping[str, Any]


def is_about_state(said: Said) -> bool:
    """Return whether a refusal names the state."""
    return bool(_STATE & set(said.fields))


@dataclass
class Places:
    """Write addresses, with states as the store spells them."""

    client: Client
    known: dict[tuple[str, str, str], list[wire.Record]] = field(default_factory=dict)

    def write(self, method: str, path: str, body: Body) -> Reply:
        """Write one address; where its state was refused, once more in the store's spelling.

        Raises Refused, and any other ConnectorError.
        """
        try:
            return self.client.write(method, path, body)
        except Refused as refused:
            refusal = self.client.last
            better = self._corrected(body) if is_about_state(refused.said) else None
            if better is None:
                self.client.last = refusal  # it is what the log quotes
                raise
        return self.client.write(method, path, better)

    def write_company(self, method: str, path: str, body: Body) -> Reply:
        """Write one company; where its country's name was refused, once more with the code.

        Raises Refused, and any other ConnectorError.
        """
        try:
            return self.client.write(method, path, body)
        except Refused as refused:
            code = country_code(body.get("country"))
            if not code or "country" not in f"{refused.said.text} {[*refused.said.fields]}".casefold():
                raise
        return self.client.write(method, path, {**body, "country": code})

    def _corrected(self, body: Body) -> dict[str, Any] | None:
        """Return a body with another spelling of its state, None where the store has none."""
        for search, name in ((_BY_NAME, "stateName"), (_BY_CODE, "stateCode")):
            text = str(body.get(name) or "")
            for found in self._asked(str(body.get("countryCode") or ""), search, text):
                spelled = {one: str(found.get(one) or "") for one in ("stateName", "stateCode")}
                if folded(spelled[name]) == folded(text) and all(spelled.values()):
                    better = {**body, **spelled}
                    return None if better == body else better
        return None

    def _asked(self, country: str, search: str, text: str) -> list[wire.Record]:
        if not country or not text:
            return []
        asked = (country, search, text)
        if asked not in self.known:
            try:
                params = {"searchType": search, "q": text, "country": country}
                self.known[asked] = self.client.get("/states", params).records
            except Refused:  # it knows none
                self.known[asked] = []
        return self.known[asked]
