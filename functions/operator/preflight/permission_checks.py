"""Whether who deploys may make what the template makes, as IAM's simulator says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.operator.preflight.finding import Finding, error, ok, warning

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

# One for each kind of resource of the template, and what `sam deploy` itself does.
ACTIONS = (
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudwatch:PutCompositeAlarm",
    "cloudwatch:PutDashboard",
    "cloudwatch:PutMetricAlarm",
    "codedeploy:CreateApplication",
    "codedeploy:CreateDeployment",
    "codedeploy:CreateDeploymentGroup",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:CreateSecurityGroup",
    "elasticache:CreateServerlessCache",
    "elasticache:CreateUser",
    "elasticache:CreateUserGroup",
    "iam:CreatePolicy",
    "iam:CreateRole",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "kms:CreateKey",
    "kms:PutKeyPolicy",
    "lambda:AddPermission",
    "lambda:CreateAlias",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:PublishVersion",
    "logs:CreateLogGroup",
    "logs:PutSubscriptionFilter",
    "s3:CreateBucket",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "scheduler:CreateSchedule",
    "scheduler:CreateScheduleGroup",
    "secretsmanager:CreateSecret",
    "sns:CreateTopic",
    "sqs:CreateQueue",
    "states:CreateStateMachine",
)


def check_permissions(iam: "IAMClient", sts: "STSClient") -> Iterator[Finding]:
    """What CloudFormation's own role may is not looked at: without one it uses yours."""
    caller = principal_of(sts.get_caller_identity()["Arn"])
    if caller.endswith(":root"):
        found = "you are the account's root user, who may do everything"
        yield warning("permissions", found, "deploy as a role that may do this and no more")
        return
    answer = iam.simulate_principal_policy(PolicySourceArn=caller, ActionNames=list(ACTIONS))
    denied = [
        one["EvalActionName"]
        for one in answer["EvaluationResults"]
        if one["EvalDecision"] != "allowed"
    ]
    if denied:
        yield error(
            "permissions",
            f"{caller} may not: {', '.join(denied)}",
            "have them allowed, or deploy with a role that may",
        )
    else:
        yield ok("permissions", f"{caller} may make every kind of resource")


def principal_of(arn: str) -> str:
    """The role of a session: the simulator takes no session."""
    if ":assumed-role/" not in arn:
        return arn
    partition, account, name = arn.split(":")[1], arn.split(":")[4], arn.split("/")[1]
    return f"arn:{partition}:iam::{account}:role/{name}"
