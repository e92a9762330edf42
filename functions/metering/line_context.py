"""The leaves of a log line come in; what meters read of it leaves: values by their keys' paths.

A path that a client may have written a second time says nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from functions.metering.field_names import IN_LIST, last_name

# No value of a line that can be used: it is not printable.
CONTRADICTION = "\x00"


class BesideList(NamedTuple):
    """A value whose key's last name stands in objects of `lists` too: of the line's own, unless two
    texts of a client put it into a list, and the value is the client's.
    """

    value: object
    lists: frozenset[str]


def context_of(flat: Sequence[tuple[str, object]], first: int) -> dict[str, object]:
    """The leaves of a line by their paths. A path that stands twice says nothing: two ways of
    nesting one key would let a client add a second. Nor does one behind `first`, the first key that
    may hold a client's text, whose last name stands twice there: one may be hidden in an object.
    """
    found = dict(flat)
    if len(found) != len(flat):
        twice = Counter(path for path, _ in flat)
        found |= {path: CONTRADICTION for path, times in twice.items() if times > 1}
    behind = [path for path, _ in flat[first + 1 :]]
    names = Counter(map(last_name, behind))
    if len(names) != len(behind):
        lists = _lists_of(behind)
        own = Counter(last_name(path) for path in behind if IN_LIST not in path)
        for path in behind:
            name = last_name(path)
            if names[name] > 1:
                is_own = own[name] == 1 and IN_LIST not in path
                found[path] = BesideList(found[path], lists[name]) if is_own else CONTRADICTION
    return found


def _lists_of(paths: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Of the names of keys inside lists: in which."""
    lists: dict[str, frozenset[str]] = defaultdict(frozenset)
    for path in paths:
        outer, inside, _ = path.partition(IN_LIST)
        if inside:
            lists[last_name(path)] |= {outer}
    return lists
