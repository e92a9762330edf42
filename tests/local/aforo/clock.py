"""The stand-in's time: the machine's, moved ahead on request so that a test can pass a day."""

import time


class Clock:
    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        """Seconds since the epoch, as the ingest side of the stand-in sees them."""
        return time.time() + self.ahead_seconds

    def advance(self, seconds: float) -> None:
        self.ahead_seconds += seconds
