"""Aforo: the stand-in's book and rules (tests/local/aforo), called in process through an httpx
transport, with every fault of the stand-in and of the network.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import httpx

from functions.adapters.aforo_http import READ_SECONDS
from functions.forwarder.ingest_api import BATCH_PATH
from functions.reconciliation.fetch_api import QUOTA_CHECK
from tests.local.aforo.accounts import Accounts
from tests.local.aforo.book import Book, Entry
from tests.local.aforo.credentials import authenticate
from tests.local.aforo.envelope import Parcel, open_parcel
from tests.local.aforo.fault_list import Active, Faults
from tests.local.aforo.faults import Slow
from tests.local.aforo.problem import RefusedError
from tests.local.aforo.quota import answer_quota
from tests.local.aforo.rate import FixedWindow
from tests.local.aforo.receiving import admit, receive
from tests.local.aforo.settings import Settings
from tests.simulation.engine.process import Process
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import AFORO
from tests.simulation.usage_road.spoiled_answer import Answer, refusal_answer, response, spoil

HOST = "sandbox.aforo.test"
BASE_URL = f"https://{HOST}"


class Asked(NamedTuple):
    """A request, as far as anybody looks at it."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes
    query: Mapping[str, str] = MappingProxyType({})


class Rejected:
    """What it is to be refused, or to get no answer, for who calls by httpx."""

    name = AFORO
    latency = (0.04, 0.4)

    def refused(self, operation: str) -> Exception:
        return httpx.ConnectError(f"{operation}: connection refused")

    def lost(self, operation: str) -> Exception:
        return httpx.ReadTimeout(f"{operation}: no answer")


@dataclass
class WatchedBook(Book):
    """`heard` is told of each entry, after it is made."""

    heard: list[Callable[[Entry], None]] = field(default_factory=list)

    def accept(self, entry: Entry) -> None:
        super().accept(entry)
        for told in self.heard:
            told(entry)


@dataclass(eq=False)
class AforoPlace:
    """As `tests.local.aforo.state.State`, on the simulation's true time."""

    sim: Simulation
    settings: Settings
    faults: Faults = field(default_factory=Faults)
    book: WatchedBook = field(default_factory=WatchedBook)
    rate: FixedWindow = field(default_factory=FixedWindow)
    posts: int = 0
    journal: None = None  # the book is in memory

    def __post_init__(self) -> None:
        self.clock = self
        self.place = Rejected()
        self.accounts = Accounts(
            api_keys=self.settings.api_keys,
            metrics=self.settings.metrics,
            customers=self.settings.customers,
            clients=self.settings.clients,
        )

    def now(self) -> float:
        """As the stand-in's clock says it."""
        return self.sim.world.now

    def client(self, process: Process) -> httpx.Client:
        """As `functions.adapters.aforo_http.aforo_client` makes them; it comes quickly."""
        transport = InProcess(self, process)
        return httpx.Client(base_url=BASE_URL, transport=transport, trust_env=False)

    def answer(self, asked: Asked, process: Process) -> httpx.Response:
        """What Aforo does and says."""
        if asked.path == BATCH_PATH:
            return self._ingest(asked, process)
        if asked.path != QUOTA_CHECK:
            raise NotImplementedError(f"{asked.method} {asked.path}")
        outage = self.faults.for_route("service")
        if outage is None:
            return self._check_quota(asked)
        if isinstance(outage.fault, Slow):
            process.sleep(outage.fault.seconds)
            return self._check_quota(asked)
        return spoil(outage.fault, None, process)

    def cross(self, asked: Asked, process: Process) -> httpx.Response:
        """The way there, and back in time."""
        begun, operation = self.sim.world.now, f"{asked.method} {asked.path}"
        answer = self.sim.seams.cross(self.place, operation, lambda: self.answer(asked, process))
        if self.sim.world.now - begun > READ_SECONDS:
            raise httpx.ReadTimeout(f"{operation}: no answer in {READ_SECONDS:g} s")
        return answer

    def _ingest(self, asked: Asked, process: Process) -> httpx.Response:
        self.posts += 1
        keyed = open_parcel(asked.content, single=False)
        active = self.faults.for_post(keyed.events)
        if active and not active.fault.is_committing:
            return spoil(active.fault, None, process)
        try:
            answer = self._take(asked, keyed, active)
        except RefusedError as refused:
            if active and not active.is_cause(refused.findings):
                active.give_back()
            return refusal_answer(refused)
        return spoil(active.fault, answer, process) if active else response(*answer)

    def _check_quota(self, asked: Asked) -> httpx.Response:
        """As the stand-in answers it: whoever asks, reconcile or the probe of a replay."""
        try:
            caller = authenticate(asked.headers, self.accounts.tenants_by_key, self.settings)
        except RefusedError as refused:
            return refusal_answer(refused)
        question = json.loads(asked.content)
        answer = answer_quota(
            cast("Any", self),
            caller.tenant,
            question["customerId"],
            question.get("metricName"),
            question.get("estimatedQuantity", 1),
        )
        return response(200, json.dumps({"success": True, "data": answer}).encode())

    def _take(self, asked: Asked, keyed: Parcel, active: Active | None) -> Answer:
        state = cast("Any", self)
        caller = authenticate(asked.headers, self.accounts.tenants_by_key, self.settings)
        admit(state, caller, keyed)
        receipt = receive(state, caller, keyed.events, active.fault if active else None)
        said = json.dumps(receipt.as_json(self.settings)).encode()
        return Answer(self.settings.success_status, said)


@dataclass(eq=False)
class InProcess(httpx.BaseTransport):
    """The way of one process to Aforo, for a whole httpx client."""

    aforo: AforoPlace
    process: Process

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = Asked(request.method, url.path, request.headers, request.read(), url.params)
        return self.aforo.cross(asked, self.process)


@dataclass(eq=False)
class Poster:
    """As much of an httpx client as the forwarder needs: the whole one takes most of a run's time
    to parse the same URL again.
    """

    aforo: AforoPlace
    process: Process
    base_url: httpx.URL = httpx.URL(BASE_URL)  # noqa: RUF009 - nothing can change it

    @contextmanager
    def stream(
        self, method: str, url: httpx.URL, *, content: bytes, headers: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        yield self.aforo.cross(Asked(method, url.path, headers, content), self.process)
