"""A place of AWS's as a client of boto3 meets it: refusals, answers that never come, and the SDK
that asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from functions.adapters.aws import READ_SECONDS
from tests.simulation.engine.process import current_process
from tests.simulation.engine.seam import Seams

ASKS_AGAIN = 0.5  # of the answers that did not come; for the rest, all tries were in vain


def client_error(code: str, operation: str, status: int = 400) -> ClientError:
    """What botocore raises for a refusal."""
    said: Any = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(said, operation)


@dataclass(slots=True)
class AwsPlace:
    """A queue, a bucket, a log group: what may be away for a time, by its name."""

    name: str
    latency: tuple[float, float] = (0.004, 0.04)

    def refused(self, operation: str) -> Exception:
        return client_error("ServiceUnavailable", operation, 503)

    def lost(self, operation: str) -> Exception:
        return ReadTimeoutError(endpoint_url=f"https://{self.name}/{operation}")


@dataclass(frozen=True, slots=True)
class AwsCalls:
    """All calls of boto3's clients. An answer that is lost costs the time that the SDK waits for
    it; then it asks again, at times, and the effect is had twice.
    """

    seams: Seams

    def make[T](self, place: AwsPlace, operation: str, effect: Callable[[], T]) -> T:
        """`effect` at the place, or what boto3 raises."""
        try:
            return self.seams.cross(place, operation, effect)
        except ReadTimeoutError:
            self._wait()
            if self.seams.world.chance("the SDK").random() >= ASKS_AGAIN:
                raise
            return self.seams.cross(place, operation, effect)

    def _wait(self) -> None:
        process = current_process()
        if process is not None:
            process.sleep(READ_SECONDS)
