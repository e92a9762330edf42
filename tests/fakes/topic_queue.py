"""A topic of SNS with a queue behind it, so that a test reads what was published."""

import json
from typing import NamedTuple

import boto3


class TopicQueue(NamedTuple):
    topic_arn: str
    queue_url: str


def make_topic_queue(name: str) -> TopicQueue:
    """The topic `name`; its queue may be sent to by SNS."""
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=f"{name}-notices")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return TopicQueue(topic, url)
