"""The deliveries in a log that a person gave come in; what metering would make of it leaves."""

from collections.abc import Iterator
from itertools import chain

from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.explanation import Explained, ExplainTerms, Kind, explained
from functions.operator.explain.recognition import recognised


def explained_log(
    deliveries: Iterator[LogDelivery], kind: Kind, terms: ExplainTerms
) -> Iterator[Explained]:
    """Where somebody says what the lines are, none of them has to be recognised."""
    first = next(deliveries, None)
    delivered = deliveries if first is None else chain([first], deliveries)
    found = chain.from_iterable(explained(one, kind, terms) for one in delivered)
    is_raw = first is not None and not first.log_group
    return recognised(found) if kind == "auto" and is_raw else found
