"""What was served so far: each request's key, who is to pay, when it was made. Threads share it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Billable(NamedTuple):
    """A request that has to be billed."""

    key: str
    payer: str
    at_ms: int


@dataclass
class ServedRequests:
    """`served` counts all of them, billable or not. `refused`: answered 401, 403 or 429; `failed`:
    answered by an error of the gateway or behind it.
    """

    served: int = 0
    refused: int = 0
    failed: int = 0
    _billable: list[Billable] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self, served: int, billable: Iterable[Billable], *, refused: int = 0, failed: int = 0
    ) -> None:
        with self._lock:
            self.served += served
            self.refused += refused
            self.failed += failed
            self._billable.extend(billable)

    def billable(self, after: int = 0) -> list[Billable]:
        """Those after so many, in the order in which they were added."""
        with self._lock:
            return self._billable[after:]
