"""Who may act for the stack, in every partition; and no more than it has to be."""

import json
import re
from typing import Any

import pytest

from tests.local.endpoints import ROOT
from tests.template.test_two_stacks import EVERYTHING
from tests.template.transformed import ACCOUNT, deployed_stack

REGIONS = {"us-east-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"}


def statements(value: Any) -> list[dict[str, Any]]:
    """Every statement of a policy, wherever it stands."""
    if isinstance(value, dict):
        inner = [one for part in value.values() for one in statements(part)]
        return [value, *inner] if "Effect" in value else inner
    return [one for part in value for one in statements(part)] if isinstance(value, list) else []


def services(resources: dict[str, Any]) -> set[str]:
    """Every service that a policy or a permission names."""
    found = [one["Principal"] for one in statements(resources) if "Principal" in one]
    named = [one["Service"] for one in found if isinstance(one, dict) and "Service" in one]
    permissions = [
        one["Properties"]["Principal"]
        for one in resources.values()
        if one["Type"] == "AWS::Lambda::Permission"
    ]
    lists = [[one] if isinstance(one, str) else one for one in named]
    return {one for some in (*lists, permissions) for one in some}


@pytest.mark.parametrize("region", REGIONS)
def test_a_service_s_name_is_the_same_in_every_partition(region: str) -> None:
    """AWS's CDK: `<service>.amazonaws.com` is right from within any Region, in China too, where the
    names of hosts end otherwise (guide, "Incorrect service principals are being created").
    """
    assert services(deployed_stack(region=region, **EVERYTHING)) == {
        "apigateway.amazonaws.com",
        "codedeploy.amazonaws.com",
        "lambda.amazonaws.com",
        "logs.amazonaws.com",
        f"logs.{region}.amazonaws.com",  # KMS wants the Region's (AWS: encrypt-log-data-kms)
        "scheduler.amazonaws.com",
        "states.amazonaws.com",
    }


@pytest.mark.parametrize("region", REGIONS)
def test_an_arn_names_the_partition_that_it_is_in(region: str) -> None:
    """All of them, SAM's too."""
    text = json.dumps(deployed_stack(region=region, **EVERYTHING))
    assert set(re.findall(r"arn:([\w-]+):", text)) == {REGIONS[region]}


def test_no_suffix_of_hosts_stands_in_a_principal() -> None:
    """`URLSuffix` is for addresses: the demo's is the only one."""
    lines = (ROOT / "template.yaml").read_text().splitlines()
    users = [line.split(":")[0].strip() for line in lines if "AWS::URLSuffix" in line]
    assert users == ["DemoApiUrl"]


def trusts(service: str) -> dict[str, list[dict[str, Any]]]:
    """The trust policies of a service's roles."""
    found = {
        name: one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for name, one in deployed_stack(**EVERYTHING).items()
        if one["Type"] == "AWS::IAM::Role"
    }
    return {name: trust for name, trust in found.items() if service in json.dumps(trust)}


def test_a_schedule_s_role_is_for_the_schedules_of_this_stack() -> None:
    """Scheduler takes the ARN of a group, and of no schedule (AWS:
    cross-service-confused-deputy-prevention).
    """
    roles = trusts("scheduler")
    assert len(roles) == 5
    for name, found in roles.items():
        (statement,) = found
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]}},
        }, name
    schedules = [
        one["Properties"]
        for one in deployed_stack(**EVERYTHING).values()
        if one["Type"] == "AWS::Scheduler::Schedule"
    ]
    assert {one["GroupName"]["Ref"] for one in schedules} == {"ScheduleGroup"}
    named = {one["Target"]["RoleArn"]["Fn::GetAtt"][0] for one in schedules}
    assert named == set(roles)


def test_the_key_serves_the_log_groups_of_this_stack() -> None:
    """And all of them that are encrypted with it: a group that it does not serve is not created."""
    stack = deployed_stack("blue", **EVERYTHING)
    [logs] = [
        one
        for one in stack["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in one["Principal"]
    ]
    ((key, patterns),) = logs["Condition"]["ArnLike"].items()
    assert key == "kms:EncryptionContext:aws:logs:arn"
    prefix = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
    groups = [
        prefix + one["Properties"].get("LogGroupName", f"blue-{name}-*")
        for name, one in stack.items()
        if one["Type"] == "AWS::Logs::LogGroup" and "KmsKeyId" in one["Properties"]
    ]
    assert sorted(patterns) == sorted(groups)


def test_a_state_machine_invokes_the_functions_of_its_states_and_no_other() -> None:
    """SAM's policy for it ends in `*`: any function whose name begins so."""
    stack = deployed_stack(**EVERYTHING)
    machines = ("ReconcileStateMachine", "ReplayStateMachine", "AuditStateMachine")
    for role in (f"{machine}Role" for machine in machines):
        policies = statements(stack[role]["Properties"]["Policies"])
        invoked = [one["Resource"] for one in policies if "lambda:InvokeFunction" in one["Action"]]
        (resources,) = invoked
        assert all(set(one) == {"Fn::GetAtt"} for one in resources), role


def test_the_functions_reach_the_stack_s_own_counters_and_nothing_else() -> None:
    """An existing Redis has no group that the template knows: there its ports are open to all."""
    stack = deployed_stack(VpcId="vpc-1", SubnetIds="subnet-1")
    (inline,) = stack["FunctionSecurityGroup"]["Properties"]["SecurityGroupEgress"]
    assert inline["CidrIp"] == "127.0.0.1/32"
    rule = stack["FunctionEgressToCounters"]["Properties"]
    assert rule["DestinationSecurityGroupId"] == {"Ref": "CountersSecurityGroup"}
    assert (rule["FromPort"], rule["ToPort"]) == (6379, 6380)
    assert "FunctionEgressToRedis" not in stack
    theirs = deployed_stack(VpcId="vpc-1", SubnetIds="subnet-1", RedisUrl="rediss://theirs:6379")
    assert "FunctionEgressToCounters" not in theirs
    rule = theirs["FunctionEgressToRedis"]["Properties"]
    assert (rule["FromPort"], rule["ToPort"]) == (6379, 6380)
    given = {"RedisUrl": "rediss://theirs:6379", "RedisSecurityGroupId": "sg-1"}
    without = deployed_stack(VpcId="vpc-1", SubnetIds="subnet-1", **given)
    assert not [one for one in without.values() if one["Type"].startswith("AWS::EC2::")]


@pytest.mark.parametrize("parameters", [{"LogSource": "execution"}, {"DemoApi": "true"}])
def test_requests_are_looked_for_where_they_can_be_incomplete(parameters: dict[str, str]) -> None:
    """In an execution log: only there is a request many lines. Elsewhere the machine would be
    started 8,640 times a month for nothing.
    """
    served = {"IncompleteSchedule", "ReplayNotStartedAlarm"}
    access = deployed_stack(
        RedisUrl="redis://theirs", AccessLogGroupName="group", LogSource="access"
    )
    assert not served & access.keys()
    both = {"AccessLogGroupName": "group", **parameters}
    assert served <= deployed_stack(RedisUrl="redis://theirs", **both).keys()
