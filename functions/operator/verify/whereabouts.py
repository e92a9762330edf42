"""A request that is in the log and not in the ledger: on which part of the road is it?"""

from datetime import datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.quarantined_object import reason_of
from functions.operator.deployment.stack_resources import stack_resources
from functions.operator.messages.queue_depth import queue_depth
from functions.operator.status.forwarder_status import forwarder_status
from functions.operator.verify.hop import Stopped
from functions.operator.verify.target import Target
from functions.usage.errors import UsageError


def where_it_waits(target: Target, extended_id: str, since: datetime) -> Stopped:
    """Where a request stands that was logged after `since`, as far as anybody can see."""
    if kept := _quarantined(target, extended_id, since):
        reason = reason_of(kept)
        check = (
            f"s3://{target.quarantine_bucket}/{kept}: it names the reason. When it is cured:"
            f" `aforo-metering replay start --source quarantine --reason {reason}`."
        )
        return Stopped("metered", "it was quarantined", check)
    waiting = _depth(target)
    if waiting:
        check = "the forwarder's log: it says what Aforo answers, and when it tries again"
        wait = f"{waiting} messages wait in UsageQueue"
        return Stopped("confirmed", wait, f"{check}{_said(target)}.")
    check = (
        "the metering function's log and Errors metric, the log group's subscription filter, "
        "whole deliveries in the quarantine bucket, and whether configuration/metering.json "
        "counts this path with this meter."
    )
    return Stopped("metered", "no event of it was seen", check)


def where_now(target: Target) -> str:
    """In a few words, for a person who waits."""
    waiting = _depth(target)
    if not waiting:
        return "in the log, and UsageQueue is empty: metering has not sent its event"
    noun = "message" if waiting == 1 else "messages"
    return f"in the log; UsageQueue has {waiting} {noun}{_said(target)}"


def _said(target: Target) -> str:
    """What the forwarder said last, if it stopped; empty where that cannot be read."""
    if target.deployment is None:
        return ""
    region = target.region
    try:
        stack = target.deployment.stack
        resources = stack_resources(boto3.client("cloudformation", region_name=region), stack)
        last = forwarder_status(boto3.client("logs", region_name=region), resources)
    except (BotoCoreError, ClientError, UsageError):
        return ""
    return f"; the forwarder holds it, and says: {last.stopped}" if last.stopped else ""


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
    sqs = boto3.client("sqs", region_name=target.region)
    return queue_depth(sqs, target.usage_queue_url).messages
