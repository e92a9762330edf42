"""A person changes what metering and the forwarder read: the configuration, and Aforo's key.

What is new comes into force at a time ahead, as docs/reference/configuration.md wants it: metering
reads the object once a minute, if S3 answers.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

from tests.simulation.operators.deeds import (
    BeginsUnconfigured,
    Document,
    PutsConfiguration,
    RotatesKey,
)
from tests.simulation.simulation import Simulation
from tests.simulation.terms import BYTES, CALLS, Term
from tests.simulation.usage_road.build import UsageRoad
from tests.simulation.usage_road.road_places import CONFIGURATION, CONFIGURATION_KEY

BROKEN = b'{"versions": [{'


@dataclass(eq=False)
class Configuring:
    """Of one run."""

    sim: Simulation
    road: UsageRoad
    done: list[str] = field(default_factory=list)  # words of `Document`, as they were done
    rotated: int = 0
    is_unconfigured: bool = False  # nobody had ever put one

    def __post_init__(self) -> None:
        self._keys = count()
        arranging = self.sim.arranging
        arranging[PutsConfiguration] = self._put
        arranging[BeginsUnconfigured] = self._begin_unconfigured
        arranging[RotatesKey] = self._rotate

    def _begin_unconfigured(self, _deed: object) -> None:
        """Before anything is logged. The default knows no customers by their keys."""
        self.is_unconfigured = True
        self.sim.buckets[CONFIGURATION].erase(CONFIGURATION_KEY)
        self.road.oracle.terms.versions[:] = [Term(0, (CALLS,))]

    def _put(self, deed: object) -> None:
        assert isinstance(deed, PutsConfiguration)
        self.sim.world.at(self.sim.begun + deed.at, lambda: self._do(deed))

    def _do(self, deed: PutsConfiguration) -> None:
        bucket, terms = self.sim.buckets[CONFIGURATION], self.road.oracle.terms
        self.done.append(deed.what)
        self.sim.world.tell("a person", f"{deed.what} (configuration)")
        if deed.what == Document.DELETED:
            bucket.delete(CONFIGURATION_KEY)
            return
        if deed.what == Document.BAD:
            bucket.put(CONFIGURATION_KEY, BROKEN)
            return
        if deed.what != Document.SAME:
            terms.versions.append(self._changed(deed))
        bucket.put(CONFIGURATION_KEY, terms.document())

    def _changed(self, deed: PutsConfiguration) -> Term:
        newest = max(self.road.oracle.terms.versions, key=lambda one: one.from_ms)
        ahead_ms = int((self.sim.world.now + deed.ahead) * 1000)
        term = replace(newest, from_ms=max(ahead_ms, newest.from_ms + 1))
        if deed.what == Document.METER:
            return replace(term, meters=(CALLS, BYTES))
        # Whose key it is moves on by one: nobody keeps what he had.
        keys, whose = [key for key, _ in term.customers], [one for _, one in term.customers]
        moved = tuple(zip(keys, [*whose[1:], *whose[:1]], strict=True))
        return replace(term, customers=moved)

    def _rotate(self, deed: object) -> None:
        assert isinstance(deed, RotatesKey)
        world, known = self.sim.world, self.road.aforo.accounts.tenants_by_key

        def rotate() -> None:
            old = self.sim.secrets.keys["AWSCURRENT"]
            new = f"sk_test_rotated_{next(self._keys)}"
            known[new] = known[old]
            self.sim.secrets.rotate(new)
            self.rotated += 1
            world.tell("a person", f"rotates Aforo's key; the old one works {deed.overlap:.0f} s")
            world.after(deed.overlap, partial(known.__delitem__, old))

        world.at(self.sim.begun + deed.at, rotate)
