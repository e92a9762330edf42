"""What the buttons of the local page do: a pressed one comes in, one line for the person leaves.

Nothing here that a person could not do by the commands of docs/how-to/look-at-it.md.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_words import in_plain_words
from functions.operator.executions.machine_runs import MachineRuns
from functions.usage.errors import UsageError
from tests.local.demo.bad_days import OUTAGE
from tests.local.demo.traffic import Call, send
from tests.local.page.places import Places

MOST_REQUESTS = 200  # of one press: some seconds on two cores
KEPT_LINES = 3
PETS = 5

type Action = Callable[[], str]


class BadPressError(ValueError):
    """The form says what no button of the page says; the message names the field."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """Of one cloud; `said` keeps the last lines, the youngest first."""

    places: Places
    said: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))

    @property
    def names(self) -> Mapping[str, Callable[[Mapping[str, str]], Action]]:
        """What each of them makes of its form."""
        return {
            "traffic": self._traffic,
            "aforo": self._aforo,
            "replay": self._replay,
            "audit": self._audit,
        }

    def action(self, name: str, form: Mapping[str, str]) -> Action:
        """What the form orders. BadPressError where it orders nothing that there is."""
        return self.names[name](form)

    def do(self, action: Action) -> None:
        """Carry it out, and say what came of it."""
        try:
            self._say(action())
        except (BotoCoreError, ClientError) as error:
            self._say(in_plain_words(error))
        except (httpx.HTTPError, UsageError) as error:
            self._say(str(error))

    def _traffic(self, form: Mapping[str, str]) -> Action:
        many = form.get("requests", "")
        if not many.isdecimal() or not 1 <= int(many) <= MOST_REQUESTS:
            raise BadPressError(f"requests: give a number from 1 to {MOST_REQUESTS}")
        customers = {one.customer_id: one for one in self.places.endpoints.customers}
        customer = customers.get(form.get("customer", ""))
        if customer is None:
            raise BadPressError(f"customer: choose one of {', '.join(customers)}")
        pets = f"{self.places.endpoints.api_url}/pets"
        calls = [
            Call("page", f"{pets}/{number % PETS}", customer.headers) for number in range(int(many))
        ]

        def call() -> str:
            self._say(f"Sending {many} requests of {customer.customer_id}")
            answered: Counter[int] = Counter()
            for (_, status), times in send(calls, lambda _: None).items():
                answered[status] += times
            told = ", ".join(f"{times} with {status}" for status, times in sorted(answered.items()))
            return f"Sent {many} requests of {customer.customer_id}: {told}"

        return call

    def _aforo(self, form: Mapping[str, str]) -> Action:
        match form.get("to"):
            case "down":
                return self._down
            case "up":
                return self._up
        raise BadPressError("to: say down or up")

    def _down(self) -> str:
        self.places.aforo.clear_faults()
        self.places.aforo.order_faults(OUTAGE)
        return "Aforo is down: it answers every call with 503"

    def _up(self) -> str:
        self.places.aforo.clear_faults()
        return "Aforo is up again; held usage goes on within seconds"

    def _replay(self, form: Mapping[str, str]) -> Action:
        source, kind = form.get("source", "usage"), form.get("kind")
        if source not in {"usage", "quarantine"}:
            raise BadPressError("source: say usage or quarantine")
        if kind not in {"dry", "real"}:
            raise BadPressError("kind: say dry or real")
        asked = {"source": source, **({"dryRun": True} if kind == "dry" else {})}
        words = "dry run of a replay" if kind == "dry" else "replay"
        return lambda: self._start(self.places.replays, asked, words)

    def _audit(self, _form: Mapping[str, str]) -> Action:
        return lambda: self._start(self.places.audits, {}, "audit")

    def _start(self, runs: MachineRuns, asked: Mapping[str, object], words: str) -> str:
        name = runs.kind.name_now()
        runs.start(name, json.dumps(asked))
        return f"Started the {words} {name}"

    def _say(self, line: str) -> None:
        self.said.appendleft(f"{datetime.now(UTC):%H:%M:%S} {line}")
