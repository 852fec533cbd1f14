"""Salesforce's REST API: the calls that Concord makes, and nothing of what they mean.

simple-salesforce serves SOQL, paging and `restful`; session, token, deadlines and
headers are ours (`connectors.http.Line`), because its own refresh recurses without
end, drops headers on the retry, and sets no time-out at all.
"""

import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.util import Usage

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient
from connectors.http import Line, TimedOutError, TooLargeError, mask, problem_of_exception, problem_of_status
from connectors.protocol import Account, Engine, Exchange, FetchedToken
from connectors.systems.salesforce.errors import SYSTEM, Kind, faults, login_problem, request_problem

DEFAULT_VERSION = "64.0"
MAX_RECORDS = 200  # per Collections call. Source: sObject Collections, resource reference
MAX_QUERIES = 5  # per Composite call. Source: Composite, resource reference
# jsforce keeps the same list: a new token does not heal these.
_NO_REFRESH = ("not valid for use with the REST API", "not attached to Agent")
_HEADERS = {"X-PrettyPrint": "0", "Sforce-Call-Options": "client=Concord", "Accept": "application/json"}
GZIP_FROM_BYTES = 1_000
NETWORK = (requests.RequestException, OSError, TimedOutError, TooLargeError)


class Client:
    """Make calls to one org. One thread; close it when done."""

    def __init__(self, account: Account, engine: Engine) -> None:
        self.account, self.engine = account, engine
        self.version = str(account.settings.get("api_version") or DEFAULT_VERSION)
        self.line = Line(
            account.base_url, timeout_s=account.call_timeout_s, tick=engine.tick, refreshes=_refreshable
        )
        self.line.tokens = engine.tokens(self.fetch_token)
        self.line.hooks["response"].append(self._seen)
        self.response: requests.Response | None = None
        self.usage: tuple[int, int] | None = None
        self.last = Exchange()
        # The token is put on by the line, so any non-empty one serves here; the host is
        # re-rooted at the base URL, so only its name matters.
        self.api = Salesforce(
            session_id="shared",
            instance=urlsplit(account.base_url).netloc,
            version=self.version,
            session=self.line,
        )

    def close(self) -> None:
        """Close the connection and hand over the usage that was seen."""
        if self.usage:
            self.engine.on_usage(*self.usage)
        self.line.close()

    def fetch_token(self) -> FetchedToken:
        """Log in by OAuth client credentials. Raises AuthFailed, RateLimited, Transient.

        The pair goes in the form: Salesforce takes it there and as HTTP Basic.
        Source: help, remoteaccess_oauth_client_credentials_flow. There is no
        expires_in in the answer: a token is used until it is refused.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self.account.credentials.get("client_id", ""),
            "client_secret": self.account.credentials.get("client_secret", ""),
        }
        headers = {"X-Concord-No-Token": "1", "Accept": "application/json"}
        response = self._send("POST", "/services/oauth2/token", data=form, headers=headers)
        body = _json(response)
        if response.status_code in (400, 401) and (said := faults(body)):
            raise login_problem(said[0])
        problem = problem_of_status(response.status_code, response.headers, SYSTEM, _shown(response))
        if problem:
            raise problem
        if not isinstance(body, Mapping) or not body.get("access_token"):
            raise Transient(
                "Salesforce answered the login with something that is not a token.",
                detail=_shown(response),
                code="garbage",
            )
        return FetchedToken(str(body["access_token"]))

    def versions(self) -> list[str]:
        """Return the API versions that the org offers, "64.0" and so on."""
        body = self._checked("GET", "/services/data/")
        return [str(item.get("version")) for item in body if isinstance(item, Mapping)]

    def userinfo(self) -> Mapping[str, Any]:
        """Return who is logged in, with organization_id."""
        body = self._checked("GET", "/services/oauth2/userinfo")
        return body if isinstance(body, Mapping) else {}

    def describe(self, sobject: str) -> Mapping[str, Any]:
        """Return the description of an object: fields with lengths and rights."""
        body = self._restful(f"sobjects/{quote(sobject)}/describe")
        if not isinstance(body, Mapping) or not isinstance(body.get("fields"), list):
            raise Transient(
                "Salesforce answered the description of its fields with something else.", code="garbage"
            )
        return body

    def upsert(
        self, sobject: str, key: str, records: Sequence[Mapping[str, Any]], *, allow_duplicates: bool = False
    ) -> list[Any]:
        """Create or update up to 200 records by external id; answers in order."""
        headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if allow_duplicates else {}
        return self._collection(
            f"composite/sobjects/{quote(sobject)}/{quote(key)}", sobject, records, headers
        )

    def update(self, sobject: str, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Update up to 200 records, each with its id; answers in order."""
        return self._collection("composite/sobjects", sobject, records, {})

    def _collection(
        self, path: str, sobject: str, records: Sequence[Mapping[str, Any]], extra: Mapping[str, str]
    ) -> list[Any]:
        """Write by sObject Collections. Answers 200 even if every record failed."""
        body = {
            "allOrNone": False,
            "records": [{"attributes": {"type": sobject}, **record} for record in records],
        }
        answers = self._restful(path, "PATCH", body, extra)
        if not isinstance(answers, list) or len(answers) != len(records):
            raise Transient(
                "Salesforce answered a write with something that is not one line per record.",
                code="garbage",
                halves=True,
            )
        return answers

    def queries(self, statements: Sequence[str]) -> list[list[Mapping[str, Any]]]:
        """Run up to five SOQL queries in one call; return the records of each.

        In a Composite body, since an address may hold 16,384 bytes at most.
        """
        prefix = f"/services/data/v{self.version}/query/?q="
        body = {
            "allOrNone": False,
            "compositeRequest": [
                {"method": "GET", "url": prefix + quote(statement, safe=""), "referenceId": f"q{index}"}
                for index, statement in enumerate(statements)
            ],
        }
        answer = self._restful("composite", "POST", body)
        parts = {part.get("referenceId"): part for part in _parts(answer)}
        if len(parts) != len(statements):
            raise Transient("Salesforce answered queries with something else.", code="garbage")
        return [self._page(parts[f"q{index}"]) for index in range(len(statements))]

    def _page(self, part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        status, body = part.get("httpStatusCode", 500), part.get("body")
        if status != 200 or not isinstance(body, Mapping):
            raise _problem(int(status), {}, body)
        records = list(body.get("records", []))
        while not body.get("done", True):
            more = partial(self.api.query_more, str(body["nextRecordsUrl"]), identifier_is_url=True)
            body = self._guarded(more, "query")
            records += body.get("records", [])
        return records

    def _restful(
        self, path: str, method: str = "GET", body: Any = None, extra: Mapping[str, str] | None = None
    ) -> Any:
        headers, data = {**_HEADERS, **(extra or {})}, None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
            if len(data) >= GZIP_FROM_BYTES:
                data, headers["Content-Encoding"] = gzip.compress(data, 5), "gzip"
        return self._guarded(lambda: self.api.restful(path, method=method, data=data, headers=headers), path)

    def _guarded(self, call: Callable[[], Any], path: str) -> Any:
        """Run a call of the library; turn everything that goes wrong into our errors."""
        started = time.monotonic()
        self.response = None
        try:
            return call()
        except SalesforceError as error:
            headers = self.response.headers if self.response is not None else {}
            raise _problem(int(error.status or 0), headers, error.content) from error
        except json.JSONDecodeError as error:
            raise _garbage(self.response) from error
        except NETWORK as error:
            raise problem_of_exception(error, SYSTEM, self.account.call_timeout_s) from error
        finally:
            spent_ms = int((time.monotonic() - started) * 1000)
            status = self.response.status_code if self.response is not None else None
            self.last = Exchange(f"{self._root}/services/data/v{self.version}/{path}", status, spent_ms)

    def _checked(self, method: str, path: str) -> Any:
        """Make a call outside the versioned API; return its JSON."""
        response = self._send(method, path, headers={"Accept": "application/json"})
        if response.status_code >= 400:
            raise _problem(response.status_code, response.headers, _json(response))
        body = _json(response)
        if body is None:
            raise _garbage(response)
        return body

    def _send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        try:
            return self.line.request(method, f"{self._root}{path}", **kwargs)
        except NETWORK as error:
            raise problem_of_exception(error, SYSTEM, self.account.call_timeout_s) from error

    @property
    def _root(self) -> str:
        return self.account.base_url.rstrip("/")

    def _seen(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Keep each answer's headers: the library drops those of errors. Note the usage."""
        self.response = response
        header = response.headers.get("Sforce-Limit-Info", "")
        usage = Salesforce.parse_api_usage(header).get("api-usage") if header else None
        if isinstance(usage, Usage):
            self.usage = (int(usage.used), int(usage.total))


def _refreshable(response: requests.Response) -> bool:
    """Return whether a new token would help against this 401."""
    said = faults(_json(response))
    if any(skip in fault.text for fault in said for skip in _NO_REFRESH):
        return False
    return not said or any(fault.kind is Kind.TOKEN for fault in said)


def _parts(answer: Any) -> list[Mapping[str, Any]]:
    parts = answer.get("compositeResponse") if isinstance(answer, Mapping) else None
    return [part for part in parts or [] if isinstance(part, Mapping)]


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _shown(response: requests.Response) -> str:
    return mask(response.text[:500])


def _garbage(response: requests.Response | None) -> ConnectorError:
    """Return the error for an answer that is no JSON: an edge page, a proxy, a cut body."""
    if response is not None:
        problem = problem_of_status(response.status_code, response.headers, SYSTEM, _shown(response))
        if problem:
            return problem
    detail = _shown(response) if response is not None else ""
    return Transient("Salesforce answered with something that is not JSON.", detail=detail, code="garbage")


def _problem(status: int, headers: Mapping[str, str], body: Any) -> ConnectorError:
    """Return the error of a whole request: Salesforce's own code first, then the status."""
    said = faults(body)
    for fault in said:
        found = request_problem(fault, status)
        if found:
            return found
    detail = "; ".join(f"{fault.code}: {fault.text}" for fault in said) or mask(str(body)[:500])
    if status in (404, 410):
        return Misconfigured(
            "Salesforce does not know the address that Concord called: the API version, the object or the "
            "external id field does not exist there. Press Test connection to see which.",
            detail=detail[:500],
            code=said[0].code if said else f"http_{status}",
        )
    if status in (414, 431):
        return Transient(
            "A call was too long for Salesforce.", detail=detail, code=f"http_{status}", halves=True
        )
    if status == 420:  # edge: an instance that is being set up. Source: REST status codes
        return RateLimited("Salesforce asks to wait.", detail=detail, code="http_420")
    if status == 401:
        return AuthFailed(
            "Salesforce does not accept the session of Concord's app.", detail=detail, code="http_401"
        )
    general = problem_of_status(status, headers, SYSTEM, detail[:500])
    return general or Transient(
        f"Salesforce answered {status} where Concord expected data.",
        detail=detail[:500],
        code=f"http_{status}",
    )
