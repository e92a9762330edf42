"""Where each event key is: places tell which keys enter and leave them.

`lost` are those that were somewhere, and are nowhere any more: an invariant looks at it after each
event. What is at home (in the ledger, confirmed) is not followed any further.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_KEY = re.compile(r"apigw1-[0-9a-f]{40}")


def keys_in(text: str) -> tuple[str, ...]:
    """The event keys in a text of any form, each once."""
    return tuple(dict.fromkeys(_KEY.findall(text)))


@dataclass(eq=False)
class Whereabouts:
    """`followed` are the keys of requests that have to be billed; others are nobody's concern."""

    followed: set[str] = field(default_factory=set)
    places: dict[str, Counter[str]] = field(default_factory=dict)
    at_home: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    last_seen: dict[str, str] = field(default_factory=dict)
    _times: Counter[str] = field(default_factory=Counter)

    def follow(self, key: str) -> None:
        """From now on it has to be somewhere."""
        self.followed.add(key)
        if not self._times[key]:
            self.lost.add(key)

    def enter(self, place: str, keys: Iterable[str]) -> None:
        kept = self.places.setdefault(place, Counter())
        for key in keys:
            kept[key] += 1
            self._times[key] += 1
            self.lost.discard(key)

    def leave(self, place: str, keys: Iterable[str]) -> None:
        kept = self.places.setdefault(place, Counter())
        for key in keys:
            kept[key] -= 1
            if not kept[key]:
                del kept[key]
            self._times[key] -= 1
            if not self._times[key] and key in self.followed and key not in self.at_home:
                self.lost.add(key)
                self.last_seen[key] = place

    def is_home(self, keys: Iterable[str]) -> None:
        """The ledger has them, confirmed: for good."""
        self.at_home.update(keys)
        self.lost.difference_update(keys)

    def where(self, key: str) -> list[str]:
        """The places that have it, for the story."""
        return [place for place, kept in self.places.items() if kept.get(key)]
