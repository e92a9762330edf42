"""Putting messages back: what SQS did not take is told apart, and nothing is raised."""

from typing import Any

from botocore.exceptions import ClientError

from functions.adapters.telemetry import Telemetry
from functions.forwarder.putting_back import Later, PuttingBack
from tests.fakes.sqs import FakeSqs


class RefusingSqs:
    """Refuses every call."""

    def send_message_batch(self, **_asked: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "KmsDisabled", "Message": "no"}}, "SendMessageBatch")


def putting_back(client: object) -> PuttingBack:
    return PuttingBack(client, "url", Telemetry("forwarder"))  # type: ignore[arg-type]


def letters(count: int, size: int = 10) -> dict[str, Later]:
    return {f"m{n}": Later(f"{n}:".ljust(size, "x"), n % 900) for n in range(count)}


def test_an_entry_that_fails_is_not_named() -> None:
    """Its message stays; it is not tried again here, the next try is soon enough."""
    sqs = FakeSqs(fails=lambda body, _call: body.startswith("3:"))
    given = letters(25)
    assert putting_back(sqs).put_back(given) == given.keys() - {"m3"}
    assert [len(call) for call in sqs.calls] == [10, 10, 5]


def test_a_call_that_is_refused_names_nobody() -> None:
    """KMS is away, say: all stay where they are."""
    assert putting_back(RefusingSqs()).put_back(letters(25)) == set()


def test_calls_stay_within_a_mebibyte() -> None:
    """Large messages, three to a call; one that no call takes is left out."""
    sqs = FakeSqs()
    given = letters(7, size=300_000) | {"large": Later("x" * 1_048_577, 0)}
    assert putting_back(sqs).put_back(given) == given.keys() - {"large"}
    assert [len(call) for call in sqs.calls] == [3, 3, 1]
