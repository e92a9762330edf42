"""How much is under way: on its way into the log, and in each queue."""

import boto3
import httpx

from tests.local.endpoints import Endpoints


def unwritten(endpoints: Endpoints) -> int:
    """Requests whose lines are not in CloudWatch Logs yet."""
    witness = httpx.get(f"{endpoints.gateway_url}/_witness", timeout=10).json()
    return int(witness["logged"] - witness["flushed"])


def waiting(endpoints: Endpoints, queue: str) -> int:
    """Messages in a queue, those being worked on or held included."""
    answer = boto3.client("sqs").get_queue_attributes(
        QueueUrl=endpoints.queues[queue],
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",  # held without a doubt
        ],
    )
    return sum(int(count) for count in answer["Attributes"].values())
