"""An answer that is a refusal comes in; why, and the command or page that fits it, leave. Pure.

By the code in the body where it is ours, else by API Gateway's own words.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from functions.operator.explain.terminal_text import printable
from functions.operator.verify.hop import Stopped

_SHOWN_CHARACTERS = 200
REFUSALS = frozenset({401, 403, 429})
STATE_UNKNOWN = "QUOTA_STATE_UNKNOWN"
_ALARMS = "docs/reference/alarms.md"
_SHOW = "`aforo-metering counters show {who}`"
# By the code that our authorizer gives (docs/explanation/quota.md has what each tells a client).
_CHECKS: Mapping[str, str] = {
    "QUOTA_EXCEEDED": f"{_SHOW} says how much is used; "
    "`aforo-metering counters grant {who} --limit ...` allows more.",
    "NO_GRANT": "the customer has no quota for now: `aforo-metering counters grant {who} --limit"
    f" ...` gives one; {_SHOW} says what is there.",
    "CUSTOMER_SUSPENDED": "`aforo-metering counters resume {who}` lets the customer call again.",
    "CUSTOMER_CLOSED": f"{_SHOW}: the customer was closed.",
    "RATE_LIMITED_MARGIN": f"Aforo's margin guard limits the customer: {_SHOW} says how.",
    "SERVICE_RESTRICTED_MARGIN": f"Aforo's margin guard blocks the customer: {_SHOW} says how.",
    STATE_UNKNOWN: f"Redis did not answer the authorizer: {_ALARMS}, CounterStateUnknownAlarm.",
    "IDENTITY_UNKNOWN": f"Redis did not answer the authorizer: {_ALARMS},"
    " CounterStateUnknownAlarm.",
    "AUTHORIZER_ERROR": f"the authorizer failed: {_ALARMS}, AuthorizerFailedAlarm.",
    "UNAUTHORIZED": "{credential}: it is not known, has expired, or is of another issuer;"
    " `aforo-metering counters api-key {who}` assigns a key.",
}
_NO_ROUTE = (
    "the path and the stage: API Gateway has no such route in {url}, or its deployment is older"
    " than the route. Give --path or --stage."
)
_FORBIDDEN = (
    "the stage, --stage or --api-url: API Gateway has none of that name at {url}; or the API's"
    " resource policy, WAF or a required API key refuses the call."
)
_OTHERWISE = "the credential, the customer's quota and grant: refused requests are not billed."


class WhoCalls(NamedTuple):
    """Who called, in words; `customer` None where nobody says it."""

    url: str
    credential: str
    customer: str | None

    def fill(self, check: str) -> str:
        who = f"--customer {self.customer or '...'}"
        for name, text in (("who", who), ("url", self.url), ("credential", self.credential)):
            check = check.replace(f"{{{name}}}", text)
        return check


def refusal(status: int, text: str, caller: WhoCalls) -> Stopped:
    """Nothing is billed."""
    code, said = code_of(text), _object(text).get("message")
    if code in _CHECKS:
        reason = f"HTTP {status} {code}: {printable(str(_error(text).get('message', '')))}"
        return Stopped("answered", reason, caller.fill(_CHECKS[code]))
    check = {"Missing Authentication Token": _NO_ROUTE, "Forbidden": _FORBIDDEN}.get(
        str(said), _OTHERWISE
    )
    shown = printable(text[:_SHOWN_CHARACTERS])
    return Stopped("answered", f"HTTP {status}: {shown}", caller.fill(check))


def code_of(text: str) -> str:
    """`error.code` of the body; empty where it has none."""
    code = _error(text).get("code")
    return code if isinstance(code, str) else ""


def _error(text: str) -> Mapping[str, object]:
    error = _object(text).get("error")
    return error if isinstance(error, Mapping) else {}


def _object(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
