"""The keys that a window's log says the ledger must have: added as the log is read, found as the
ledger is.

No key is kept as text, but as its 64-bit fingerprint: about 19 bytes a key and 6 a request, where a
dictionary takes about 160. The key twice is one request: CloudWatch may hold a line twice. Two of a
million keys are taken for one by one chance in 37 million.
"""

from array import array
from collections.abc import Iterator, Sequence
from enum import IntEnum

from functions.adapters.key_filter import fingerprint
from functions.usage.moment import hour_of

_FEWEST_SLOTS = 64
# Between half and three quarters full: 5 to 8 bytes a key, and a search looks at eight slots.
_FULL = 3, 4
_STATE_BITS = 2
_STATE = (1 << _STATE_BITS) - 1


class KeyState(IntEnum):
    """What the ledger says of a key; a request is as far as the least of its keys."""

    MISSING = 0
    UNDECIDED = 1  # set aside, and Aforo may have it all the same
    SET_ASIDE = 2
    CONFIRMED = 3


class Expected:
    """Open addressing: slots hold the numbers of keys, by their fingerprints."""

    def __init__(self) -> None:
        self._slots = _numbers(_FEWEST_SLOTS)  # a key's number and 1; 0: free
        self._fingerprints = array("Q")
        self._packed = array("I")  # of each key: its request's number, then its state
        self._customers: dict[str, int] = {}
        self._customer_of = array("I")  # by request, as the next one
        self._hour_of = array("H")
        self._hours: dict[str, int] = {}
        self._earliest: list[str] = []  # by hour, as the next one
        self._unconfirmed: list[int] = []

    @property
    def requests(self) -> int:
        return len(self._customer_of)

    @property
    def keys(self) -> int:
        return len(self._fingerprints)

    def add(self, customer: str, keys: Sequence[str], occurred_at: str) -> bool:
        """Whether the request is new. One that shares a key with a known one is that one."""
        marks = [fingerprint(key) for key in keys]
        known = self._request_of(marks)
        request = self._new_request(customer, occurred_at) if known is None else known
        for mark in marks:
            if self._find(mark) is None:
                self._put(mark, request)
        return known is None

    def found(self, mark: int, state: KeyState) -> None:
        """The ledger has a row of the key with this fingerprint. Confirmed outweighs all; else the
        doubt of one row is the doubt of the key.
        """
        number = self._find(mark)
        if number is None:
            return
        packed = self._packed[number]
        held = packed & _STATE
        if held == KeyState.MISSING or state == KeyState.CONFIRMED:
            better = state
        else:
            better = KeyState(held) if held == KeyState.CONFIRMED else min(KeyState(held), state)
        self._packed[number] = packed - held + better
        if better == KeyState.CONFIRMED != held:
            self._unconfirmed[self._hour_of[packed >> _STATE_BITS]] -= 1

    def hours(self) -> Iterator[tuple[str, str]]:
        """Each hour of requests, such as `2026-10-02T08`, and its earliest request."""
        yield from sorted((hour, self._earliest[at]) for hour, at in self._hours.items())

    def unconfirmed(self, hour: str) -> int:
        """How many keys of requests of that hour no row has confirmed yet."""
        return self._unconfirmed[self._hours[hour]]

    def fingerprints(self, hour: str) -> Iterator[int]:
        """Those of the unconfirmed keys of that hour."""
        at = self._hours[hour]
        for mark, packed in zip(self._fingerprints, self._packed, strict=True):
            if packed & _STATE != KeyState.CONFIRMED and self._hour_of[packed >> 2] == at:
                yield mark

    def states(self) -> bytearray:
        """A `KeyState` for each request, by its number."""
        least = bytearray([KeyState.CONFIRMED]) * self.requests
        for packed in self._packed:
            request = packed >> _STATE_BITS
            least[request] = min(least[request], packed & _STATE)
        return least

    def customers(self) -> Iterator[str]:
        """Who pays for each request, in the order of their numbers."""
        names = list(self._customers)
        return (names[at] for at in self._customer_of)

    def request_of(self, keys: Sequence[str]) -> int | None:
        """The number of the request that has one of these keys."""
        return self._request_of([fingerprint(key) for key in keys])

    def lacks(self, key: str) -> bool:
        """Whether no row of the ledger has this key."""
        number = self._find(fingerprint(key))
        return number is None or self._packed[number] & _STATE == KeyState.MISSING

    def _request_of(self, marks: Sequence[int]) -> int | None:
        for mark in marks:
            number = self._find(mark)
            if number is not None:
                return self._packed[number] >> _STATE_BITS
        return None

    def _new_request(self, customer: str, occurred_at: str) -> int:
        hour = hour_of(occurred_at)
        at = self._hours.setdefault(hour, len(self._hours))
        if at == len(self._earliest):
            self._earliest.append(occurred_at)
            self._unconfirmed.append(0)
        self._earliest[at] = min(self._earliest[at], occurred_at)
        self._customer_of.append(self._customers.setdefault(customer, len(self._customers)))
        self._hour_of.append(at)
        return self.requests - 1

    def _put(self, mark: int, request: int) -> None:
        whole, parts = _FULL
        if self.keys * parts >= len(self._slots) * whole:
            self._grow()
        self._fingerprints.append(mark)
        self._packed.append(request << _STATE_BITS)
        self._slots[_free_slot(self._slots, mark)] = self.keys
        self._unconfirmed[self._hour_of[request]] += 1

    def _find(self, mark: int) -> int | None:
        slots, fingerprints = self._slots, self._fingerprints
        size = len(slots)
        at = mark % size
        while number := slots[at]:
            if fingerprints[number - 1] == mark:
                return number - 1
            at = (at + 1) % size
        return None

    def _grow(self) -> None:
        size = len(self._slots) * 3 // 2
        del self._slots  # before the next one is there: the fingerprints know all
        self._slots = _numbers(size)
        for number, mark in enumerate(self._fingerprints, 1):
            self._slots[_free_slot(self._slots, mark)] = number


def _numbers(size: int) -> "array[int]":
    return array("I", [0]) * size


def _free_slot(slots: "array[int]", mark: int) -> int:
    at = mark % len(slots)
    while slots[at]:
        at = (at + 1) % len(slots)
    return at
