"""API Gateway: requests come in; each is served or refused, and its line is in the log."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tests.simulation.aws.simulated_log import SimulatedLog
from tests.simulation.execution_lines import execution_lines
from tests.simulation.gateway_request import HEALTH, GatewayRequest
from tests.simulation.oracle import Oracle
from tests.simulation.scenario import Burst, RequestKind
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import LOG

TAKES_SECONDS = (0.03, 0.9)


def customer_name(number: int) -> str:
    return f"cus_{number:02}"


def key_name(customer: int) -> str:
    return f"key{customer:02}"


@dataclass(eq=False)
class ApiGateway:
    """`admits` is asked of each request that names a customer: a part with an authorizer replaces
    it. `heard` are told of every request that was served, and the keys that are due for it.
    """

    sim: Simulation
    log: SimulatedLog
    oracle: Oracle
    execution_log: SimulatedLog
    admits: Callable[[GatewayRequest], bool] = lambda _: True
    heard: list[Callable[[GatewayRequest, tuple[str, ...]], None]] = field(default_factory=list)
    served: int = 0
    refused: int = 0
    _number: int = 0

    def plan(self, bursts: tuple[Burst, ...]) -> None:
        """Puts the traffic on the heap."""
        for burst in bursts:
            self.sim.world.at(self.sim.begun + burst.at, partial(self.serve, burst))

    def serve(self, burst: Burst) -> None:
        """Requests of one moment: their lines are in the log soon after."""
        logged: list[tuple[GatewayRequest, tuple[str, ...]]] = []
        for index in range(burst.requests):
            request = self._request(burst, index)
            if request.customer and request.is_from_backend and not self.admits(request):
                request = self._refusal(request)
            keys = self.oracle.serve(request)
            self.served += request.is_from_backend
            logged.append((request, keys))
            for told in self.heard:
                told(request, keys)
        seconds = self.sim.world.chance("API Gateway").uniform(*TAKES_SECONDS)
        stream = f"stream-{burst.stream}"
        self.sim.world.after(seconds, lambda: self._log(stream, logged))

    def _log(self, stream: str, logged: list[tuple[GatewayRequest, tuple[str, ...]]]) -> None:
        for request, keys in logged:
            self.sim.whereabouts.enter(LOG, keys)
            for key in keys:
                self.sim.whereabouts.follow(key)
            if not request.is_execution:
                self.log.put(stream, request.line(), keys)
                continue
            of_first = keys
            for at_ms, line in execution_lines(request):
                self.execution_log.put(stream, line, of_first, at_ms, request.number)
                of_first = ()

    def _request(self, burst: Burst, index: int) -> GatewayRequest:
        self._number += 1
        at_ms = int(self.sim.world.now * 1000) + index
        number, name = self._number, customer_name(burst.customer)
        match burst.kind:
            case RequestKind.API_KEY:
                how: dict[str, Any] = {"key_id": key_name(burst.customer)}
            case RequestKind.REFUSED:
                how = {"customer": name, "status": 429, "is_from_backend": False}
            case RequestKind.HEALTH:
                how = {"customer": name, "path": HEALTH}
            case RequestKind.SERVER_ERROR:
                how = {"customer": name, "status": 502}
            case RequestKind.UNVERIFIED:
                how = {}
            case RequestKind.BROKEN:
                how = {"customer": name, "is_broken": True}
            case _:
                how = {"customer": name}
        return GatewayRequest(number, at_ms, is_execution=burst.is_execution, **how)

    def _refusal(self, request: GatewayRequest) -> GatewayRequest:
        self.refused += 1
        return replace(request, status=429, is_from_backend=False)
