"""What a run has in store: each call, and each chance of chaos, is asked about here."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.simulation.disturbances import CallGoesWrong, Chaos, Dies, PlaceAway
from tests.simulation.engine.seam import Crossing, Mishap
from tests.simulation.engine.world import World


@dataclass(eq=False)
class Troubles:
    """`are_over`: from then on nothing goes wrong any more. `happened` counts what did, by kind."""

    world: World
    are_over: bool = False
    happened: Counter[str] = field(default_factory=Counter)
    _away: dict[str, list[PlaceAway]] = field(default_factory=lambda: defaultdict(list))
    _calls: dict[tuple[str, str, int], Mishap] = field(default_factory=dict)
    _deaths: dict[tuple[str, int], Mishap] = field(default_factory=dict)
    _chaos: dict[str, list[Chaos]] = field(default_factory=lambda: defaultdict(list))
    _made: Counter[str] = field(default_factory=Counter)  # calls of a stop

    def add(self, disturbance: PlaceAway | CallGoesWrong | Dies | Chaos, begun: float) -> None:
        match disturbance:
            case PlaceAway(place, how, at, until, share, stop):
                moved = PlaceAway(place, how, at + begun, until + begun, share, stop)
                self._away[place].append(moved)
            case CallGoesWrong(stop, place, number, how):
                self._calls[stop, place, number] = how
            case Dies(stop, number, how):
                self._deaths[stop, number] = how
            case Chaos(kind, at, until, share):
                self._chaos[kind].append(Chaos(kind, at + begun, until + begun, share))

    def at(self, crossing: Crossing) -> Mishap | None:
        """As the engine's seams ask."""
        stop = crossing.process.stop
        number = self._made[stop]
        self._made[stop] += 1
        if self.are_over:
            return None
        death = self._deaths.get((stop, number))
        return (
            death
            or self._calls.get((stop, crossing.place, crossing.number))
            or self._is_away(crossing)
        )

    def happens(self, kind: str) -> bool:
        """Whether chaos strikes, now that there is an occasion for it."""
        if self.are_over:
            return False
        now = self.world.now
        for one in self._chaos.get(kind, ()):
            if one.at <= now < one.until and self.world.chance(kind).random() < one.share:
                self.happened[kind] += 1
                return True
        return False

    def _is_away(self, crossing: Crossing) -> Mishap | None:
        for one in self._away.get(crossing.place, ()):
            is_theirs = not one.stop or one.stop == crossing.process.stop
            is_now = is_theirs and one.at <= crossing.now < one.until
            if is_now and self.world.chance(f"away {one.place}").random() < one.share:
                return one.how
        return None
