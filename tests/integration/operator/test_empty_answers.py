"""An answer that has nothing says what was searched: an empty table looks like an all-clear."""

from pathlib import Path

import boto3
import pytest

from functions.operator.command_line import main
from tests.fakes.local_endpoints import write_endpoints
from tests.integration.operator.test_read_status import machine
from tests.local.ministack import Ministack


@pytest.fixture
def place(on_ministack: Ministack, bucket: str, tmp_path: Path) -> list[str]:
    """A deployment in which there is nothing at all: the option that names it."""
    sqs, arn = boto3.client("sqs"), machine()
    names = ("usage", "usage_dead_letter", "settled", "counter_dead_letter")
    queues = {
        name: sqs.create_queue(QueueName=f"{bucket}-{name}"[:80])["QueueUrl"] for name in names
    }
    boto3.client("logs").create_log_group(logGroupName=bucket)
    file = write_endpoints(
        tmp_path,
        on_ministack.env,
        queues=queues,
        ledger_bucket=bucket,
        quarantine_bucket=bucket,
        configuration_bucket=bucket,
        deployed_sources=f"own=access:{bucket}",
        state_machines={"replay": arn, "audit": arn},
    )
    return ["--endpoints", str(file)]


@pytest.mark.parametrize(
    ("command", "searched"),
    [
        ("ledger", ("0 objects of {bucket}", "searched for all of it")),
        ("ledger --hour 2026-11-29", ("from 2026-11-29T00, to 2026-11-30T00",)),
        (
            "ledger --from 2026-11-29T08 --customer cus_x --format summary",
            ("searched for customer cus_x, from 2026-11-29T08",),
        ),
        ("ledger --key apigw1-1 --outcome set_aside", ("outcome set_aside, keys apigw1-1",)),
        ("message list", ("0 messages were looked at in UsageDeadLetterQueue",)),
        ("message list --queue counters", ("looked at in CounterDeadLetterQueue",)),
        ("message show 1b2c", ("not among the 0 messages that show",)),
        ("replay list", ("stateMachine:", "has no run: `aforo-metering replay start`")),
        ("audit list", ("stateMachine:", "has no run: `aforo-metering audit start`")),
        ("replay follow", ("none was started yet: `aforo-metering replay start` does",)),
        ("audit follow", ("none was started yet: `aforo-metering audit start` does",)),
        ("audit show --day 2026-11-28", ("own", "2026-11-28T00:00:00.000Z")),
        ("trace --request-id none", ("searched 1 log groups ({bucket})", "between ")),
        (
            "statement --customer cus_x --month 2026-10",
            ("2026-10 has nothing of cus_x", "0 objects of {bucket}"),
        ),
        (
            "statement verify --customer cus_x",
            ("no month of cus_x was closed: s3://{bucket}/statements/cus_x/",),
        ),
        ("configuration history", ("s3://{bucket}/configuration/metering.json", "the default")),
    ],
)
def test_nothing_says_what_was_searched(
    command: str,
    searched: tuple[str, ...],
    place: list[str],
    bucket: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And where; whatever the exit status is."""
    main([*command.split(), *place])
    said = "".join(capsys.readouterr())
    for text in searched:
        assert text.format(bucket=bucket) in said


def test_messages_that_do_not_fit_are_told_from_an_empty_queue(
    place: list[str], bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One waits, and it is of another class."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{bucket}-usage_dead_letter"[:80])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert main(["message", "list", "--class", "late", "--customer", "cus_x", *place]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        "message list: 1 messages were looked at in UsageDeadLetterQueue;"
        " none of them has class late, customer cus_x"
    )
