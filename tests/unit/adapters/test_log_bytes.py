"""What an invocation adds to its log: every byte is paid for, and Lambda's own lines are off."""

import pytest

from functions.adapters.telemetry import Telemetry
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.replay.round_answer import tell
from functions.usage.metric import NAMESPACE
from tests.fakes.access_log_lines import LOG_GROUP, access_line, distinct_line, subscription_payload
from tests.fakes.forwarder_bench import Bench as ForwarderBench
from tests.fakes.forwarding import accepted, sqs_record, usage_event, usage_message
from tests.template.stack import template
from tests.unit.metering.test_intake import Stop
from tests.unit.replay.played_replay import MOVED, PlayedReplay

MOST_BYTES = 600
# With the share of unfit lines, a value a line, and the source that each figure is told for, too.
MOST_BYTES_OF_A_DELIVERY = 725
# A stack's name stands in the namespace: this is the longer of samconfig.toml.
STACK = "aforo-metering-prod"


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_NAMESPACE", f"{NAMESPACE}/{STACK}")


def size(capsys: pytest.CaptureFixture[str]) -> int:
    """Bytes on stdout since the last look, which is what the log group gets."""
    return len(capsys.readouterr().out.encode())


@pytest.mark.parametrize("lines", [1, 10, 1000])
def test_a_delivery_that_metering_takes(capsys: pytest.CaptureFixture[str], lines: int) -> None:
    """Whatever it holds, as long as all of it is billed."""
    stop = Stop(ConfigurationReader(read_deployed(f"deployed=access:{LOG_GROUP}")).default)
    stop.take(subscription_payload([distinct_line(number) for number in range(lines)]))
    stop.telemetry.flush()
    assert 0 < size(capsys) <= MOST_BYTES_OF_A_DELIVERY


def test_a_delivery_with_requests_that_are_not_billed(capsys: pytest.CaptureFixture[str]) -> None:
    """One reason more is a second figure, and no second line."""
    stop = Stop()
    stop.take(subscription_payload([access_line(), access_line(status="401")]))
    stop.telemetry.flush()
    text = capsys.readouterr().out
    assert len(text.splitlines()) == 1
    assert len(text) <= 1.25 * MOST_BYTES_OF_A_DELIVERY


def test_a_batch_that_the_forwarder_sends(capsys: pytest.CaptureFixture[str]) -> None:
    """Confirmed by Aforo."""
    bench = ForwarderBench(accepted)
    message = usage_message([usage_event(number) for number in range(100)])
    bench.forward([sqs_record(message, message_id="a")])
    bench.forwarding.telemetry.flush()
    assert 0 < size(capsys) <= MOST_BYTES


def test_a_round_of_a_replay(capsys: pytest.CaptureFixture[str]) -> None:
    """With its progress, whole."""
    replay = PlayedReplay(moves=(MOVED,))
    result = next(replay.results())
    tell(Telemetry("replay"), replay.task(result.progress), result)
    assert 0 < size(capsys) <= MOST_BYTES


def test_lambda_s_own_lines_are_off() -> None:
    """A start and a report of some 650 bytes each time; what a time-out says is a warning."""
    logging = template()["Globals"]["Function"]["LoggingConfig"]
    assert logging == {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
