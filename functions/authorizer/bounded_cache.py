"""A map that forgets: entries have an age, and the least recently used one makes room."""

from collections import OrderedDict

CAPACITY = 4096  # entries of at most some hundred bytes: a few MB at worst


class BoundedCache[V]:
    """Remembers values with the time at which they were true; the reader says how old is too old.

    Times are epoch seconds. An entry from the future (the clock was set back) is too old.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def put(self, key: str, value: V, now: float) -> None:
        self._entries[key] = (now, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def get(self, key: str, now: float, max_age: float) -> V | None:
        """The value, when it is at most `max_age` seconds old."""
        found = self.get_with_age(key, now, max_age)
        return None if found is None else found[0]

    def get_with_age(self, key: str, now: float, max_age: float) -> tuple[V, float] | None:
        """The value and its age in seconds."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        since, value = entry
        if not 0 <= now - since <= max_age:
            return None
        self._entries.move_to_end(key)
        return value, now - since

    def forget(self, key: str) -> None:
        self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)
