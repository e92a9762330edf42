"""An invocation by the schedule becomes one for each shard."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.audit.counting.shard_start import shard_of, start_shards

BUSY = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")


@dataclass
class Lambdas:
    """Refuses some shards."""

    refused: set[int] = field(default_factory=set)
    invoked: list[tuple[str, str, int | None]] = field(default_factory=list)

    def invoke(self, **asked: Any) -> None:
        shard = shard_of(json.loads(asked["Payload"]))
        if shard in self.refused:
            raise BUSY
        self.invoked.append((asked["FunctionName"], asked["InvocationType"], shard))


def test_each_shard_has_an_invocation_that_nobody_waits_for() -> None:
    """And knows which it is; the schedule's knows none."""
    lambdas = Lambdas()
    assert start_shards(cast("Any", lambdas), "arn", 3) == {"started": 3}
    assert lambdas.invoked == [("arn", "Event", 0), ("arn", "Event", 1), ("arn", "Event", 2)]
    assert shard_of({}) is None


def test_one_that_is_not_started_keeps_out_no_other() -> None:
    """It is told of in the end; its windows are due five minutes later."""
    lambdas = Lambdas({1})
    with pytest.raises(ClientError) as told:
        start_shards(cast("Any", lambdas), "arn", 3)
    assert told.value.__notes__ == ["shard 1 was not started"]
    assert [shard for *_, shard in lambdas.invoked] == [0, 2]


def test_a_misspelt_shard_is_not_all_of_them() -> None:
    """It would look at each window a second time."""
    with pytest.raises(ValidationError):
        shard_of({"shards": 1})
