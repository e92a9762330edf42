"""Somebody puts a configuration that is no good: a meter's metric has no name any more."""

import json
import time
from typing import Any

import boto3

from functions.operator.configuration_commands.checking import NotUsableError, usable
from tests.local.deploy import physical_ids
from tests.local.drill.drill_calls import call_each
from tests.local.endpoints import Endpoints
from tests.local.waiting import until

KEY = "configuration/metering.json"
REFUSED = "configuration.refused"
# A process reads the configuration once a minute, when it has something to meter.
REFUSED_SECONDS = 120.0
GOOD: dict[str, Any] = {
    "versions": [
        {
            "effectiveFrom": "1970-01-01T00:00:00Z",
            "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        }
    ]
}


def cause(endpoints: Endpoints) -> None:
    """Beside a good version, as where somebody edits what has been in force."""
    s3, bucket = boto3.client("s3"), endpoints.configuration_bucket
    if not s3.list_objects_v2(Bucket=bucket, Prefix=KEY).get("KeyCount"):
        s3.put_object(Bucket=bucket, Key=KEY, Body=json.dumps(GOOD).encode())
    document = json.loads(s3.get_object(Bucket=bucket, Key=KEY)["Body"].read())
    meter = document["versions"][-1]["meters"][0]
    meter["metric"] = meter.pop("metricName")
    s3.put_object(Bucket=bucket, Key=KEY, Body=json.dumps(document).encode())


def figure(endpoints: Endpoints) -> float:
    """How often metering has said that it refuses it, once it has."""
    group = physical_ids(endpoints.stack_name)["MeteringLogGroup"]
    since = time.time_ns() // 1_000_000

    def look() -> int:
        call_each(endpoints)
        logs = boto3.client("logs")
        found = logs.filter_log_events(logGroupName=group, startTime=since)["events"]
        return sum(REFUSED in one["message"] for one in found)

    return float(until(look, REFUSED_SECONDS, every=3.0))


def left(endpoints: Endpoints) -> list[str]:
    """What is wrong with the newest version."""
    s3 = boto3.client("s3")
    try:
        found = s3.get_object(Bucket=endpoints.configuration_bucket, Key=KEY)
        usable(found["Body"].read(), KEY)
    except s3.exceptions.NoSuchKey:
        return [f"{KEY} is gone"]
    except NotUsableError as error:
        return str(error).splitlines()
    return []
