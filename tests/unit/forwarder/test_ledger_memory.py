"""What the ledger can know of a time: from its beginning on all, before it nothing."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.telemetry import Telemetry
from functions.forwarder.ledger_memory import LOOK_AGAIN_SECONDS, LedgerMemory

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEGAN_MS = int(BEGAN.timestamp() * 1000)


class Asked:
    """A ledger that answers in turn, and counts; an exception is raised."""

    def __init__(self, *answers: datetime | Exception | None) -> None:
        self.answers = list(answers)
        self.times = 0
        self.now = 0.0
        self.memory = LedgerMemory(self.moment, Telemetry("forwarder"), lambda: self.now)

    def moment(self) -> datetime | None:
        self.times += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_it_reaches_back_to_its_beginning() -> None:
    """Asked once in the life of a process."""
    asked = Asked(BEGAN)
    assert asked.memory.reaches(BEGAN_MS) is True
    assert asked.memory.reaches(BEGAN_MS - 1) is False
    assert asked.times == 1


def test_an_empty_ledger_reaches_nothing_and_is_looked_at_again() -> None:
    """It may begin while the process lives."""
    asked = Asked(None, BEGAN)
    for _ in range(3):
        assert asked.memory.reaches(BEGAN_MS) is False
    assert asked.times == 1
    asked.now += LOOK_AGAIN_SECONDS
    assert asked.memory.reaches(BEGAN_MS) is True


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"),
        EndpointConnectionError(endpoint_url="https://s3"),
        UnreadableObject("ledger/began.json", "no mark"),
    ],
)
def test_a_ledger_that_cannot_be_asked_says_neither(error: Exception) -> None:
    """The event waits, and the ledger is asked again at once."""
    asked = Asked(error, BEGAN)
    assert asked.memory.reaches(BEGAN_MS) is None
    assert asked.memory.reaches(BEGAN_MS) is True
