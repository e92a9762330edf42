"""Whether lines that a person gave to `explain` are of an API Gateway log at all.

Text that nobody knows is a line that cannot be read where requests stand beside it, what a Lambda
function printed where only such a function's lines do, and bad input where nothing is known.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from functions.metering.access.foreign_line import NOT_API_GATEWAY
from functions.operator.explain.bad_input import TAKES, BadInputError
from functions.operator.explain.explained_line import outcome_of
from functions.operator.explain.explanation import Explained
from functions.usage.outcome import Quarantined

# What a line is said to be that nobody recognises.
_NO_LOG_LINE = frozenset({"invalid_json", "unknown_format"})
# A log shows what it is long before; more would have to be kept until then.
LINES_TO_SEE = 20_000


def is_request(one: Explained) -> bool:
    """Another log's line is no request; a line that cannot be read may be one."""
    return one.request is not None or isinstance(one.billing, Quarantined)


def recognised(found: Iterable[Explained]) -> Iterator[Explained]:
    """`found`, with what its neighbours make of unknown text. BadInputError when all is unknown."""
    waiting: list[Explained] = []
    rest = iter(found)
    for one in rest:
        waiting.append(one)
        if not _is_unknown_text(one) and is_request(one):
            yield from chain(waiting, rest)
            return
        if len(waiting) >= LINES_TO_SEE:
            break
    if waiting and all(map(_is_unknown_text, waiting)):
        raise BadInputError(
            f"nothing in the input looks like a line of an API Gateway log; explain takes: {TAKES}"
        )
    # Between a Lambda function's lines stand those that it printed itself.
    for one in chain(waiting, rest):
        yield Explained(None, NOT_API_GATEWAY) if _is_unknown_text(one) else one


def _is_unknown_text(one: Explained) -> bool:
    return one.is_text and outcome_of(one)[1] in _NO_LOG_LINE
