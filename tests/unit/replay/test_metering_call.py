"""Metering, asked in the name of a replay."""

from typing import Any, cast

import pytest

from functions.replay.metering_call import REQUEST_BYTES, Metering, RequestTooLarge


class Untouched:
    """A Lambda client that nobody should need."""

    def invoke(self, **_: Any) -> None:
        raise AssertionError("Lambda refuses it with an error that ends the round")


def test_what_is_too_large_to_ask_is_the_objects_fault() -> None:
    """It stays, and those behind it are metered."""
    metering = Metering(cast("Any", Untouched()), "metering", "by-hand", dry_run=False)
    with pytest.raises(RequestTooLarge):
        metering.take({"awslogs": {"data": "x" * REQUEST_BYTES}})
