"""`kill -9`, one after another: a plan comes in; each victim is looked for at work, killed, and
started again where nobody else does it.

ministack starts a worker anew at its next invocation, as Lambda does. Valkey and the stand-in are
started again by us, after up to a second and a half, from what they have on disk.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.kills.kill_plan import Victim
from tests.kills.killable_cloud import KillableCloud, kill_server
from tests.kills.worker_processes import is_at_work
from tests.local.aforo.console import Console
from tests.local.started_walk import VALKEY
from tests.local.waiting import until

# Where in its work it dies is of chance: about as long as an invocation takes.
MOST_PAUSE_SECONDS = {Victim.METERING: 0.3, Victim.FORWARDER: 0.4, Victim.RECONCILIATION: 0.01}
MOST_AWAY_SECONDS = 1.5
PATIENCE_SECONDS = 300.0  # seconds where nothing else runs
# A post that takes this long has been committed, and is not answered before the kill.
SLOW_SECONDS = 30.0
_POLL_SECONDS = 0.005


@dataclass
class Killer:
    """`nudge` is called while it waits for somebody to be at work: traffic may be needed.
    `at_work` counts kills of what was seen at work, `between` those between commit and answer.
    """

    cloud: KillableCloud
    chance: random.Random
    nudge: Callable[[], None]
    kills: Counter[Victim] = field(default_factory=Counter)
    at_work: Counter[Victim] = field(default_factory=Counter)
    between: int = 0

    def kill(self, victim: Victim) -> None:
        match victim:
            case Victim.VALKEY:
                self.kill_valkey()
            case Victim.AFORO:
                self._kill_aforo()
            case _:
                self.kill_worker(victim)

    def kill_worker(self, stop: Victim) -> None:
        """One that is at work."""
        function, workers = self.cloud.function(stop), self.cloud.workers

        def look() -> bool:
            self.nudge()
            return any(
                self._is_still_at_work(stop, pid) and workers.kill(function, pid)
                for pid in workers.at_work(function)
            )

        until(look, PATIENCE_SECONDS, every=_POLL_SECONDS, what=lambda: f"no {stop} at work")
        self._note(stop, is_seen=True)

    def kill_valkey(self, while_dead: Callable[[], None] = lambda: None) -> None:
        """While reconciliation is at work."""
        valkey = self.cloud.server(VALKEY)
        is_seen = self._wait_for(Victim.RECONCILIATION)
        kill_server(valkey)
        self._note(Victim.VALKEY, is_seen=is_seen)
        while_dead()
        self._stay_away()
        self.cloud.start_valkey()

    def _kill_aforo(self) -> None:
        """Every second one between the commit of a post and its answer, the others at any moment
        of a forwarder's work.
        """
        aforo = self.cloud.server("aforo")
        if self.kills[Victim.AFORO] % 2:
            is_seen = self._wait_for(Victim.FORWARDER)
        else:
            self._wait_for_commit()
            is_seen, self.between = True, self.between + 1
        kill_server(aforo)
        self._note(Victim.AFORO, is_seen=is_seen)
        self._stay_away()
        self.cloud.start_aforo()

    def _wait_for_commit(self) -> None:
        with Console(self.cloud.endpoints.aforo_url) as console:
            console.order_faults({"kind": "slow", "count": 1, "seconds": SLOW_SECONDS})

            def look() -> bool:
                self.nudge()
                return bool(console.faults()[0]["applied"])

            until(look, PATIENCE_SECONDS, every=_POLL_SECONDS, what=lambda: "no post")

    def _wait_for(self, stop: Victim) -> bool:
        """Whether it is at work at this moment; not for ever, if it is too quick to be seen."""
        function = self.cloud.function(stop)

        def look() -> bool:
            self.nudge()
            return any(
                self._is_still_at_work(stop, pid) for pid in self.cloud.workers.at_work(function)
            )

        try:
            return until(look, PATIENCE_SECONDS, every=_POLL_SECONDS)
        except TimeoutError:
            return False

    def _is_still_at_work(self, stop: Victim, pid: int) -> bool:
        time.sleep(self.chance.uniform(0, MOST_PAUSE_SECONDS[stop]))
        return is_at_work(pid)

    def _stay_away(self) -> None:
        time.sleep(self.chance.uniform(0, MOST_AWAY_SECONDS))

    def _note(self, victim: Victim, *, is_seen: bool) -> None:
        self.kills[victim] += 1
        self.at_work[victim] += is_seen
