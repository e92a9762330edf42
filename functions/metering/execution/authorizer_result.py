"""The line `Authorizer result body before parsing` comes in; who the authorizer verified leaves.

The line may be cut at 1,024 bytes: values that stand whole before the cut are read, and the result
is not believed when `customerId` is not among them.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from pydantic_core import from_json

from functions.metering.line_text import ABSENT, TEXT_CHARS
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object
from functions.usage.trace_context import valid_traceparent

CUSTOMER_TRUNCATED = Quarantined(
    "customer_truncated", "the log cut the authorizer's result before customerId was over"
)
# Callers come again, and unless they trace their calls with the same result: reading it is half of
# what all the lines of a request cost. About 5 MB.
_REMEMBERED = 4096
_REMEMBERED_CHARS = 1024
# API Gateway takes policies of 8 KB; contexts come on top.
_RESULT_CHARS = 65_536
UNREADABLE = Quarantined("authorizer_unreadable", "the authorizer's result is not a JSON object")
TWICE = Quarantined("tamper", "a name stands twice in the authorizer's result")
NOT_TEXT = Quarantined("customer_malformed", "customerId in the authorizer's result is not text")


class AuthorizerResult(NamedTuple):
    """None where it does not say; `fault` means that nobody may be billed by it."""

    principal_id: str | None = None
    customer_id: str | None = None
    tenant_id: str | None = None
    key_id: str | None = None
    traceparent: str | None = None
    fault: Quarantined | None = None


def read_result(body: str, *, is_cut: bool) -> AuthorizerResult:
    """`body` is the text after the label."""
    if len(body) > _RESULT_CHARS:
        return AuthorizerResult(fault=UNREADABLE)
    return (_remembered if len(body) <= _REMEMBERED_CHARS else _read)(body, is_cut=is_cut)


def _read(body: str, *, is_cut: bool) -> AuthorizerResult:
    found = _part(body) if is_cut else read_object(body)
    if isinstance(found, Quarantined):
        return AuthorizerResult(fault=found if found.reason == TWICE.reason else UNREADABLE)
    context = found.get("context")
    context = context if isinstance(context, Mapping) else {}
    return AuthorizerResult(
        _text(found, "principalId"),
        _text(context, "customerId"),
        _text(context, "tenantId"),
        _text(context, "keyId"),
        valid_traceparent(_text(context, "traceparent")),
        _fault(context, is_cut=is_cut),
    )


_remembered = lru_cache(_REMEMBERED)(_read)


def _fault(context: Mapping[str, object], *, is_cut: bool) -> Quarantined | None:
    if "customerId" not in context:
        # Whole, it is another authorizer's result, and somebody else may name the customer.
        return CUSTOMER_TRUNCATED if is_cut else None
    return None if isinstance(context["customerId"], str) else NOT_TEXT


def _part(body: str) -> Mapping[str, object] | Quarantined:
    """The whole values before the cut."""
    # Within a text these quotes would be escaped, so that only names are found.
    if body.count('"customerId"') > 1 or body.count('"context"') > 1:
        return TWICE
    try:
        found = from_json(body.encode("utf-8", "replace"), allow_partial=True)
    except ValueError:
        return UNREADABLE
    return found if isinstance(found, dict) else UNREADABLE


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if not isinstance(value, str) or value in ABSENT or len(value) > TEXT_CHARS:
        return None
    return value
