"""What the lines of one request said, gathered by `execution_wording`. Nothing is believed twice:
where two lines differ about who pays or how it ended, they are two requests' lines, and `conflict`
is set.
"""

from dataclasses import dataclass, field
from typing import Literal

from functions.metering.execution.authorizer_result import AuthorizerResult

type Unique = Literal["status", "api_key_id", "principal", "method", "path", "result"]

_WHO_PAYS = frozenset({"api_key_id", "principal", "result"})


@dataclass(slots=True)
class ExecutionFacts:
    """None where no line says it."""

    is_prefixed: bool = True  # its lines say which request they belong to
    is_cut: bool = False  # the line that is being read
    tails: int = 0  # lines that API Gateway writes after the end
    informed: bool = False  # a line that level ERROR does not write
    opened: bool = False
    executed: bool = False
    ends: int = 0
    refused: Literal["unauthorized", "throttled"] | None = None
    conflict: bool = False
    malformed_status: bool = False
    in_authorizer: bool = False
    authorized: bool = False
    results: int = 0
    keys: int = 0
    status: int | None = None
    error_type: str | None = None
    method: str | None = None
    path: str | None = None
    route: str | None = None
    api_id: str | None = None
    stage: str | None = None
    request_id: str | None = None  # where no prefix says it
    api_key_id: str | None = None
    principal: str | None = None  # as printed: usually masked
    result: AuthorizerResult | None = None
    headers: list[tuple[str, bool]] = field(default_factory=list)  # line, whether it was cut
    integration_latency_ms: int | None = None
    integration_status: int | None = None
    integration_request_id: str | None = None
    xray_trace_id: str | None = None
    authorizer_id: str | None = None
    failure: str | None = None
    traced_api_id: str | None = None

    def once(self, name: Unique, value: object) -> None:
        """Set what a request can have one of. Who pays is said before the backend is asked: a line
        that says it later is another request's.
        """
        known = getattr(self, name)
        if known is None and not (name in _WHO_PAYS and self._is_too_late(name)):
            setattr(self, name, value)
        elif known != value:
            self.conflict = True

    def _is_too_late(self, name: Unique) -> bool:
        return self.ends > 0 or (name != "api_key_id" and self.executed)
