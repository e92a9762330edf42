"""The customer that a logged request header names, under the strict rule of gateway-logs.md 1.5.

`{name=value, name=value}` quotes and escapes nothing, so a client can write a whole pair into the
value of another header. A name that stands once and reads cleanly is therefore still only a claim:
`named_customer` wants the principal that the authorizer verified to agree with it.
"""

from functions.usage.outcome import Quarantined
from functions.usage.quota import CUSTOMER_ID, is_customer_id

DUPLICATE = Quarantined("tenant_duplicate", "the declared header stands twice, or has two values")
AMBIGUOUS = Quarantined("tenant_ambiguous", "where the declared header's value ends is not clear")
CUT = Quarantined("tenant_truncated", "the log cut the headers before the declared one was over")
MALFORMED = Quarantined("tenant_malformed", f"the declared header is not {CUSTOMER_ID.pattern}")
MASKED_HEADER = Quarantined("masked", "the declared header is partly stars")
UNVERIFIED = Quarantined("tenant_unverified", "the verified principal is not the declared header")

# All headers of a request together have at most 10,240 bytes (API Gateway's quotas).
_MAP_CHARS = 16_384
_VISIBLE = 6  # what API Gateway leaves of a masked value (gateway-logs.md 1.3)


def named_customer(
    headers: str, name: str, *, is_cut: bool, principal: str | None
) -> str | Quarantined | None:
    """Whom the header `name` names in `headers`, the text after the label; None if nobody.
    `principal` as the line `Using valid authorizer policy for principal` prints it.
    """
    value = header_value(headers, name, is_cut=is_cut)
    if not isinstance(value, str):
        return value
    if "*" in value:
        return MASKED_HEADER
    if not is_customer_id(value):
        return MALFORMED
    return value if _agrees(value, principal) else UNVERIFIED


def header_value(headers: str, name: str, *, is_cut: bool) -> str | Quarantined | None:
    """The one value of a header; None where it certainly is not there."""
    if len(headers) > _MAP_CHARS:
        return AMBIGUOUS
    raw = headers.encode("utf-8", "surrogatepass")
    key = name.lower().encode() + b"="
    # Of bytes `lower` changes ASCII only: positions stay.
    lower = raw.lower()
    start = lower.find(key)
    if start < 0:
        return CUT if is_cut or not raw.endswith(b"}") else None
    if lower.find(key, start + 1) >= 0:
        return DUPLICATE
    if start != 1 and raw[start - 2 : start] != b", ":
        return AMBIGUOUS  # inside another value or name
    return _value_at(raw, start + len(key), is_cut=is_cut)


def _value_at(raw: bytes, start: int, *, is_cut: bool) -> str | Quarantined:
    end = raw.find(b", ", start)
    if end < 0:
        if is_cut or not raw.endswith(b"}"):
            return CUT
        end = len(raw) - 1
    else:
        next_end = raw.find(b", ", end + 2)
        follower = raw[end + 2 : next_end if next_end >= 0 else len(raw)]
        if b"=" not in follower:
            # Cut within the next name, or the value goes on after its comma.
            return CUT if is_cut and next_end < 0 else AMBIGUOUS
    value = raw[start:end].decode("utf-8", "replace")
    if "=" in value:
        return AMBIGUOUS
    # Two headers of one name are printed as one, a bare comma between their values.
    return DUPLICATE if "," in value else value


def _agrees(value: str, principal: str | None) -> bool:
    """Whether the verified principal can be this customer: the same text or, masked, the same
    length and visible end. Our authorizer's principal is the customer.
    """
    if not principal:
        return False
    if "*" not in principal:
        return value == principal
    shown = principal.lstrip("*")
    return len(shown) >= _VISIBLE and len(value) == len(principal) and value.endswith(shown)
