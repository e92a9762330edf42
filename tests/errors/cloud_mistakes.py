"""What only a deployment can say: a local cloud of a few buckets, queues and a log group."""

import io
import json
import os
import shlex
from contextlib import redirect_stdout, suppress
from uuid import uuid4

import boto3

from functions.adapters.telemetry import Telemetry
from functions.metering.configuration.stored import ConfigurationSource
from functions.operator.command_line import main
from functions.operator.configuration_commands.configuration_store import KEY
from functions.usage.errors import Retryable
from tests.errors.document_mistakes import document
from tests.errors.mistake import Act, Mistake, Seen, Topic
from tests.errors.workplace import Workplace
from tests.fakes.local_endpoints import write_endpoints

MISSPELT = document(meters=[{"id": "api_calls", "metricname": "API Calls"}])


def bucket_in(place: Workplace) -> str:
    """A bucket of the row's own, for everything that a deployment keeps."""
    os.environ.update(place.cloud.env)
    name = f"aforo-{uuid4().hex[:12]}"
    place.names[name] = "aforo-bucket"
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    queue = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queues = ("usage", "usage_dead_letter", "settled", "counter_dead_letter")
    buckets = ("ledger_bucket", "quarantine_bucket", "configuration_bucket")
    write_endpoints(
        place.folder,
        place.cloud.env,
        queues=dict.fromkeys(queues, queue),
        **dict.fromkeys(buckets, name),
    )
    return name


def asked(words: str, **files: str) -> Act:
    """The command line, about such a deployment."""

    def act(place: Workplace) -> Seen:
        place.lay({name.replace("_", "."): content for name, content in files.items()})
        bucket_in(place)
        status = main([*shlex.split(words), "--endpoints", "endpoints.json"])
        return Seen(status, place.said())

    return act


def in_s3(words: str) -> Act:
    """The command line, about such a bucket."""

    def act(place: Workplace) -> Seen:
        return Seen(main(shlex.split(words.format(bucket=bucket_in(place)))), place.said())

    return act


def refused_in_the_log(place: Workplace) -> Seen:
    """Somebody puts a document without the command, and metering reads it."""
    bucket, s3 = bucket_in(place), boto3.client("s3")
    s3.put_object(Bucket=bucket, Key=KEY, Body=MISSPELT.encode())
    log = io.StringIO()
    with redirect_stdout(log):
        telemetry = Telemetry("errors")
        source = ConfigurationSource(s3, bucket, KEY, telemetry=telemetry, clock=lambda: 0.0)
        with suppress(Retryable):
            source.current()
    line = next(
        json.loads(one) for one in log.getvalue().splitlines() if "configuration.refused" in one
    )
    return Seen(None, place.told(f"configuration.refused  {line['fault']}"))


_ALL = (
    Mistake(
        did="`configuration put` of a misspelt field: `metricname`",
        act=asked("configuration put metering.json --yes", metering_json=MISSPELT),
        field="versions.0.meters.0.metricname",
        cause="is no field here",
        step="did you mean metricName?",
    ),
    Mistake(
        did="a file put with the AWS CLI, without `configuration put`",
        act=refused_in_the_log,
        field="versions.0.meters.0.metricname",
        cause="is no field here",
        step="did you mean metricName?",
        status=None,
        advice="put files with `aforo-metering configuration put`, which looks at them first",
    ),
    Mistake(
        did="`configuration rollback --to` of a version that is not there",
        act=asked("configuration rollback --to 3a7f --yes"),
        field="3a7f",
        cause="is no version of s3://aforo-bucket/configuration/metering.json that can be read",
        step="`configuration history` lists them",
        advice="look at `configuration history`",
    ),
    Mistake(
        did="`configuration history --last 0`",
        act=asked("configuration history --last 0"),
        field="--last",
        cause="give 1 to 999",
        step="give 1 to 999",
    ),
    Mistake(
        did="`message show` of a message that is not there",
        act=asked("message show 1b2c3d4e"),
        field="ID 1b2c3d4e",
        cause="not among the 0 messages that show",
        step="`aforo-metering message list` has them",
        advice="look at `aforo-metering message list`",
    ),
    Mistake(
        did="`ledger --customer` of a customer that has no row",
        act=asked("ledger --customer cus_amce --hour 2026-11-29T08"),
        field="customer cus_amce, from 2026-11-29T08, to 2026-11-29T09",
        cause="0 events, from 0 objects",
        step="searched for",
        status=0,
        advice="compare what was searched for with what you meant",
    ),
    Mistake(
        did="`message list --at-most 0`",
        act=asked("message list --at-most 0"),
        field="--at-most",
        cause="give 1 to 10000",
        step="give 1 to 10000",
    ),
    Mistake(
        did="`explain s3://` of a place where nothing is",
        act=in_s3("explain s3://{bucket}/logs"),
        field="s3://aforo-bucket/logs",
        cause="no object is there",
        step="check bucket and prefix",
    ),
)

CLOUD = Topic(
    "What a deployment does not have", "The command looked, and found nothing of that name.", _ALL
)
