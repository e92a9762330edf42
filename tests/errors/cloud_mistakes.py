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

HEAD = "customerId,meter,limit,period,ratePerSecond,burst\n"
YAML = "customers:\n  - customerId: cus_acme\n"
PLAN = "customers plan customers"


def _customers(
    did: str, *, field: str, cause: str, step: str, csv: str = "", yaml: str = ""
) -> Mistake:
    files = {"customers_csv": csv} if csv else {"customers_yaml": yaml}
    words = f"{PLAN}.csv" if csv else f"{PLAN}.yaml"
    return Mistake(did=did, act=asked(words, **files), field=field, cause=cause, step=step)


_CUSTOMERS = (
    Mistake(
        did="a file that is not there",
        act=asked(f"{PLAN}.csv"),
        field="customers.csv",
        cause="there is no such file",
        step="check the path",
    ),
    _customers(
        "a misspelt column: `limits`",
        csv="customerId,limits\ncus_acme,5\n",
        field="customers.csv: row 1: 'limits'",
        cause="is no column here",
        step="did you mean limit?",
    ),
    _customers(
        "a limit as a spreadsheet shows it: `1,000`",
        csv=f'{HEAD}cus_acme,api_calls,"1,000",month,1,1\n',
        field="customers.csv: row 2, column limit",
        cause="1,000 may be a thousand or a one",
        step="write digits alone, such as 1000",
    ),
    _customers(
        "a customer's name where its id is asked",
        csv=f"{HEAD}Acme Corp,api_calls,1000,month,1,1\n",
        field="customers.csv: row 2, column customerId",
        cause="(not 'Acme Corp')",
        step="must be 1 to 128 letters, digits and . _ : @ + ~ / = -",
    ),
    _customers(
        "two grants of one meter for one customer",
        csv=f"{HEAD}cus_acme,api_calls,1000,month,1,1\ncus_acme,api_calls,5,month,1,1\n",
        field="customers.csv: row 2",
        cause="two of them are for the meter api_calls",
        step="leave one",
    ),
    _customers(
        "YAML with a wrong indent",
        yaml=f"{YAML}   plan: silver\n",
        field="customers.yaml: line 3",
        cause="is no YAML",
        step="look at the indents",
    ),
    _customers(
        "a misspelt field: `standings`",
        yaml=f"{YAML}    standings: closed\n",
        field="customers.yaml: line 3: customers.0.standings",
        cause="is no field here",
        step="did you mean standing?",
    ),
    _customers(
        "a word that YAML reads as false: `standing: no`",
        yaml=f"{YAML}    standing: no\n",
        field="customers.yaml: line 3: customers.0.standing",
        cause="no is a truth value in YAML",
        step="put it in quotes if it is a text",
    ),
    _customers(
        "a plan that the file does not have",
        yaml=f"{YAML}    plan: gold\n",
        field="customers.yaml: line 3: plan",
        cause="there is no plan gold",
        step="give --plans, or a part `plans`",
    ),
    Mistake(
        did="`customers export --to` over a file",
        act=asked("customers export --to customers.yaml", customers_yaml=YAML),
        field="--to customers.yaml",
        cause="is there",
        step="give another name, or remove it",
    ),
)

CUSTOMERS = Topic(
    "Files of customers",
    "`customers plan` and `customers apply` send nothing where a file has a fault.",
    _CUSTOMERS,
)
CLOUD = Topic(
    "What a deployment does not have", "The command looked, and found nothing of that name.", _ALL
)
