"""What a command's shape refuses comes in; the faults leave as an operator wrote the fields:
`--rate: must be at least 0`.
"""

import re
from typing import TYPE_CHECKING

from pydantic.alias_generators import to_snake

from functions.reconciliation.commands import METER_ID
from functions.usage.plain_faults import is_echo, plain_fault
from functions.usage.quota import CUSTOMER_ID

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# Where an option is not called what the command's field is.
_OPTIONS = {
    "customerId": "--customer",
    "ratePerSecond": "--rate",
    "apiKeySha256": "--sha256",
    "startMs": "--start",
    "endMs": "--end",
    "untilMs": "--until",
    "scopes": "--scope",
}
_KINDS = {"grant", "status", "credential", "usage_plan", "revocation", "jwks", "open", "mode"}
# Of a key set they are the document's, no options.
_OF_A_KEY = {"jwks"}
_PATTERNS = {
    rf"^{CUSTOMER_ID.pattern}$": "an id: a letter or a digit, then letters, digits and "
    ". _ : @ + ~ / = -, 128 characters at most",
    rf"^{METER_ID.pattern}$": "a meter's id: 1 to 64 letters, digits and . _ -",
    r"^\S{1,128}$": "1 to 128 characters, none of them a blank",
    r"^[0-9a-f]{64}$": "64 hex digits, as `sha256sum` prints them",
}
# The fields that a rule between them names.
_FIELDS = re.compile(r"\b(startMs|endMs|anchorDay|period|jti|keyId)(?=\b)(?=[: ]|$)")


def told_faults(error: "ValidationError") -> str:
    """All of them; a key or a token among the fields is not repeated."""
    faults = error.errors(include_url=False, include_input=False)
    places = [fault["loc"] for fault in faults]
    return "; ".join(_told(fault) for fault in faults if not is_echo(fault, places))


def _told(fault: "ErrorDetails") -> str:
    # They begin with the command's kind, once for each union that it stands in.
    names = [str(part) for part in fault["loc"]]
    while len(names) > 1 and names[0] in _KINDS:
        kind = names.pop(0)
        if kind in _OF_A_KEY and names[0] == "keys":
            return f"{'.'.join(names)}: {plain_fault(fault, _PATTERNS, shows_given=False)}"
    words = plain_fault(fault, _PATTERNS, shows_given=False)
    field = next((name for name in reversed(names) if not name.isdecimal()), "")
    if field and field not in _KINDS:
        return f"{_option(field)}: {words}"
    return _FIELDS.sub(lambda found: _option(found[0]), words)


def _option(field: str) -> str:
    return _OPTIONS.get(field) or f"--{to_snake(field).replace('_', '-')}"
