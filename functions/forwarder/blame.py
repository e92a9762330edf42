"""The code of a refusal comes in; whether it blames the event leaves. Pure.

Guaranteed: only a code that says what is wrong with an event sets it aside at its first answer. A
fault of Aforo's own (`internal`, a timeout, a lone 413) and a code that nobody knows is held, and
asked again after minutes: what it refuses then in the same words, it means.
"""

from functions.usage.message import RefusedRecord
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import Held, SetAside

REFUSED_ONCE = "refused_once"
# A deployment or a failover of Aforo's is over by then, and an hour's usage is not late yet.
ASK_AGAIN_SECONDS = 300
# SQS counts a delay by its own clock: a little more, so that none comes too early to count.
WAIT_SECONDS = ASK_AGAIN_SECONDS + 10

# What a code says of an event (aforo-contract.md 1.1.2, 1.1.4).
_BLAMING = frozenset(
    {
        *("validation", "invalid", "malformed", "missing", "required", "blank"),
        *("negative", "unsupported", "conflict", "duplicate"),
    }
)
# `unknown_metric` and `customer_not_found` do; `unknown_error` and `not_found` do not.
_NOT_THERE = frozenset({"unknown", "found"})
_THINGS = frozenset(
    {"metric", "meter", "customer", "subscription", "product", "type", "field", "event"}
)
# Also beside a word of the above: `validation_timeout`, `invalid_upstream_response`.
_PASSING = frozenset(
    {
        *("internal", "unavailable", "timeout", "timed", "temporary", "temporarily", "retry"),
        *("later", "overloaded", "busy", "upstream", "gateway", "service", "server", "database"),
    }
)


def blames_the_event(code: str) -> bool:
    """Whether a code, as a slug, is about the event that was posted."""
    words = frozenset(code.split("_"))
    is_about = bool(words & _BLAMING) or bool(words & _NOT_THERE and words & _THINGS)
    return is_about and not words & _PASSING


def refused_once(refusal: SetAside) -> Held:
    """What a refusal that blames nobody makes of an event for now."""
    return Held(REFUSED_ONCE, WAIT_SECONDS, refusal=refusal)


def is_meant(refusal: SetAside, first: RefusedRecord | None, now_ms: int) -> bool:
    """Whether it is the second answer of its kind, and comes long enough after the first."""
    if first is None or first["reason"] != refusal.reason:
        return False
    return now_ms - epoch_ms_from_iso(first["refusedAt"]) >= ASK_AGAIN_SECONDS * 1000
