"""The example in the help of every subcommand works as it stands, against real local services."""

import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from cyclopts import App

from functions.operator.command_line import PROGRAM, command_line, main
from functions.operator.counter_commands import customer_change
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import FIELDS, REQUEST_TIME_MS, access_line
from tests.fakes.audit_reports import reporting_machine
from tests.fakes.http_answers import Answer, answering
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.set_aside_messages import event, message, record
from tests.local.ministack import Ministack

# What the examples call a message; SQS gives it another id.
MESSAGE = "1b2c3d4e"
# And S3 a version of the configuration.
VERSION = "3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY"
REPLAY = "outage-2026-11-23"
AUDIT = "november-1"
# Of a request that no gateway of ours has logged: it is followed as far as it goes.
AT_ONCE = {"verify": ["--wait", "0"], "customers apply": ["--wait-seconds", "0"]}
# And the account of a test lets API Gateway write no logs.
# The stack of a test has no demo API, its ledger has nothing of a customer, and nobody audits it.
# Nobody carries out what customers are sent, and nobody waits for it: AT_ONCE.
ENDS = {"verify": 1, "trace": 1, "preflight": 1, "smoke": 2, "statement": 1, "audit show": 1}
ENDS |= {"adopt": 1}  # for the same want of a role
ENDS |= {"status": 1}  # that stack has no log groups: a part cannot be read
ADOPTED = "f6g7h8i9j0"
WAITING = {
    "message decide": to_body(message([event(1)], record("ambiguous"))),
    "message repair": to_body(
        {
            "version": 1,
            "unreadable": to_body(message([event(1, occurred_at="2026-11-23T11:00:00+01:00")])),
            "fault": "no Z",
            "setAside": record("poison"),
        }
    ),
}
# The request of access.log, as Aforo's Lambda plugin bills it.
BILLED_ELSEWHERE = f"""customerId,metricName,quantity,occurredAt,idempotencyKey
{FIELDS["customerId"]},api_calls,1,{iso_from_epoch_ms(REQUEST_TIME_MS)},{FIELDS["requestId"]}
"""
CUSTOMERS = """plans:
  silver:
    grants: [{limit: 100000, period: month, ratePerSecond: 50, burst: 100}]
customers:
- {customerId: cus_acme, plan: silver}
"""
KEY = {"kty": "RSA", "kid": "k1", "n": "A" * 342, "e": "AQAB"}


def subcommands(app: App, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of each, as the command line itself knows them."""
    for name in app:
        if name.startswith("-"):
            continue
        each = app[name]
        inner = list(subcommands(each, *words, name)) if each.default_command is None else []
        yield from inner or [(*words, name)]


SUBCOMMANDS = [" ".join(words) for words in subcommands(command_line())]


@pytest.fixture
def place(
    on_ministack: Ministack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """The working folder of an operator: a running local cloud, a deployed stack, and files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".local").mkdir()
    made = made_services()
    room = {"UnreservedConcurrentExecutions": 900}
    # One answer to whatever is asked of a function: counters that know the customer.
    counters: dict[str, object] = {
        "limit": 10,
        "status": "active",
        "generation": "7",
        "customers": 1,
        "signingKeys": [],
        "Policy": '{"Statement": []}',  # who may invoke it: nobody
        "byCustomer": {},
        "byApiKey": {},
    }
    answer = {"parts": 1_000_000, "AccountLimit": room, **counters}
    # They carry nothing out here.
    monkeypatch.setattr(customer_change, "PATIENCE_SECONDS", 0.0)
    with (
        answering(Answer(headers={"x-amz-apigw-id": "Id="})) as gateway,
        answering(Answer(body=answer)) as functions,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", functions.url)
        queues = {name: made[name] for name in QUEUES}
        write_endpoints(
            tmp_path / ".local",
            on_ministack.env,
            api_url=gateway.url,
            stack_name=PROGRAM,
            deployed_sources=f"log=access:{made['log_group']}",
            queues=queues,
            state_machines={"replay": made["machine"], "audit": made["audit_machine"]},
            ledger_bucket=made["ledger"],
            configuration_bucket=made["configuration"],
        )
        deploy_outputs(made)
        make_api()
        (tmp_path / "access.log").write_text(access_line() + "\n")
        (tmp_path / "billed.csv").write_text(BILLED_ELSEWHERE)
        meters = [{"id": "api_calls", "metricName": "API Calls"}]
        version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters, "customers": {}}
        (tmp_path / "metering.json").write_text(json.dumps({"versions": [version]}))
        made["version"] = put_configuration(made["configuration"], {"versions": [version]})
        (tmp_path / "customers.yaml").write_text(CUSTOMERS)
        (tmp_path / "customers.csv").write_text("customerId,plan\ncus_acme,silver\n")
        (tmp_path / "plans.yaml").write_text(CUSTOMERS.partition("customers:")[0])
        (tmp_path / "jwks.json").write_text(json.dumps({"keys": [KEY]}))
        yield made


QUEUES = ("usage", "usage_dead_letter", "settled", "counter_dead_letter")


def made_services() -> dict[str, str]:
    """Queues, buckets, a log group, and machines that have nothing to do."""
    name = f"examples-{uuid4().hex[:12]}"
    sqs, s3, sfn = boto3.client("sqs"), boto3.client("s3"), boto3.client("stepfunctions")
    made = {queue: sqs.create_queue(QueueName=f"{name}-{queue}")["QueueUrl"] for queue in QUEUES}
    for bucket in ("ledger", "configuration"):
        made[bucket] = f"{name}-{bucket}"
        s3.create_bucket(Bucket=made[bucket])
    made["log_group"] = name
    boto3.client("logs").create_log_group(logGroupName=name)
    done = {"Type": "Pass", "Result": {"outcome": "nothing_to_replay"}, "End": True}
    machine = sfn.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "Done", "States": {"Done": done}}),
        roleArn=role(name),
    )
    made["machine"] = machine["stateMachineArn"]
    sfn.start_execution(stateMachineArn=made["machine"], name=REPLAY, input="{}")
    made["audit_machine"] = reporting_machine(made["ledger"])
    sfn.start_execution(stateMachineArn=made["audit_machine"], name=AUDIT, input="{}")
    return made


def make_api() -> None:
    """The one that an example adopts, under the id that it names."""
    gateway = boto3.client("apigateway")
    if any(one["id"] == ADOPTED for one in gateway.get_rest_apis()["items"]):
        return
    gateway.create_rest_api(name="orders", tags={"ms-custom-id": ADOPTED})
    gateway.create_deployment(restApiId=ADOPTED, stageName="prod")


def put_configuration(bucket: str, document: object) -> str:
    """The version's id, in a bucket that keeps versions as the template's does."""
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    body = json.dumps(document).encode()
    put = s3.put_object(Bucket=bucket, Key="configuration/metering.json", Body=body)
    return put["VersionId"]


def role(name: str) -> str:
    """For whoever runs the machine; it may do nothing."""
    made = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return str(made["Role"]["Arn"])


def deploy_outputs(made: dict[str, str]) -> None:
    """The stack that the examples name, with the outputs of this test's services."""
    outputs = {
        "SettledUsageQueueUrl": made["settled"],
        "ReconciliationFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:any",
        "ConfigurationBucketName": made["configuration"],
        "LedgerBucketName": made["ledger"],
        "QuarantineBucketName": made["configuration"],
        "AuthorizerFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:authorizer",
        "AuthorizerAliasArn": "arn:aws:lambda:us-east-1:000000000000:function:authorizer:live",
        "MeteringFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:metering",
        "DeployedSources": f"log=access:{made['log_group']}",
        "UsageQueueUrl": made["usage"],
        "UsageDeadLetterQueueUrl": made["usage_dead_letter"],
        "CounterDeadLetterQueueUrl": made["counter_dead_letter"],
    }
    template = {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "ForwarderLogGroup": {"Type": "AWS::Logs::LogGroup"},
        },
        "Outputs": {key: {"Value": text} for key, text in outputs.items()},
    }
    client: Any = boto3.client("cloudformation")
    known = {stack["StackName"] for stack in client.describe_stacks()["Stacks"]}
    change = client.update_stack if PROGRAM in known else client.create_stack
    change(StackName=PROGRAM, TemplateBody=json.dumps(template))
    deadline = time.monotonic() + 30
    while True:
        (stack,) = client.describe_stacks(StackName=PROGRAM)["Stacks"]
        found = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
        if found == outputs:
            return
        assert time.monotonic() < deadline, stack
        time.sleep(0.1)


def examples(words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of its help that begin with the program's name."""
    assert main([*words.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    return re.findall(rf"^[\s$]*({PROGRAM} .*?)\s*$", shown, re.MULTILINE)


def test_every_subcommand_is_looked_at() -> None:
    """A list that is empty would let every example pass."""
    assert len(SUBCOMMANDS) >= 20
    assert {"explain", "message decide", "counters grant"} <= set(SUBCOMMANDS)


@pytest.mark.parametrize("words", SUBCOMMANDS)
def test_the_example_of_a_help_works(
    words: str,
    place: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each has one, of its own command, and it ends well."""
    monkeypatch.setenv("COLUMNS", "200")
    found = examples(words, capsys)
    assert found, f"{words}: its help has no example"
    body = WAITING.get(words, to_body(message([event(1)], record("config"))))
    sent = boto3.client("sqs").send_message(QueueUrl=place["usage_dead_letter"], MessageBody=body)
    for example in found:
        assert example.startswith(f"{PROGRAM} {words}")
        known = example.replace(MESSAGE, sent["MessageId"]).replace(VERSION, place["version"])
        tokens = shlex.split(known)[1:]
        status = main([*tokens, *AT_ONCE.get(words, [])])
        assert status == ENDS.get(words, 0), capsys.readouterr().err


@pytest.mark.parametrize("words", SUBCOMMANDS)
def test_every_option_says_what_it_is_for(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside its name and its kind."""
    monkeypatch.setenv("COLUMNS", "300")
    assert main([*words.split(), "--help"]) == 0
    rows = re.findall(r"^│[ *]*(--?\S.*?)\s*│$", capsys.readouterr().out, re.MULTILINE)
    assert rows
    assert [row for row in rows if not re.search(r"\S {2,}\S", row)] == []
