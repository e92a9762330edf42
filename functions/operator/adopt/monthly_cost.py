"""What an adopted stage costs a month, beside what the stack costs anyway: requests a month come
in, dollars leave. The figures are those of docs/explanation/cost.md, which a test holds them to.
"""

from typing import Final

# Requests a month, and dollars for a million of them: the fewer, the dearer each.
PER_MILLION: Final = ((10**6, 4.60), (10**7, 1.29), (10**8, 0.42), (10**10, 0.28))
# Of it the authorizer's, which only asks for what is guarded.
AUTHORIZER_PER_MILLION: Final = 0.22
# A source's own metrics.
SOURCE_MONTH: Final = 1.20
PAGE: Final = "docs/explanation/cost.md"


def dollars_a_million(requests_a_month: int, *, is_guarded: bool) -> float:
    """By the nearest figure that is not lower."""
    found = PER_MILLION[0][1]
    for rate, dollars in PER_MILLION:
        if requests_a_month >= rate:
            found = dollars
    return found if is_guarded else found - AUTHORIZER_PER_MILLION


def dollars_a_month(requests_a_month: int, *, is_guarded: bool) -> float:
    """With the source's metrics, without API Gateway and the log that it writes."""
    each = dollars_a_million(requests_a_month, is_guarded=is_guarded)
    return requests_a_month / 10**6 * each + SOURCE_MONTH
