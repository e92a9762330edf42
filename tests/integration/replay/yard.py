"""A quarantine of its own, and metering's own handler asked as the deployed function is."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3

from functions.metering import handler as metering
from functions.replay.limits import MoveTask
from functions.replay.log_lines import LogLines
from functions.replay.manifest import Manifests
from functions.replay.metering_call import Answer, MeteringFailed
from functions.replay.order import Order
from functions.replay.quarantine_listing import Quarantine
from functions.replay.remetering import MovedSoFar, Remetering
from functions.replay.second_reading import SecondReading
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import REQUEST_TIME_MS
from tests.fakes.lambda_context import lambda_context

if TYPE_CHECKING:
    from tests.integration.replay.conftest import Surroundings

SOON_MS = REQUEST_TIME_MS + 60_000
LATER = timedelta(seconds=2)  # S3's times are whole seconds


@dataclass
class Asked:
    """Metering's handler, asked as the deployed function is; dead or failing when told to."""

    replay_id: str
    dry_run: bool = False
    fails: Callable[[Mapping[str, object]], bool] = lambda _: False
    times: int = 0

    def take(self, payload: Mapping[str, object], *, from_log: bool = False) -> Answer:
        self.times += 1
        if self.fails(payload):
            raise MeteringFailed("Sandbox.Timedout")
        asked = {"id": self.replay_id, "dryRun": self.dry_run, "fromLog": from_log}
        answer = invoke({**payload, "replay": asked})
        return Answer.model_validate_json(json.dumps(answer))


def invoke(payload: object) -> dict[str, object]:
    return metering.handler(payload, lambda_context("metering"))


@dataclass
class Yard:
    """A quarantine bucket of its own, beside the replay's surroundings."""

    aws: "Surroundings"
    bucket: str

    def configure(self, **customers: str) -> None:
        version = {
            "effectiveFrom": "2020-01-01T00:00:00Z",
            "meters": [{"id": "api_calls", "metricName": "API Calls"}],
            "customers": customers,
        }
        body = json.dumps({"versions": [version]}).encode()
        self.aws.s3.put_object(Bucket=self.bucket, Key="configuration/metering.json", Body=body)
        metering._wired.cache_clear()

    def names(self, prefix: str = "quarantine/") -> list[str]:
        found = self.aws.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def put(self, key: str, body: object) -> None:
        self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(body).encode())

    def remetering(self, asked: Asked, now_ms: int = SOON_MS) -> Remetering:
        return Remetering(
            quarantine=Quarantine(self.aws.s3, self.bucket),
            reading=SecondReading(asked, LogLines(boto3.client("logs")), now_ms),
            manifests=Manifests(self.aws.s3, self.aws.bucket, asked.replay_id),
        )

    def run(
        self,
        replay_id: str = "by-hand",
        order: Mapping[str, object] | None = None,
        *,
        asked: Asked | None = None,
        now_ms: int = SOON_MS,
        limits: Mapping[str, object] | None = None,
        ticks: Iterator[bool] | None = None,
    ) -> MovedSoFar:
        wanted = Order.model_validate({"source": "quarantine", **(order or {})})
        asked = asked or Asked(replay_id, wanted.dry_run)
        task = {
            "replayId": replay_id,
            "startedAt": self.now(),
            "round": 1,
            "order": wanted,
            "seeAtMost": 100,
            "moveAtMost": 100,
            **(limits or {}),
        }
        return self.remetering(asked, now_ms).run(
            MoveTask.model_validate(task), "000001-a", lambda: next(ticks) if ticks else True
        )

    def now(self) -> str:
        """Of S3's clock, after everything that stands there."""
        entries = self.aws.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        last = max(entry["LastModified"] for entry in entries) + LATER
        return iso_from_epoch_ms(int(last.timestamp() * 1000))

    def remetered(self, replay_id: str = "by-hand") -> list[tuple[str, str]]:
        rows = Manifests(self.aws.s3, self.aws.bucket, replay_id).remetered()
        return sorted((row["reason"], row["outcome"]) for row in rows)
