"""Salesforce's REST API: the calls that Concord makes, and nothing of what they mean.

simple-salesforce serves SOQL, paging and `restful`; session, token, deadlines and
headers are ours (`connectors.http.Line`), because its own refresh recurses without
end, drops headers on the retry, and sets no time-out at all.
"""

import gzip
import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.format import format_soql
from simple_salesforce.util import Usage

from connectors import kinds
from connectors.http import NO_TOKEN, READS, Line, TimedOutError, TooLargeError, mask, problem_of_exception
from connectors.protocol import Account, Engine, Exchange, FetchedToken, UserRecord
from connectors.systems.salesforce import login
from connectors.systems.salesforce.errors import Kind, faults
from connectors.systems.salesforce.ids import as_18
from connectors.systems.salesforce.logins import LOGINS
from connectors.systems.salesforce.problems import DETAIL_CHARS, NO_AGENT, NO_REST, SYSTEM, garbage, problem

DEFAULT_VERSION = "64.0"
MAX_RECORDS = 200  # per Collections call. Source: sObject Collections, resource reference
MAX_QUERIES = 5  # per Composite call. Source: Composite, resource reference
_HEADERS = {"X-PrettyPrint": "0", "Sforce-Call-Options": "client=Concord", "Accept": "application/json"}
_MAY_SAVE = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}  # helps where the rule only warns
GZIP_FROM_BYTES = 1_000
NETWORK = (requests.RequestException, OSError, TimedOutError, TooLargeError)


_USERS = (
    "SELECT Id, Name, Email, Username, FederationIdentifier, IsActive, Profile.Name FROM User "
    "WHERE UserType = 'Standard' ORDER BY Id"
)


class Client:
    """Make calls to one org. One thread; close it when done."""

    def __init__(self, account: Account, engine: Engine) -> None:
        self.account, self.engine = account, engine
        self.version = api_version(account.settings.get("api_version"))
        self.line = Line(
            account.base_url,
            timeout_s=account.call_timeout_s,
            tick=engine.tick,
            refreshes=_refreshable,
            secrets=kinds.secrets(LOGINS, account.credentials),
            permit=account.permit,
            unanswered=engine.unanswered,
        )
        self.line.tokens = engine.tokens(self.fetch_token)
        self.line.hooks["response"].append(self._seen)
        self.response: requests.Response | None = None
        self.usage: tuple[int, int] | None = None
        self.org_id = ""  # as the last login of this client told it
        self.last = Exchange()
        # The token is put on by the line, so any non-empty one serves here; the host is
        # re-rooted at the base URL, so only its name matters.
        self.api = Salesforce(
            session_id="shared",
            instance=urlsplit(account.base_url).netloc or "nowhere.invalid",
            version=self.version,
            session=self.line,
        )
        self.api.headers.update(_HEADERS)

    def close(self) -> None:
        """Close the connection and hand over the usage that was seen."""
        if self.usage:
            self.engine.on_usage(*self.usage)
        self.line.close()

    def fetch_token(self) -> FetchedToken:
        """Log in, in the way that the credentials are for. Raises ConnectorError."""
        headers = {NO_TOKEN: "1", "Accept": "application/json"}
        response = self._send("POST", login.PATH, data=login.form(self.account), headers=headers)
        fetched = login.token(response, self.account)
        self.org_id = fetched.org_id
        return fetched

    def log_in(self) -> None:
        """Get a token, if there is none yet. Raises ConnectorError."""
        if self.line.tokens is not None:
            self.line.tokens.get()

    def versions(self) -> list[str]:
        """Return the API versions that the org offers, "64.0" and so on."""
        body = self._checked("GET", "/services/data/")
        if not isinstance(body, list):
            raise garbage("the list of its API versions")
        return [str(item.get("version")) for item in body if isinstance(item, Mapping)]

    def userinfo(self) -> Mapping[str, Any]:
        """Return who is logged in, with organization_id."""
        body = self._checked("GET", "/services/oauth2/userinfo")
        return body if isinstance(body, Mapping) else {}

    def organisation(self) -> tuple[str, str]:
        """Return the org's id and name, "" for what it does not show."""
        (found,) = self.queries(["SELECT Id, Name FROM Organization LIMIT 1"])
        row = found[0] if found else {}
        return as_18(row.get("Id")), str(row.get("Name") or "")

    def users(self) -> Iterator[UserRecord]:
        """Yield the users of type Standard, who may own accounts; inactive ones too.

        Source: the fact sheet's section 2.10.
        """
        (found,) = self.queries([_USERS])
        for row in found:
            yield _user(row)

    def describe(self, sobject: str) -> Mapping[str, Any]:
        """Return the description of an object: fields with lengths and rights."""
        body = self._restful(f"sobjects/{quote(sobject)}/describe")
        if not isinstance(body, Mapping) or not isinstance(body.get("fields"), list):
            raise garbage("the description of its fields")
        return body

    def upsert(
        self, sobject: str, key: str, records: Sequence[Mapping[str, Any]], *, past_rule: bool = False
    ) -> list[Any]:
        """Create or update up to 200 records by external id; answers in order.

        `past_rule` saves what a duplicate rule would only warn of, all of them.
        """
        path = f"composite/sobjects/{quote(sobject)}/{quote(key)}"
        return self._collection(path, sobject, records, _MAY_SAVE if past_rule else {})

    def update(
        self, sobject: str, records: Sequence[Mapping[str, Any]], *, past_rule: bool = False
    ) -> list[Any]:
        """Update up to 200 records, each with its id; answers in order."""
        return self._collection("composite/sobjects", sobject, records, _MAY_SAVE if past_rule else {})

    def _collection(
        self, path: str, sobject: str, records: Sequence[Mapping[str, Any]], extra: Mapping[str, str]
    ) -> list[Any]:
        """Write by sObject Collections. Answers 200 even if every record failed."""
        body = {
            "allOrNone": False,
            "records": [{"attributes": {"type": sobject}, **record} for record in records],
        }
        answers = self._restful(path, "PATCH", body, extra)
        told = isinstance(answers, list) and len(answers) == len(records)
        if not told or not all(_is_result(answer) for answer in answers):
            # Nobody knows what was written: raise, so that each record is looked for.
            raise garbage("a write", self._shown(), halves=True)
        found: list[Any] = answers
        return found

    def owners(self, accounts: Collection[str]) -> dict[str, str]:
        """Return who owns each of these accounts; one that is not there is left out."""
        if not accounts:
            return {}
        parts = [sorted(accounts)[start : start + 200] for start in range(0, len(accounts), 200)]
        asked = [
            format_soql("SELECT Id, OwnerId FROM Account WHERE Id IN {part}", part=part) for part in parts
        ]
        return {str(row["Id"]): as_18(row.get("OwnerId")) for page in self.queries(asked) for row in page}

    def fates(self, sobject: str, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return IsDeleted and MasterRecordId of up to 200 records, deleted and merged ones too."""
        head = f"SELECT Id, IsDeleted, MasterRecordId FROM {sobject} WHERE Id IN"  # noqa: S608 - our name
        (found,) = self.queries([format_soql(f"{head} {{ids}}", ids=sorted(ids))], deleted_too=True)
        return {as_18(row.get("Id")): row for row in found}

    def queries(
        self, statements: Sequence[str], *, deleted_too: bool = False
    ) -> list[list[Mapping[str, Any]]]:
        """Run up to five SOQL queries in one call; return the records of each.

        In a Composite body, since an address may hold 16,384 bytes at most.
        """
        prefix = f"/services/data/v{self.version}/{'queryAll' if deleted_too else 'query'}/?q="
        body = {
            "allOrNone": False,
            "compositeRequest": [
                {"method": "GET", "url": prefix + quote(statement, safe=""), "referenceId": f"q{index}"}
                for index, statement in enumerate(statements)
            ],
        }
        answer = self._restful("composite", "POST", body, {READS: "1"})
        parts = {part.get("referenceId"): part for part in _parts(answer)}
        return [self._page(parts.get(f"q{index}")) for index in range(len(statements))]

    def _page(self, part: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
        if part is None or not isinstance(part.get("httpStatusCode"), int):
            raise garbage("a query", self._shown())
        body = part.get("body")
        if part["httpStatusCode"] != 200:
            raise problem(part["httpStatusCode"], {}, body)
        records, more = self._records(body)
        while more:
            next_page = partial(self.api.query_more, more, identifier_is_url=True)
            page, more = self._records(self._guarded(next_page, "query"))
            records += page
        return records

    def _records(self, body: Any) -> tuple[list[Mapping[str, Any]], str]:
        """Return the records of a page and the address of the next, "" for the last."""
        found = body.get("records") if isinstance(body, Mapping) else None
        if not isinstance(found, list) or not all(
            isinstance(item, Mapping) and item.get("Id") for item in found
        ):
            raise garbage("a query", self._shown())
        if body.get("done") is True:
            return list(found), ""
        more = body.get("nextRecordsUrl")
        if not isinstance(more, str) or not more.startswith("/"):
            raise garbage("a query", self._shown())
        return list(found), more

    def _restful(
        self, path: str, method: str = "GET", body: Any = None, extra: Mapping[str, str] | None = None
    ) -> Any:
        headers, data = dict(extra or {}), None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
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
            raise problem(int(error.status or 0), self._headers(), error.content) from error
        except (json.JSONDecodeError, RecursionError, TypeError) as error:
            if self._status() is None:  # no answer: then it is a bug of ours
                raise
            # TypeError: the library asks for the length of JSON that is a number or null.
            raise garbage("a call", self._shown()) from error
        except NETWORK as error:
            raise problem_of_exception(error, SYSTEM, self.account.call_timeout_s) from error
        finally:
            spent_ms = int((time.monotonic() - started) * 1000)
            self.last = Exchange(
                f"{self._root}/services/data/v{self.version}/{path}", self._status(), spent_ms
            )

    def _checked(self, method: str, path: str) -> Any:
        """Make a call outside the versioned API; return its JSON."""
        response = self._send(method, path, headers={"Accept": "application/json"})
        body = _json(response)
        if response.status_code >= 300:
            raise problem(response.status_code, response.headers, response.text if body is None else body)
        if body is None:
            raise garbage("a call", self._shown())
        return body

    def _send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        try:
            return self.line.request(method, f"{self._root}{path}", **kwargs)
        except NETWORK as error:
            raise problem_of_exception(error, SYSTEM, self.account.call_timeout_s) from error

    @property
    def _root(self) -> str:
        return self.account.base_url.rstrip("/")

    def _headers(self) -> Mapping[str, str]:
        return self.response.headers if self.response is not None else {}

    def _status(self) -> int | None:
        return self.response.status_code if self.response is not None else None

    def _shown(self) -> str:
        text = self.response.text if self.response is not None else ""
        return mask(text, most=DETAIL_CHARS)

    def _seen(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Keep each answer's headers: the library drops those of errors. Note the usage."""
        self.response = response
        header = response.headers.get("Sforce-Limit-Info", "")
        usage = Salesforce.parse_api_usage(header).get("api-usage") if header else None
        if isinstance(usage, Usage):
            self.usage = (int(usage.used), int(usage.total))


def api_version(setting: Any) -> str:
    """Return a version as addresses have it: "64.0" for "v64", " 64 " or "64.0"."""
    text = str(setting or "").strip().lower().removeprefix("v") or DEFAULT_VERSION
    return f"{text}.0" if re.fullmatch(r"[0-9]{1,3}", text) else text


def _refreshable(response: requests.Response) -> bool:
    """Return whether a new token would help against this 401.

    jsforce keeps the same list of those that it does not heal.
    """
    said = faults(_json(response))
    if any(skip in fault.text for fault in said for skip in (NO_REST, NO_AGENT)):
        return False
    return not said or any(fault.kind is Kind.TOKEN for fault in said)


def _user(row: Mapping[str, Any]) -> UserRecord:
    profile = row.get("Profile")
    return UserRecord(
        remote_id=as_18(row.get("Id")),
        name=str(row.get("Name") or row.get("Username") or row.get("Id")),
        email=str(row.get("Email") or ""),
        username=str(row.get("Username") or ""),
        federation_id=str(row.get("FederationIdentifier") or ""),
        profile=str(profile.get("Name") or "") if isinstance(profile, Mapping) else "",
        is_active=row.get("IsActive") is True,
    )


def _is_result(answer: Any) -> bool:
    """Return whether this says of one record that it was written, or why it was not."""
    if not isinstance(answer, Mapping):
        return False
    if answer.get("success") is True:
        return bool(as_18(answer.get("id")))
    return answer.get("success") is False and bool(faults(answer))


def _parts(answer: Any) -> list[Mapping[str, Any]]:
    parts = answer.get("compositeResponse") if isinstance(answer, Mapping) else None
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):  # nested without end
        return None
