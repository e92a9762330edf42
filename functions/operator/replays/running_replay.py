"""Executions of the replay state machine, and the decision that some of them need beside them."""

from functions.operator.aws_session import aws_session
from functions.operator.deployment.deployment import Deployment
from functions.operator.executions.machine_runs import RunKind
from functions.replay.decision_name import decision_key

REPLAY = RunKind("replay", "a replay", "ReplayStateMachineArn")


def decide(deployment: Deployment, name: str, text: str) -> None:
    """Put the decision to send what is ambiguous, of the replay of that name and input."""
    aws_session(deployment.region).client("s3").put_object(
        Bucket=deployment.output("LedgerBucketName"),
        Key=decision_key(name),
        Body=text.encode(),
        ContentType="application/json",
    )
