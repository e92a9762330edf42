"""What the counters say of many customers and keys: which versions are in force, what is used."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from typing import NamedTuple

from functions.reconciliation.in_force import ASKED_AT_ONCE

# A question as `functions.reconciliation.in_force` takes it, and its answer.
type AskInForce = Callable[[Mapping[str, Sequence[str]]], Mapping[str, Mapping[str, object]]]
type OfCustomer = Mapping[str, Mapping[str, int]]

_DIGEST_LENGTH = 64


class CountersWord(NamedTuple):
    """What was said; of what the counters do not know, nothing."""

    customers: dict[str, OfCustomer]
    api_keys: dict[str, int]

    def version(self, customer_id: str, counted_as: str) -> int:
        """That is in force, of what is `counted_as` (`StatedChange`); 0: none is."""
        if is_api_key(counted_as):
            return self.api_keys.get(counted_as, 0)
        said = self.customers.get(customer_id, {})
        return said.get("versions", {}).get(counted_as, 0)

    def used(self, customer_id: str, meter: str) -> int:
        """In the period that runs."""
        return self.customers.get(customer_id, {}).get("used", {}).get(meter, 0)

    def limit(self, customer_id: str, meter: str) -> int | None:
        """That stands in the period that runs, a person's or Aforo's; None: nobody says."""
        return self.customers.get(customer_id, {}).get("limits", {}).get(meter)


def is_api_key(counted_as: str) -> bool:
    """Whether that is the SHA-256 of an API key: nothing else has no blank and is as long."""
    return len(counted_as) == _DIGEST_LENGTH and " " not in counted_as


def ask_counters(
    ask: AskInForce,
    customers: Iterable[str],
    api_keys: Iterable[str],
    tell: Callable[[int], object] = lambda _: None,
) -> CountersWord:
    """As many questions as it takes; `tell` hears how many were looked up."""
    word = CountersWord({}, {})
    looked_up = 0
    for part, names in (("customers", customers), ("apiKeys", api_keys)):
        for group in batched(names, ASKED_AT_ONCE, strict=False):
            answer = ask({part: group})
            word.customers.update(answer["byCustomer"])  # type: ignore[arg-type]
            word.api_keys.update(answer["byApiKey"])  # type: ignore[arg-type]
            looked_up += len(group)
            tell(looked_up)
    return word
