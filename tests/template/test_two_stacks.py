"""Two stacks in one account and Region share nothing, whatever they are called."""

from typing import Any

import pytest

from functions.usage.metric import NAMESPACE
from tests.template.stack import template
from tests.template.transformed import ACCOUNT, deployed_stack

EVERYTHING = {
    "VpcId": "vpc-1",
    "SubnetIds": "subnet-1,subnet-2",
    "AccessLogGroupName": "their-own",
    "RestApiId": "abc123",
    "DemoApi": "true",
    "AutomaticReplay": "true",
    "AlarmEmail": "oncall@example.com",
    "AuditExportBucketName": "exports",
    "AuditShards": "10",
    "ManageApiGatewayAccount": "true",
}
# The names that a template may give, and the longest that AWS takes (each service's API reference).
LIMITS = {
    ("AWS::StepFunctions::StateMachine", "StateMachineName"): 80,
    ("AWS::Lambda::Function", "FunctionName"): 64,
    ("AWS::IAM::Role", "RoleName"): 64,
    ("AWS::IAM::Policy", "PolicyName"): 128,
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"): 128,
    ("AWS::SQS::Queue", "QueueName"): 80,
    ("AWS::SNS::Topic", "TopicName"): 256,
    ("AWS::S3::Bucket", "BucketName"): 63,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::Logs::SubscriptionFilter", "FilterName"): 512,
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName"): 255,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::Scheduler::Schedule", "Name"): 64,
    ("AWS::Scheduler::ScheduleGroup", "Name"): 64,
    ("AWS::SecretsManager::Secret", "Name"): 512,
    ("AWS::KMS::Alias", "AliasName"): 256,
    ("AWS::SSM::Parameter", "Name"): 1011,
    ("AWS::EC2::SecurityGroup", "GroupName"): 255,
    ("AWS::ElastiCache::ServerlessCache", "ServerlessCacheName"): 40,
    ("AWS::ElastiCache::UserGroup", "UserGroupId"): 40,
    ("AWS::ElastiCache::User", "UserId"): 40,
    ("AWS::ElastiCache::User", "UserName"): 120,
}
# The account's own, or another resource's: not ours to name.
NOT_OURS = {
    "DemoExecutionLogGroup": "API Gateway names it by the id of the stack's own API",
}


def names(stack: str, **parameters: str) -> dict[tuple[str, str], str]:
    """Every name that the template itself gives, by resource and property."""
    return {
        (name, key): value
        for name, resource in deployed_stack(stack, **EVERYTHING | parameters).items()
        for key, value in resource.get("Properties", {}).items()
        if (resource["Type"], key) in LIMITS and isinstance(value, str)
    }


def test_no_two_stacks_give_one_name() -> None:
    """Named after a stack whose name begins like its own, too."""
    one, other = names("aforo"), names("aforo-prod")
    assert one.keys() == other.keys()
    shared = {where for where, name in one.items() if other[where] == name}
    assert {name for name, _ in shared} == set(NOT_OURS)


def test_every_name_fits_where_the_stack_s_is_as_long_as_it_can_be() -> None:
    """128 characters: a name that is too long fails the create of a stack half-way."""
    stack = "a" + "-bcdefg" * 18 + "h"
    assert len(stack) == 128
    resources = deployed_stack(stack, **EVERYTHING)
    too_long = {
        where: len(value)
        for where, value in names(stack, CountersGeneration="999").items()
        if len(value) > LIMITS[resources[where[0]]["Type"], where[1]]
    }
    assert too_long == {}


def test_every_kind_of_resource_that_can_have_a_name_is_looked_at() -> None:
    """A new one without a line in the table above would be checked by nobody."""
    kinds = {one["Type"] for one in deployed_stack(**EVERYTHING).values()}
    nameless = {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::RestApi",  # by its id; the name is only shown
        "AWS::ApiGateway::Stage",  # of an API
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::KMS::Key",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Alias",  # of a function
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SQS::QueuePolicy",
    }
    assert kinds - nameless - {kind for kind, _ in LIMITS} == set()


def test_no_output_is_exported() -> None:
    """Exports are named for the whole account and Region."""
    assert [name for name, one in template()["Outputs"].items() if "Export" in one] == []


def own_metric_alarms(stack: str) -> dict[str, dict[str, Any]]:
    """The alarms that watch no metric of AWS."""
    return {
        name: one["Properties"]
        for name, one in deployed_stack(stack, **EVERYTHING).items()
        if one["Type"] == "AWS::CloudWatch::Alarm"
        and not str(one["Properties"].get("Namespace", "AWS/")).startswith("AWS/")
    }


def test_every_alarm_on_a_metric_of_ours_names_the_stack() -> None:
    """Without it a living stack's heartbeat would keep the alarm of a dead one silent."""
    alarms = own_metric_alarms("blue")
    assert len(alarms) >= 15
    assert {one["Namespace"] for one in alarms.values()} == {f"{NAMESPACE}/blue"}


def test_every_alarm_on_a_metric_of_aws_names_a_resource_of_the_stack() -> None:
    """A dimension that is a text is a resource of everybody."""
    for name, one in deployed_stack(**EVERYTHING).items():
        properties = one.get("Properties", {})
        if one["Type"] != "AWS::CloudWatch::Alarm" or name in own_metric_alarms("aforo-metering"):
            continue
        values = [dimension["Value"] for dimension in properties.get("Dimensions", [])]
        assert any(isinstance(value, dict) for value in values), name


def test_every_function_writes_into_the_namespace_that_the_alarms_watch() -> None:
    """By one variable, of Globals."""
    functions = [
        one for one in deployed_stack("blue").values() if one["Type"] == "AWS::Lambda::Function"
    ]
    assert len(functions) >= 10
    variables = [one["Properties"]["Environment"]["Variables"] for one in functions]
    assert {one["METRICS_NAMESPACE"] for one in variables} == {f"{NAMESPACE}/blue"}


@pytest.mark.parametrize(
    "machine", ["ReconcileStateMachine", "ReplayStateMachine", "AuditStateMachine"]
)
def test_a_state_machine_logs_where_its_role_s_policy_does_not_grow(machine: str) -> None:
    """Each other group is a line in the account's one resource policy of 5,120 characters: in an
    account with many APIs the deploy would fail (AWS: bp-cwl).
    """
    stack = deployed_stack("blue")
    (destination,) = stack[machine]["Properties"]["LoggingConfiguration"]["Destinations"]
    group, _ = destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"]
    assert stack[group]["Properties"]["LogGroupName"].startswith("/aws/vendedlogs/states/blue-")


def test_the_account_and_the_region_are_in_no_name() -> None:
    """They tell no two stacks apart."""
    assert [name for name in names("blue").values() if ACCOUNT in name] == []
