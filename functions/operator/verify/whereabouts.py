"""A request that is in the log and not in the ledger: on which part of the road is it?"""

from datetime import datetime

import boto3

from functions.operator.verify.hop import Stopped
from functions.operator.verify.target import Target


def where_it_waits(target: Target, extended_id: str, since: datetime) -> Stopped:
    """Where a request stands that was logged after `since`, as far as anybody can see."""
    if kept := _quarantined(target, extended_id, since):
        check = f"s3://{target.quarantine_bucket}/{kept}: it names the reason."
        return Stopped("metered", "it was quarantined", check)
    waiting = _depth(target)
    if waiting:
        check = "the forwarder's log: it says what Aforo answers, and when it tries again."
        return Stopped("confirmed", f"{waiting} messages wait in UsageQueue", check)
    check = (
        "the metering function's log and Errors metric, the log group's subscription filter, "
        "whole deliveries in the quarantine bucket, and whether configuration/metering.json "
        "counts this path with this meter."
    )
    return Stopped("metered", "no event of it was seen", check)


def _quarantined(target: Target, extended_id: str, since: datetime) -> str | None:
    """The object that keeps its line; the lines of others are no answer."""
    s3, bucket = boto3.client("s3", region_name=target.region), target.quarantine_bucket
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            if entry["LastModified"] >= since:
                body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                if extended_id.encode() in body:
                    return entry["Key"]
    return None


def _depth(target: Target) -> int:
    attributes = boto3.client("sqs", region_name=target.region).get_queue_attributes(
        QueueUrl=target.usage_queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",  # held without a doubt
        ],
    )["Attributes"]
    return sum(int(count) for count in attributes.values())
