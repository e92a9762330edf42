"""The command: what may be asked of it, what it prints, and its exit status."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.operator.command_line import main
from functions.operator.deployment.deployment import TargetError
from functions.operator.verify.target import local_target, stack_target
from functions.usage.event import RequestIdentity
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import access_line
from tests.fakes.http_answers import Answer, answering
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.settled_row import settled_row
from tests.local.ministack import REGION, Ministack

OUTPUTS = {
    "UsageQueueUrl": "https://q/usage",
    "UsageDeadLetterQueueUrl": "https://q/usage_dead_letter",
    "LedgerBucketName": "ledger",
    "QuarantineBucketName": "quarantine",
    "ReconciliationFunctionArn": "arn:reconciliation",
    "DeployedSources": "demo=access:demo,own=execution:own",
    "DemoApiUrl": "https://api.example/demo",
}


@pytest.fixture
def endpoints(on_ministack: Ministack, bucket: str, tmp_path: Path) -> Callable[..., Path]:
    """Writes an endpoints.json of a cloud that has two customers."""

    def write(**changes: Any) -> Path:
        customers = [
            {"customer_id": name, "headers": {"Authorization": f"Bearer {name}"}}
            for name in ("cus_1", "cus_2")
        ]
        places = {"configuration_bucket": bucket, **changes}
        return write_endpoints(tmp_path, on_ministack.env, customers=customers, **places)

    return write


@pytest.fixture
def stack(on_ministack: Ministack, bucket: str) -> Callable[..., str]:
    """Deploys nothing but outputs; an output of None is left out."""

    def deploy(**changes: str | None) -> str:
        given = {**OUTPUTS, "ConfigurationBucketName": bucket, **changes}
        outputs = {name: text for name, text in given.items() if text is not None}
        name = f"stack-{uuid4()}"
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {key: {"Value": text} for key, text in outputs.items()},
        }
        client = boto3.client("cloudformation")
        client.create_stack(StackName=name, TemplateBody=json.dumps(template))
        client.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 200}
        )
        return name

    return deploy


def _extended_id() -> str:
    """As API Gateway makes them."""
    return f"{uuid4().hex[:14]}="


def test_the_first_customer_is_the_one_that_calls(endpoints: Callable[..., Path]) -> None:
    """Unless another one is named; path and stage stand in the URL."""
    file = endpoints()
    first = local_target(file, None, None, "/pets")
    assert (first.url, first.headers) == (
        "http://127.0.0.1:9/demo/pets",
        {"Authorization": "Bearer cus_1"},
    )
    other = local_target(file, "cus_2", "prod", "pets/7")
    assert other.url == "http://127.0.0.1:9/prod/pets/7"
    assert other.headers == {"Authorization": "Bearer cus_2"}


def test_a_deployed_stack_is_found_by_its_outputs(
    stack: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's API, or the one that is given; the credential comes from the environment."""
    monkeypatch.setenv("VERIFY_AUTHORIZATION", " Bearer secret\n")
    name = stack()
    target = stack_target(name, None, None, "/pets")
    assert target.url == "https://api.example/demo/pets"
    assert target.headers == {"Authorization": "Bearer secret"}
    assert target.log_groups == ("demo", "own")
    assert (target.region, target.reconciliation) == (REGION, "arn:reconciliation")
    own = stack_target(name, "https://own.example/live/", "test", "/pets")
    assert own.url == "https://own.example/test/pets"


def test_an_api_key_goes_into_its_own_header(
    stack: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """VERIFY_API_KEY alone: no Authorization header is made up beside it."""
    monkeypatch.delenv("VERIFY_AUTHORIZATION", raising=False)
    monkeypatch.setenv("VERIFY_API_KEY", " sk_live_1\n")
    assert stack_target(stack(), None, None, "/pets").headers == {"X-API-Key": "sk_live_1"}


@pytest.mark.parametrize(
    ("changes", "authorization", "fix"),
    [
        ({"DemoApiUrl": None}, "Bearer a", "--api-url: give the invoke URL"),
        ({}, "", "VERIFY_AUTHORIZATION: put the customer's"),
        ({}, "Bearer a…", "VERIFY_AUTHORIZATION: put the customer's"),
        ({"LedgerBucketName": None}, "Bearer a", "no output LedgerBucketName"),
        ({"DeployedSources": ","}, "Bearer a", "meters no log group"),
    ],
)
def test_what_a_stack_lacks_is_named(
    stack: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str | None],
    authorization: str,
    fix: str,
) -> None:
    """With what to give; the credential is never shown."""
    monkeypatch.setenv("VERIFY_AUTHORIZATION", authorization)
    with pytest.raises(TargetError, match=fix) as raised:
        stack_target(stack(**changes), None, None, "/pets")
    assert "Bearer" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--endpoints", "{none}"], "start the local cloud with `make local`, or give --stack"),
        (["--endpoints", "{folder}"], "is not what `make local` writes: start the local cloud"),
        (["--endpoints", "{half}"], "is not what `make local` writes: start the local cloud"),
        (["--endpoints", "{other}"], "is not what `make local` writes"),
        (["--endpoints", "{good}", "--customer", "cus_3"], "the local cloud knows cus_1, cus_2"),
        (["--stack", "nobody-s"], "Stack with id nobody-s does not exist"),
    ],
)
def test_what_is_not_there_is_one_clear_line_and_status_2(
    endpoints: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    """Nothing was called, nobody was billed."""
    (tmp_path / "half.json").write_text('{"api_url": ')
    (tmp_path / "other.json").write_text("[]")
    files = {
        "none": tmp_path / "none.json",
        "folder": tmp_path,
        "half": tmp_path / "half.json",
        "other": tmp_path / "other.json",
        "good": endpoints(),
    }
    assert main(["verify", *(argument.format(**files) for argument in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("verify: ")
    assert err.count("\n") == 1
    assert said in err


@pytest.mark.parametrize(
    "arguments",
    [["--wait", "soon"], ["--wait", "nan"], ["--wait", "-1"], ["--custommer", "a"], ["cus_1"]],
)
def test_an_option_that_nobody_knows_is_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And one that would wait for ever. The one line names it."""
    assert main(["verify", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("verify: ")
    assert arguments[0] in line


@pytest.mark.parametrize(
    ("name", "header"), [("VERIFY_AUTHORIZATION", "Authorization"), ("VERIFY_API_KEY", "X-API-Key")]
)
def test_the_credential_that_is_given_is_the_one_that_calls(
    endpoints: Callable[..., Path],
    stack: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    header: str,
) -> None:
    """On the local cloud as on a stack, and it is said whose it is."""
    monkeypatch.setenv(name, " secret\n")
    for target in (
        local_target(endpoints(), None, None, "/pets"),
        stack_target(stack(), None, None, "/pets"),
    ):
        assert target.headers == {header: "secret"}
        assert target.credential == f"the credential in {name}"


@pytest.mark.parametrize(
    ("given", "customer", "fault"),
    [
        ({"VERIFY_AUTHORIZATION": "a", "VERIFY_API_KEY": "b"}, None, "give one of the two"),
        ({"VERIFY_AUTHORIZATION": "a"}, "cus_2", "--customer: the credential in VERIFY_AUTHOR"),
        ({"VERIFY_API_KEY": "…"}, None, "VERIFY_API_KEY: put the customer's credential"),
    ],
)
def test_one_credential_calls(
    endpoints: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    customer: str | None,
    fault: str,
) -> None:
    """Which one is not guessed; none of them is shown."""
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(TargetError, match=fault) as raised:
        local_target(endpoints(), customer, None, "/pets")
    assert "…" not in str(raised.value)


def test_a_customer_of_a_stack_is_named_in_what_to_do(stack: Callable[..., str]) -> None:
    """The credential does not say whose it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERIFY_API_KEY", "secret")
        target = stack_target(stack(), None, None, "/pets", "cus_7")
    assert target.customer == "cus_7"


def test_a_wrong_credential_is_used_and_refused(
    endpoints: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is said which one it was; the demo customer's is not taken instead."""
    monkeypatch.setenv("VERIFY_AUTHORIZATION", "Bearer nonsense")
    said = {"error": {"code": "UNAUTHORIZED", "message": "Send a valid credential"}}
    with answering(Answer(401, {"x-amz-apigw-id": "A="}, said)) as gateway:
        file = endpoints(api_url=gateway.url)
        assert main(["verify", "--endpoints", str(file)]) == 1
    assert {one[1]["Authorization"] for one in gateway.asked} == {"Bearer nonsense"}
    out, err = capsys.readouterr()
    assert "verify: with the credential in VERIFY_AUTHORIZATION" in err
    assert "stopped here: HTTP 401 UNAUTHORIZED: Send a valid credential" in out
    assert "Check: the credential in VERIFY_AUTHORIZATION: it is not known" in out


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (
            {"excludedPaths": ["/pets/{id}"]},
            ("it is not billed: excluded_path (", "aforo-metering configuration show"),
        ),
        (
            {"excludedStatuses": [200], "excludeBackendStatuses": True},
            ("it is not billed: excluded_status (", "aforo-metering configuration show"),
        ),
        (
            {"meters": [{"id": "other", "metricName": "Other"}]},
            ("the meter api_calls does not count it", "--meter: give one of other."),
        ),
    ],
)
def test_a_request_that_is_not_billed_is_told_at_once_with_its_reason(
    endpoints: Callable[..., Path],
    bucket: str,
    capsys: pytest.CaptureFixture[str],
    version: dict[str, Any],
    said: tuple[str, str],
) -> None:
    """Nobody waits four minutes for an event that will never be."""
    meters = [{"id": "api_calls", "metricName": "API Calls"}]
    whole = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters, **version}
    boto3.client("s3").put_object(
        Bucket=bucket,
        Key="configuration/metering.json",
        Body=json.dumps({"versions": [whole]}).encode(),
    )
    now_ms, group, extended_id = time.time_ns() // 1_000_000, f"verify-{uuid4()}", _extended_id()
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    line = access_line(extendedRequestId=extended_id, requestTimeEpoch=str(now_ms))
    event: Any = {"timestamp": now_ms, "message": line}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    with answering(Answer(headers={"x-amz-apigw-id": extended_id})) as gateway:
        places = {"ledger_bucket": bucket, "quarantine_bucket": bucket}
        sources = f"a=access:{group}"
        file = endpoints(api_url=gateway.url, deployed_sources=sources, **places)
        assert main(["verify", "--endpoints", str(file), "--wait", "60"]) == 1
    out = capsys.readouterr().out
    assert f"metered        --      stopped here: {said[0]}" in out
    assert said[1] in out.splitlines()[-1]


def test_a_line_of_a_declared_format_is_followed_to_its_ledger_row(
    endpoints: Callable[..., Path], bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `adopt` leaves a stage: a format of its own, and the configuration that declares it."""
    now_ms, group, extended_id = time.time_ns() // 1_000_000, f"own-{uuid4()}", _extended_id()
    meters = [{"id": "api_calls", "metricName": "API Calls"}]
    own = {"fields": {"extendedRequestId": "aforoId"}, "apiId": "a1b2", "stage": "prod"}
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters}
    document = {
        "versions": [{**version, "accessLogs": {group: own}}],
        "sources": [{"name": "own", "logGroup": group, "kind": "access"}],
    }
    s3, logs = boto3.client("s3"), boto3.client("logs")
    body = json.dumps(document).encode()
    s3.put_object(Bucket=bucket, Key="configuration/metering.json", Body=body)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    line = json.dumps({"aforoId": extended_id, "status": "200", "apiKeyId": "key_1"})
    event: Any = {"timestamp": now_ms, "message": line}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    # No line says the account: it is the stack's, which the function's ARN names.
    account, arn = "000000000000", f"arn:aws:lambda:{REGION}:000000000000:function:none"
    key = RequestIdentity(account, REGION, "a1b2", "prod", extended_id).event_key("api_calls")
    row = settled_row(key, iso_from_epoch_ms(now_ms), meteredAt=iso_from_epoch_ms(now_ms))
    Ledger(s3, bucket).append([row], str(uuid4()))
    with answering(Answer(headers={"x-amz-apigw-id": extended_id})) as gateway:
        places = {"ledger_bucket": bucket, "quarantine_bucket": bucket}
        functions = {"reconciliation": arn}
        file = endpoints(api_url=gateway.url, functions=functions, deployed_sources=",", **places)
        assert main(["verify", "--endpoints", str(file), "--wait", "0"]) == 1
    hops = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["in", "the", "log"] in [hop[:3] for hop in hops]
    assert [hop[-1] for hop in hops if hop[:1] == ["metered"]] == [key]


def test_where_it_stops_is_status_1_with_what_to_check(
    endpoints: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The hops before it are shown with their times; the credential is not."""
    boto3.client("logs").create_log_group(logGroupName="verify-nothing")
    with answering(Answer(headers={"x-amz-apigw-id": "Id="})) as gateway:
        file = endpoints(api_url=gateway.url, deployed_sources="a=access:verify-nothing")
        assert main(["verify", "--endpoints", str(file), "--wait", "0"]) == 1
    first, answered, stopped, _, check = capsys.readouterr().out.splitlines()
    assert first == f"GET {gateway.url}/pets"
    assert answered.split()[0] == "answered"
    assert " ".join(stopped.split()) == "in the log -- stopped here: not seen within 0 s"
    assert check.startswith("Check: the stage's access log or execution log")
