"""Log in to Salesforce by one of two OAuth flows, and say what a refusal means."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient
from connectors.http import mask, problem_of_status, retry_after_s
from connectors.protocol import Account, FetchedToken
from connectors.systems.salesforce import jwt_bearer
from connectors.systems.salesforce.errors import Fault, faults
from connectors.systems.salesforce.ids import to_18
from connectors.systems.salesforce.problems import DETAIL_CHARS, SYSTEM, THEN, garbage
from connectors.systems.salesforce.refusals import why

PATH = "/services/oauth2/token"
CHECK_ADDRESS = "Compare the My Domain URL on the connection's page with Setup › My Domain in Salesforce."
# "retry your request"; seen by several integrations in passing outages.
_PASSING = frozenset({"unknown_error", "server_error", "temporarily_unavailable"})
_SHARED_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
_PASSING_STATUS = frozenset({408, 420, 425, 429})


def wrong_host(base_url: str) -> str:
    """Return what is wrong with an address that is Salesforce's but nobody's own, "" for any other.

    Source: the fact sheet's sections 1.1 and 1.5: client credentials want My Domain,
    and a signed login is to go to the organisation whose records are meant.
    """
    name = urlsplit(base_url).hostname or ""
    if name in _SHARED_HOSTS or name.endswith(".lightning.force.com"):
        return f"{name} is not your My Domain URL. {CHECK_ADDRESS} It ends in .my.salesforce.com."
    return ""


def form(account: Account, now: Callable[[], float] = time.time) -> dict[str, str]:
    """Return what is posted. Raises AuthFailed where there is nothing to log in with.

    Of client credentials the pair goes in the form: Salesforce takes it there and as
    HTTP Basic. Source: help, remoteaccess_oauth_client_credentials_flow.
    """
    credentials = account.credentials
    if jwt_bearer.of(credentials):
        return jwt_bearer.form(account, now)
    return {
        "grant_type": "client_credentials",
        "client_id": credentials.get("client_id", ""),
        "client_secret": credentials.get("client_secret", ""),
    }


def accepted(account: Account) -> str:
    """Return what a person reads of a login that succeeded."""
    if jwt_bearer.of(account.credentials):
        return (
            f"Salesforce accepts the Client ID and the private key for {account.credentials.get('username')}."
        )
    return "Salesforce accepts the Client ID and the Client Secret."


def token(
    response: requests.Response, account: Account, now: Callable[[], float] = time.time
) -> FetchedToken:
    """Return the token of an answer. Raises AuthFailed, Misconfigured, RateLimited, Transient.

    There is no expires_in in the answer: a token is used until it is refused.
    """
    body = _json(response)
    status, detail = response.status_code, mask(response.text, most=DETAIL_CHARS)
    if 400 <= status < 500 and status not in _PASSING_STATUS:
        said = faults(body)
        if not said:
            raise _no_login_here(status, detail)
        raise _refused(said[0], response, detail, why(said[0], response.headers, account, now()))
    problem = problem_of_status(status, response.headers, SYSTEM, detail)
    if problem:
        raise problem
    if not isinstance(body, Mapping) or not isinstance(body.get("access_token"), str):
        raise garbage("the login", detail)
    return FetchedToken(body["access_token"], org_id=_org_id(body))


def _refused(fault: Fault, response: requests.Response, detail: str, reason: str) -> ConnectorError:
    """Return what a refused login means. Only a used-up rate, or an outage, passes by itself."""
    if fault.code == "rate_limit_exceeded":
        wait_s = retry_after_s(response.headers)
        return RateLimited(
            "Salesforce asks for fewer logins.", detail=detail, code=fault.code, retry_after_s=wait_s
        )
    if fault.code in _PASSING:
        return Transient("Salesforce could not log Concord in just now.", detail=detail, code=fault.code)
    return AuthFailed(
        f"Salesforce refused the login: {reason}; then press Test connection.", detail=detail, code=fault.code
    )


def _no_login_here(status: int, detail: str) -> ConnectorError:
    text = f"There is no Salesforce login at this address. {CHECK_ADDRESS} {THEN}"
    return Misconfigured(text, detail=detail, code=f"http_{status}")


def _org_id(body: Mapping[str, Any]) -> str:
    """Return the organisation that the answer's identity address names, "" where it names none."""
    found = re.search(r"/id/(00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?)/", str(body.get("id") or ""))
    return to_18(found[1][:15]) if found else ""


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):  # nested without end
        return None
