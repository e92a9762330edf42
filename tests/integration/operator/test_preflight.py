"""Preflight against real service APIs: each thing that it looks for is made, and found."""

import json
from uuid import uuid4

import boto3
import pytest

from functions.operator.command_line import main
from functions.operator.preflight.finding import Finding
from functions.operator.preflight.intended import Intended
from functions.operator.preflight.permission_checks import ACTIONS, check_permissions
from functions.operator.preflight.preflight_command import answered, checks
from tests.local.ministack import Ministack

FORMAT = '{"extendedRequestId":"$context.extendedRequestId","status":"$context.status"}'
ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture
def group(on_ministack: Ministack) -> str:
    name = f"/api/{uuid4().hex}"
    boto3.client("logs").create_log_group(logGroupName=name)
    return name


@pytest.fixture
def api(on_ministack: Ministack) -> str:
    return str(boto3.client("apigateway").create_rest_api(name="shop")["id"])


def findings(**parameters: str) -> list[Finding]:
    """All that preflight says of such a deploy."""
    given = {"AforoTenantId": "tenant_1", "RedisUrl": "redis://redis:6379/0", **parameters}
    session = boto3.Session()
    intended = Intended(f"stack-{uuid4().hex}", given)
    return [one for check in checks(session, intended) for one in answered(check)]


def said(check: str, **parameters: str) -> list[tuple[str, str, str]]:
    """Level, what was found and the cure, of one check."""
    return [one[:1] + one[2:] for one in findings(**parameters) if one.check == check]


def log_to(api: str, group: str, log_format: str, **more: str) -> None:
    """A deployed stage whose access log goes there."""
    gateway = boto3.client("apigateway")
    deployment = gateway.create_deployment(restApiId=api)["id"]
    gateway.create_stage(restApiId=api, stageName="prod", deploymentId=deployment)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    paths = {"/accessLogSettings/destinationArn": arn, "/accessLogSettings/format": log_format}
    patch = [{"op": "replace", "path": path, "value": text} for path, text in paths.items()]
    patch += [{"op": "replace", "path": path, "value": text} for path, text in more.items()]
    gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patch)  # type: ignore[arg-type]


def test_a_log_group_that_is_not_there_is_an_error(on_ministack: Ministack) -> None:
    """An execution log's comes only with the first request that is logged."""
    ((level, found, cure),) = said("log group", AccessLogGroupName="/none")
    assert (level, found) == ("error", "/none is not there")
    assert "create-log-group" in cure
    ((_, _, cure),) = said("log group", AccessLogGroupName="/none", LogSource="execution")
    assert "INFO" in cure


def test_a_log_group_of_another_class_is_an_error(on_ministack: Ministack) -> None:
    """Infrequent Access takes no subscription filter."""
    name = f"/cheap/{uuid4().hex}"
    boto3.client("logs").create_log_group(logGroupName=name, logGroupClass="INFREQUENT_ACCESS")
    ((level, found, _),) = said("log group", AccessLogGroupName=name)
    assert level == "error"
    assert "INFREQUENT_ACCESS" in found


def test_two_filters_of_others_are_too_many(group: str) -> None:
    """One of ours that is there already takes no place."""
    logs = boto3.client("logs")

    def put(name: str, function: str) -> None:
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
        logs.put_subscription_filter(
            logGroupName=group, filterName=name, filterPattern="", destinationArn=arn
        )

    put("datadog", "forwarder")
    ((level, found, _),) = said("subscription filters", AccessLogGroupName=group)
    assert (level, found) == ("ok", "datadog beside ours: one more fits")
    put("archive", "archiver")
    ((level, found, cure),) = said("subscription filters", AccessLogGroupName=group)
    assert level == "error"
    assert "archive, datadog" in found
    assert "remove one" in cure


def test_an_api_that_is_none_is_an_error(on_ministack: Ministack, group: str) -> None:
    """Of another Region, or an HTTP API."""
    ((level, _, cure),) = said("RestApiId", RestApiId="nope", AccessLogGroupName=group)
    assert level == "error"
    assert "get-rest-apis" in cure


def test_quotas_without_metering_are_told(api: str) -> None:
    """Everybody would be stopped at a limit that nothing counts towards."""
    ((level, found, _),) = said("log group", RestApiId=api)
    assert level == "warning"
    assert "nothing be billed" in found


def test_a_stage_that_logs_elsewhere_is_an_error(api: str, group: str) -> None:
    """The commonest silent one."""
    log_to(api, "/elsewhere", FORMAT)
    ((level, found, _),) = said("stage", RestApiId=api, AccessLogGroupName=group)
    assert level == "error"
    assert "(stages: prod)" in found


def test_a_format_without_an_identity_is_an_error(api: str, group: str) -> None:
    """It names what is missing."""
    log_to(api, group, '{"requestId":"$context.requestId","status":"$context.status"}')
    ((level, found, _),) = said("stage prod", RestApiId=api, AccessLogGroupName=group)
    assert level == "error"
    assert "$context.extendedRequestId" in found


def test_a_stage_that_is_ready_is_said_to_be(api: str, group: str) -> None:
    """The whole of an API that can be attached."""
    log_to(api, group, FORMAT)
    found = findings(RestApiId=api, AccessLogGroupName=group, ManageApiGatewayAccount="true")
    assert [one for one in found if one.level == "error"] == []
    assert ("ok", "stage prod") in {(one.level, one.check) for one in found}


KEY = "arn:aws:kms:us-east-1:000000000000:key/ledger"


@pytest.fixture
def ledger(on_ministack: Ministack) -> str:
    """A bucket that a removed stack left, encrypted with its key."""
    s3, name = boto3.client("s3"), f"ledger-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": KEY,
                    }
                }
            ]
        },
    )
    return name


def test_an_adopted_ledger_is_there_and_has_the_key_that_is_given(ledger: str) -> None:
    """With another key the deploy works, and then nothing of the ledger can be read or written."""
    adopted = said("LedgerBucketName", LedgerBucketName=ledger, LedgerKeyArn=KEY)
    assert [level for level, _, _ in adopted] == ["ok"]
    ((level, found, cure),) = said("LedgerKeyArn", LedgerBucketName=ledger, LedgerKeyArn="arn:x")
    assert (level, cure) == ("error", f"LedgerKeyArn={KEY}")
    assert found.endswith("not with arn:x")
    for name in ("LedgerBucketName", "ConfigurationBucketName"):
        gone = f"none-{uuid4().hex}"
        ((level, found, _),) = said(name, **{name: gone})
        assert (level, found) == ("error", f"{gone} is no bucket of this account")
    assert [
        level for level, _, _ in said("ConfigurationBucketName", ConfigurationBucketName=ledger)
    ] == ["ok"]


def test_ten_authorizers_are_all_that_an_api_takes(api: str, group: str) -> None:
    """API Gateway's quota."""
    gateway = boto3.client("apigateway")
    for number in range(10):
        gateway.create_authorizer(restApiId=api, name=f"a{number}", type="TOKEN")
    ((level, _, _),) = said("authorizers", RestApiId=api, AccessLogGroupName=group)
    assert level == "error"


def test_methods_with_other_denials_are_told(api: str, group: str) -> None:
    """Their denials get the same gateway response as ours."""
    gateway = boto3.client("apigateway")
    (root,) = gateway.get_resources(restApiId=api)["items"]
    gateway.put_method(
        restApiId=api, resourceId=root["id"], httpMethod="GET", authorizationType="AWS_IAM"
    )
    ((level, found, _),) = said("other denials", RestApiId=api, AccessLogGroupName=group)
    assert level == "warning"
    assert "1 methods with AWS_IAM" in found


def test_subnets_are_looked_at(on_ministack: Ministack) -> None:
    """In the VPC; one zone is a warning."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.2.0/24")["Subnet"]["SubnetId"]
    ((level, _, _),) = said("subnets", VpcId=vpc, SubnetIds=subnet)
    assert level == "ok"
    ((level, _, _),) = said("zones", VpcId=vpc, SubnetIds=subnet)
    assert level == "warning"
    ((level, found, _),) = said("subnets", VpcId="vpc-other", SubnetIds=subnet)
    assert (level, found) == ("error", f"{subnet} is in {vpc}, not in vpc-other")
    ((level, _, cure),) = said("subnets", VpcId=vpc, SubnetIds="subnet-none")
    assert level == "error"
    assert "describe-subnets" in cure


def test_permissions_that_lack_are_named(on_ministack: Ministack) -> None:
    """All of them, in one line."""
    iam = boto3.client("iam")
    user = f"u-{uuid4().hex}"
    iam.create_user(UserName=user)
    allowed = [action for action in ACTIONS if action != "kms:CreateKey"]
    statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="deploy", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    sts = boto3.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    ((level, _, found, _),) = check_permissions(iam, sts)
    assert level == "error"
    assert found.endswith("may not: kms:CreateKey")


def test_the_account_needs_a_role_to_log_with(on_ministack: Ministack) -> None:
    """One for all APIs: it is not replaced without being asked."""
    gateway = boto3.client("apigateway")

    def role_is(arn: str) -> None:
        patch = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
        gateway.update_account(patchOperations=patch)  # type: ignore[arg-type]

    role_is("")
    assert said("logging role")[0][0] == "error"
    assert said("logging role", ManageApiGatewayAccount="true")[0][0] == "ok"
    role_is(ROLE)
    assert said("logging role")[0][0] == "ok"
    assert said("logging role", ManageApiGatewayAccount="true")[0][0] == "warning"
    role_is("")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, on_ministack: Ministack) -> None:
    """Nobody answers for the gateway's API."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_API_GATEWAY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def test_what_is_not_answered_is_said_and_the_rest_is_looked_at(closed: None) -> None:
    """A check that was not made is no good news."""
    found = findings(AccessLogGroupName="/none")
    assert ("warning", "not looked at") in {(one.level, one.check) for one in found}
    assert ("error", "log group") in {(one.level, one.check) for one in found}


def test_the_exit_status_says_whether_something_stands_in_the_way(
    on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 with an error, and a table that has it."""
    words = ["AforoTenantId=t", "RedisUrl=redis://r:6379/0", "AccessLogGroupName=/none"]
    assert main(["preflight", "--stack", "new", *words, "--format", "json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"level": "error", "check": "log group"}.items() <= next(
        row.items() for row in rows if row["check"] == "log group"
    )
