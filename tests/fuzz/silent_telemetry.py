"""Telemetry that counts and says nothing: a fuzzed stop runs thousands of times a second."""

import logging

from functions.adapters.telemetry import Telemetry


class SilentTelemetry(Telemetry):
    """Of no service; its log is off."""

    def __init__(self) -> None:
        super().__init__("fuzzed")
        self.log.setLevel(logging.CRITICAL)

    def report(self, message: str, **fields: object) -> None:
        """Nothing is written."""
