"""Which event keys an object may hold, told by its name alone: a small Bloom filter, as text.

Listing a thousand names costs one call; reading a thousand objects costs a thousand. Guaranteed: a
key that was put in is always let through. One that was not is let through by chance by at most 1
of 400 filters of up to 64 keys, 1 of 90 at 100, 1 of 25 at 150, 1 of 4 at 300.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import Self

# The most that fits, as base64, into a file name of 255 bytes beside a writer's: people copy hours
# of the ledger to their disks.
MOST_BITS = 1024
FEWEST_BITS = 64
# Four are set for each key: more would fill the filters of busy objects.
_BITS_PER_KEY = 16
_MARK = "f1-"  # other rules need another mark: what an old reader does not know, it reads


def fingerprint(key: str) -> int:
    """64 bits of a key, never 0. Ten million are distinct, but for one chance in 370,000."""
    # Not the key's own digits: it need not be a hash that metering made.
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) or 1


def key_filter(keys: Collection[str]) -> str:
    """The filter of `keys`: letters, digits, `-` and `_`, at most 174 of them."""
    bits = FEWEST_BITS
    while bits < min(MOST_BITS, len(keys) * _BITS_PER_KEY):
        bits *= 2
    whole = 0
    for key in keys:
        whole |= _mask(fingerprint(key), bits)
    return _MARK + urlsafe_b64encode(whole.to_bytes(bits // 8)).rstrip(b"=").decode()


class Sieve:
    """The keys that somebody looks for: lets through the filters that may hold one of them."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._fingerprints = [fingerprint(key) for key in keys]
        self._masks: dict[int, list[int]] = {}  # by size: filters have one of five

    @classmethod
    def of(cls, fingerprints: Iterable[int]) -> Self:
        """For who has kept no more of the keys."""
        sieve = cls(())
        sieve._fingerprints.extend(fingerprints)
        return sieve

    def lets_through(self, text: str) -> bool:
        """True also for a text that is no filter: nothing is known of what it stands for."""
        if not text.startswith(_MARK):
            return True
        packed = text.removeprefix(_MARK)
        try:
            bits = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        except ValueError:
            return True
        whole = int.from_bytes(bits)
        return any(whole & mask == mask for mask in self._masks_of(len(bits) * 8))

    def _masks_of(self, bits: int) -> list[int]:
        if bits not in self._masks:
            self._masks[bits] = [_mask(one, bits) for one in self._fingerprints]
        return self._masks[bits]


def _mask(whole: int, bits: int) -> int:
    last = bits - 1
    return (
        1 << (whole & last)
        | 1 << (whole >> 16 & last)
        | 1 << (whole >> 32 & last)
        | 1 << (whole >> 48 & last)
    )
