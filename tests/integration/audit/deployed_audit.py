"""The audit's state machine with its real functions on ministack: a log group, metering, the step;
and a forwarder that is played. Its book counts each key once, as Aforo does.

The step can be told to die, by kill -9, after one of its calls to AWS.
"""

import gzip
import io
import json
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.event import UsageEvent
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import distinct_line, subscription_payload
from tests.fakes.queue_contents import take_all
from tests.fakes.settled_row import settled_row
from tests.integration.replay.deployed import DOOMED
from tests.local.ministack import Ministack
from tests.local.waiting import until
from tests.statemachine.definition import AUDIT, filled_in
from tests.statemachine.execution import path_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

PACKAGE = Path(__file__).parents[3] / "functions"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FINISHED_SECONDS = 120
WINDOW_SECONDS = 10  # 300 on AWS: as long as windows are, so are waits
WINDOW_MS = WINDOW_SECONDS * 1000
STREAM = "e369853df766fa44e1ed0ff613f563bd"


def artifact() -> bytes:
    """Our packages; what they import is the emulator's own interpreter's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("doomed.py", DOOMED.replace("functions.replay.", "functions.audit."))
        # Without it a `functions` that is installed elsewhere would go before ours.
        archive.write(PACKAGE / "__init__.py", "functions/__init__.py")
        for part in ("usage", "adapters", "audit", "metering"):
            for file in (PACKAGE / part).rglob("*.py"):
                archive.write(file, file.relative_to(PACKAGE.parent))
    return packed.getvalue()


@dataclass
class DeployedAudit:
    """The machine with its surroundings; `doom` is a folder, as DOOMED has it."""

    doom: Path
    book: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)  # keys that came to UsageQueue
    _served: Sequence[str] = ()
    holds: bool = False  # Aforo is away: what comes to UsageQueue stays there

    def __post_init__(self) -> None:
        self.sfn: SFNClient = boto3.client("stepfunctions")
        self.s3, self._sqs, self._logs = (
            boto3.client("s3"),
            boto3.client("sqs"),
            boto3.client("logs"),
        )
        self.name = f"audit-{uuid4().hex[:12]}"
        self.log_group = f"/aws/apigateway/{self.name}"
        for bucket in (self.ledger_bucket, self.quarantine):
            self.s3.create_bucket(Bucket=bucket)
        self._configure()
        self.usage_url = self._sqs.create_queue(QueueName=f"{self.name}-usage")["QueueUrl"]
        self._logs.create_log_group(logGroupName=self.log_group)
        self._logs.create_log_stream(logGroupName=self.log_group, logStreamName=STREAM)
        self._role = _role(self.name)
        self.definition: dict[str, Any] = filled_in(self._substitutions(), AUDIT)
        self.machine_arn = self.machine(self.definition)
        self._numbers = iter(range(1_000_000))
        self._next_window_ms = (
            (time.time_ns() // 1_000_000 - 20 * 3_600_000) // WINDOW_MS * WINDOW_MS
        )

    @property
    def ledger_bucket(self) -> str:
        return f"{self.name}-ledger"

    @property
    def quarantine(self) -> str:
        return f"{self.name}-quarantine"

    def machine(self, definition: Mapping[str, Any]) -> str:
        """A state machine with these functions."""
        return self.sfn.create_state_machine(
            name=f"audit-{uuid4().hex}", definition=json.dumps(definition), roleArn=self._role
        )["stateMachineArn"]

    def window(self) -> AuditWindow:
        """One of its own, of the last day."""
        self._next_window_ms += WINDOW_MS
        return AuditWindow("orders", self._next_window_ms, self._next_window_ms + WINDOW_MS)

    def serve(
        self, window: AuditWindow, *, billed: int = 0, lost: int = 0, broken: int = 0
    ) -> None:
        """Requests of a window: those that the ledger has, those that nobody has, and lines that
        metering does not understand and nobody kept.
        """
        at_ms = window.from_ms + 1_000
        lines = [
            distinct_line(next(self._numbers), requestTimeEpoch=str(at_ms))
            for _ in range(billed + lost)
        ]
        lines += [f'{{"v":"1","no":{next(self._numbers)}}}' for _ in range(broken)]
        self._logs.put_log_events(
            logGroupName=self.log_group,
            logStreamName=STREAM,
            logEvents=[{"timestamp": at_ms, "message": line} for line in lines],
        )
        self._served = lines
        if billed:
            self._meter(window, lines[:billed])

    def export(self, window: AuditWindow, *, lost: int) -> dict[str, str]:
        """What an export of the log has: what was served last, and as many requests of another file
        that the log has no more.
        """
        at_ms = window.from_ms + 1_000
        gone = [
            distinct_line(next(self._numbers), requestTimeEpoch=str(at_ms)) for _ in range(lost)
        ]
        bucket = f"{self.name}-exports"
        self.s3.create_bucket(Bucket=bucket)
        for number, lines in enumerate((self._served, gone)):
            text = "".join(f"{iso_from_epoch_ms(at_ms)} {line}\n" for line in lines)
            self.s3.put_object(
                Bucket=bucket,
                Key=f"orders/task/{STREAM}/{number:06}.gz",
                Body=gzip.compress(text.encode()),
            )
        return {"bucket": bucket, "prefix": "orders"}

    def ask(self, *windows: AuditWindow, **fields: object) -> dict[str, object]:
        """The input for these windows."""
        begins = iso_from_epoch_ms(min(one.from_ms for one in windows))
        return {
            "from": begins,
            "to": iso_from_epoch_ms(max(one.to_ms for one in windows)),
            **fields,
        }

    def start(self, name: str, asked: object, *, machine: str = "") -> str:
        return self.sfn.start_execution(
            stateMachineArn=machine or self.machine_arn, name=name, input=json.dumps(asked)
        )["executionArn"]

    def ended(self, arn: str) -> Any:
        """The description of an execution when it has ended; the forwarder works meanwhile."""

        def look() -> Any:
            self.forward()
            found = self.sfn.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return until(look, FINISHED_SECONDS, what=lambda: self.path(arn))

    def run(self, name: str, asked: object) -> dict[str, Any]:
        """The output of an execution that has succeeded."""
        found = self.ended(self.start(name, asked))
        assert found["status"] == "SUCCEEDED", (found.get("error"), found.get("cause"))
        output: dict[str, Any] = json.loads(found["output"])
        return output

    def path(self, arn: str) -> list[str]:
        return path_of(self.sfn, arn)

    def closed(self, window: AuditWindow) -> dict[str, object] | None:
        """The equation on record, if it is closed."""
        record = WindowStore(self.s3, self.ledger_bucket).read(window)
        return record.equation.as_json() if record and record.equation.is_closed else None

    def sent_by(self, run: str) -> Counter[str]:
        """Keys on record as metered again."""
        names = self.s3.list_objects_v2(
            Bucket=self.ledger_bucket, Prefix=f"audit-runs/{run}/metered/"
        )
        return Counter(one["Key"] for one in names.get("Contents", []))

    def forward(self) -> None:
        """What the forwarder does: book and ledger."""
        if self.holds:
            return
        for body in take_all(self._sqs, self.usage_url):
            message = json.loads(body)
            self._settle(message["events"], message.get("replayId", ""))

    def _meter(self, window: AuditWindow, lines: Iterable[str]) -> None:
        """As the subscription did when they were served."""
        payload = subscription_payload([*lines], logGroup=self.log_group, logStream=STREAM)
        boto3.client("lambda").invoke(
            FunctionName=f"{self.name}-metering", Payload=json.dumps(payload)
        )
        self.forward()
        self.posts.clear()

    def _settle(self, events: Iterable[UsageEvent], run: str) -> None:
        rows = []
        for event in events:
            key = event["idempotencyKey"]
            self.posts[key] += 1
            self.book[key] = 1
            replay = {"replayId": run} if run else {}
            occurred_at = event["occurredAt"]
            rows.append(
                settled_row(
                    key,
                    occurred_at,
                    customerId=event["customerId"],
                    quantity=event["quantity"],
                    **replay,
                )
            )
        moment = iso_from_epoch_ms(time.time_ns() // 1_000_000)
        writer = "".join(one for one in moment if one.isalnum())
        Ledger(self.s3, self.ledger_bucket).append(rows, f"{writer}{uuid4().hex}")

    def _configure(self) -> None:
        version = {
            "effectiveFrom": "2020-01-01T00:00:00Z",
            "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        }
        sources = [{"name": "orders", "kind": "access", "logGroup": self.log_group}]
        self.s3.put_object(
            Bucket=self.quarantine,
            Key="configuration/metering.json",
            Body=json.dumps({"versions": [version], "sources": sources}).encode(),
        )

    def _substitutions(self) -> dict[str, str]:
        code = artifact()
        environment = {
            "USAGE_QUEUE_URL": self.usage_url,
            "LEDGER_BUCKET": self.ledger_bucket,
            "QUARANTINE_BUCKET": self.quarantine,
            "CONFIGURATION_BUCKET": self.quarantine,
            "HOLD_SECONDS": "50400",
            "DEDUP_WINDOW_SECONDS": "86400",
            "AUDIT_WINDOW_SECONDS": str(WINDOW_SECONDS),
            "AUDIT_DELAY_SECONDS": "600",
            "AUDIT_SHARDS": "1",
        }
        handler = "functions.metering.handler.handler"
        metering = self._function("metering", handler, code, environment)
        doomed = {"METERING_FUNCTION_ARN": metering, "PART": "step", "DOOM": str(self.doom)}
        topic = boto3.client("sns").create_topic(Name=self.name)
        return {
            "AuditStepFunctionArn": self._function(
                "step", "doomed.handler", code, environment | doomed
            ),
            "ReplayReportTopicArn": topic["TopicArn"],
            "Partition": "aws",
        }

    def _function(
        self, part: str, handler: str, code: bytes, environment: Mapping[str, str]
    ) -> str:
        return boto3.client("lambda").create_function(
            FunctionName=f"{self.name}-{part}",
            Runtime="python3.13",
            Role=self._role,
            Handler=handler,
            Code={"ZipFile": code},
            Timeout=300 if part == "step" else 60,
            Environment={"Variables": dict(environment)},
        )["FunctionArn"]


@contextmanager
def deployed_audit(emulator: Ministack, folder: Path) -> Iterator[DeployedAudit]:
    """The machine on an emulator, with functions, buckets, a queue and a log group of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.env.items():
            patch.setenv(name, value)
        yield DeployedAudit(folder)


def _role(name: str) -> str:
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL]})
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
    arn: str = role["Role"]["Arn"]
    return arn
