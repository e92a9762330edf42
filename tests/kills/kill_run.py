"""One run: how many events and kills, and a seed, come in; figures and differences leave.

Traffic goes on while one process after the other is killed, so that each dies under it. Once a run
metering is killed until a delivery has failed three times, and the counters are lost.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.kills.differences import Found, differences
from tests.kills.in_flight import killed_in_flight
from tests.kills.kill_plan import Victim, kill_plan
from tests.kills.kill_report import KillFigures
from tests.kills.killable_cloud import KillableCloud
from tests.kills.killer import Killer
from tests.kills.log_deliveries import LogDeliveries
from tests.kills.lost_counters import lose_counters
from tests.kills.made_requests import made_deliveries
from tests.kills.settling_down import audit, close_hours, drain, replay_all
from tests.kills.traffic import LOOK_SECONDS, Traffic
from tests.kills.witnesses import found_at_the_end
from tests.local.aforo.console import Console
from tests.local.demo.depth import waiting
from tests.local.demo.stage import Stage

SENDERS = 2
# So often one more delivery may go, while a kill waits for somebody to be at work.
NUDGE_SECONDS = 0.3
LOOK_EVERY_SECONDS = 0.5
KEPT_SECONDS = 300.0
SHORT_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    events: int
    kills: int
    seed: int
    losses: int  # of the counters

    @property
    def most_lines(self) -> int:
        """Of a delivery: hundreds, but so many deliveries that each kill meets some."""
        return max(60, min(800, self.events // 40))

    @property
    def window_seconds(self) -> int:
        """Of the audit. Nobody waits a minute for the end of a short run."""
        return 60 if self.events > SHORT_EVENTS else 10


class KillRun:
    def __init__(self, stage: Stage, cloud: KillableCloud, asked: Asked) -> None:
        self._stage, self._cloud, self._asked = stage, cloud, asked
        self._deliveries = LogDeliveries(cloud.endpoints, cloud.api.account_id)
        made = made_deliveries(asked.seed, cloud.api, cloud.payers, asked.most_lines, _now_ms)
        self._traffic = Traffic(self._deliveries, made, asked.events, SENDERS, asked.seed)
        self._killer = Killer(cloud, random.Random(asked.seed), self._nudge)
        self._losses: list[str] = []
        self._nudged = self._looked = time.monotonic()

    def run(self) -> tuple[KillFigures, list[str]]:
        began_ms, began = _now_ms(), time.monotonic()
        self._deliveries.take_over()
        self._traffic.start()
        self._kill_all()
        self._traffic.finish()
        self._stage.act("Nobody is killed any more")
        drain(self._stage, self._cloud)
        replayed = replay_all(self._stage, self._cloud)
        drain(self._stage, self._cloud)
        close_hours(self._cloud)
        equation = audit(self._stage, self._cloud, began_ms)
        found = found_at_the_end(self._cloud, equation, self._traffic.lines)
        figures = self._figures(found, replayed, time.monotonic() - began)
        return figures, differences(self._traffic.billable, found)

    def _kill_all(self) -> None:
        plan = kill_plan(self._asked.seed, self._asked.kills)
        share = self._asked.events / len(plan)
        acts = self._acts(len(plan))
        for number, victim in enumerate(plan):
            self._traffic.allow(round(share * (number + 2)))
            self._wait_for_events(share * number)
            for act in acts.get(number, ()):
                act()
            self._killer.kill(victim)
            self._tell(victim)

    def _acts(self, kills: int) -> dict[int, list[Callable[[], object]]]:
        """What happens once before a kill, by its number: each in its place of the run."""
        acts: dict[int, list[Callable[[], object]]] = {}
        acts.setdefault(kills // 4, []).append(self._fail_a_delivery)
        for number in range(self._asked.losses):
            place = kills * (number + 1) // (self._asked.losses + 1)
            acts.setdefault(place, []).append(self._lose_counters)
        if self._asked.losses > 1:
            acts.setdefault(kills * 2 // 5, []).append(self._copy_counters)
        return acts

    def _fail_a_delivery(self) -> None:
        """Metering is killed until OnFailure has kept one."""
        deadline = time.monotonic() + KEPT_SECONDS
        while not self._deliveries.kept and time.monotonic() < deadline:
            self._killer.kill_worker(Victim.METERING)
        self._stage.say(f"deliveries that failed three times: {len(self._deliveries.kept)}")

    def _copy_counters(self) -> None:
        self._killer.kill_valkey(while_dead=self._cloud.copy_counters)

    def _lose_counters(self) -> None:
        share = self._asked.events // self._asked.kills
        self._traffic.allow(self._traffic.sent + 4 * share)
        self._losses.append(lose_counters(self._cloud, self._killer))
        self._stage.say(f"Valkey came back with {self._losses[-1]}, and was rebuilt")

    def _wait_for_events(self, events: float) -> None:
        while self._traffic.sent < events:
            self._look()
            time.sleep(LOOK_SECONDS)

    def _nudge(self) -> None:
        self._look()
        now = time.monotonic()
        if now - self._nudged > NUDGE_SECONDS:
            self._nudged = now
            self._traffic.allow(self._traffic.sent + 1)

    def _look(self) -> None:
        self._traffic.check()
        if time.monotonic() - self._looked > LOOK_EVERY_SECONDS:
            self._looked = time.monotonic()
            self._traffic.waiting = waiting(self._cloud.endpoints, "usage")

    def _tell(self, victim: Victim) -> None:
        kills = sum(self._killer.kills.values())
        self._stage.say(
            f"{self._stage.seconds():5.0f} s  {kills} killed ({victim}), "
            f"{self._traffic.sent:,} events sent, {self._traffic.waiting} messages waiting"
        )

    def _figures(
        self, found: Found, replayed: dict[str, Mapping[str, int]], seconds: float
    ) -> KillFigures:
        with Console(self._cloud.endpoints.aforo_url) as console:
            book = console.ledger()
        return KillFigures(
            kills=self._killer.kills,
            in_flight=self._in_flight(),
            between=self._killer.between,
            losses=tuple(self._losses),
            lines=self._traffic.lines,
            billable=len(self._traffic.billable),
            billed=len(found.book),
            deliveries_repeated=self._traffic.repeated,
            failed_tries=self._deliveries.failed_tries,
            kept=len(self._deliveries.kept),
            replayed=replayed,
            duplicates=book["duplicates"],
            billed_again=book["billed_again"],
            seconds=seconds,
        )

    def _in_flight(self) -> dict[Victim, int]:
        with (self._cloud.directory / "ministack.log").open(errors="replace") as log:
            lines = list(log)
        return {
            Victim.METERING: self._deliveries.killed_at_work,
            **{
                stop: killed_in_flight(lines, self._cloud.function(stop))[0]
                for stop in (Victim.FORWARDER, Victim.RECONCILIATION)
            },
            Victim.VALKEY: self._killer.at_work[Victim.VALKEY],
            Victim.AFORO: self._killer.at_work[Victim.AFORO],
        }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
