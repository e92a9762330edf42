"""The stage's own word on the authorizer's mode: its stage variable `aforoMode`.

Who owns the API sets stage variables; nothing of a request reaches them.
"""

from collections.abc import Mapping

from functions.authorizer.headers import Event, request_ids
from functions.authorizer.light_telemetry import STAGE_MODE_UNKNOWN, AuthorizerTelemetry
from functions.usage.quota import MODES, AuthorizerMode

VARIABLE = "aforoMode"
_SHOWN_CHARS = 64


class StageMode:
    """Reads it; what is none of the modes is as if it were absent, and told once."""

    def __init__(self) -> None:
        self._is_told = False

    def of(self, event: Event, telemetry: AuthorizerTelemetry) -> AuthorizerMode | None:
        variables = event.get("stageVariables")
        if not isinstance(variables, Mapping) or (said := variables.get(VARIABLE)) is None:
            return None
        mode = MODES.get(said) if isinstance(said, str) else None
        if mode is None and not self._is_told:
            self._is_told = True
            facts = {VARIABLE: str(said)[:_SHOWN_CHARS], **request_ids(event)}
            telemetry.log("WARNING", STAGE_MODE_UNKNOWN, facts)
        return mode
