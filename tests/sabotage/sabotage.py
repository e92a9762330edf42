"""A sabotage as data: what the lists hold, and what the runner puts into a copy of the tree.

The tests of a stop are good when they notice the faults that a hurried person could make. A list
names such faults, and for each one the fastest test that must fail with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One line that a hurried person could write: `old`, which stands once in `file`, becomes
    `new`. `caught_by` are arguments of pytest: node ids or folders that must fail with it.
    """

    name: str  # what it does wrong, in a few words, unique
    file: str  # from the repository's root
    old: str
    new: str
    caught_by: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The text of the file with the fault in it. ValueError where `old` does not stand once."""
        if (times := text.count(self.old)) != 1:
            raise ValueError(f"{self.name}: {self.old!r} stands {times} times in {self.file}")
        return text.replace(self.old, self.new)
