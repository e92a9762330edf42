"""`30m` is half an hour ago."""

import pytest

from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.time_ago import span_ms


@pytest.mark.parametrize(
    ("text", "span"), [("90s", 90_000), ("30m", 1_800_000), ("7d", 604_800_000)]
)
def test_a_span_is_a_number_and_a_unit(text: str, span: int) -> None:
    """As CloudWatch's own `tail` takes it."""
    assert span_ms("--since", text) == span


@pytest.mark.parametrize("text", ["", "30", "m", "0m", "401d", "-5m", "1.5h"])
def test_a_span_that_is_none_says_what_to_write(text: str) -> None:
    """The option, what was given, and examples."""
    with pytest.raises(TargetError, match=r"--since: .*write 90s, 30m, 6h or 2d"):
        span_ms("--since", text)
