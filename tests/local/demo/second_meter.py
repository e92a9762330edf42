"""A second meter that somebody configures before its metric exists at Aforo.

In force for a few seconds only, by the configuration's effective dates; what it counted in them is
refused (422 UNKNOWN_METRIC) until the metric is created.
"""

import json
from datetime import UTC, datetime, timedelta

import boto3

from tests.local.aforo.console import Console
from tests.local.endpoints import Endpoints

METER, METRIC = "pet_lookups", "Pet Lookups"
# From before the first call of the demo, whose start lies within it however slow the machine is.
IN_FORCE = timedelta(seconds=3)
_API_CALLS = {"id": "api_calls", "metricName": "API Calls"}


def configure(endpoints: Endpoints) -> None:
    """Put configuration/metering.json, as an operator does."""
    now = datetime.now(UTC)
    versions = [
        {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": [_API_CALLS]},
        {
            "effectiveFrom": now.isoformat(),
            "meters": [_API_CALLS, {"id": METER, "metricName": METRIC}],
        },
        {"effectiveFrom": (now + IN_FORCE).isoformat(), "meters": [_API_CALLS]},
    ]
    boto3.client("s3").put_object(
        Bucket=endpoints.configuration_bucket,
        Key="configuration/metering.json",
        Body=json.dumps({"versions": versions}).encode(),
    )


def create_metric(endpoints: Endpoints) -> None:
    """What a person does at Aforo when the alarm has told them."""
    with Console(endpoints.aforo_url) as console:
        console.put(f"_metrics/{METRIC}", {"aggregation": "COUNT"})
