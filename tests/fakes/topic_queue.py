"""A topic of SNS with a queue behind it, so that a test reads what was published."""

import json

import boto3


def make_topic(name: str, queue_url: str) -> str:
    """The ARN of a topic that sends to the queue, which lets SNS do so."""
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    topic: str = sns.create_topic(Name=name)["TopicArn"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic
