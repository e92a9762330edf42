"""Every figure that the local cloud can tell: log groups, the gateway's witness, buckets.

CloudWatch makes the same series of the same things; ministack makes none.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3
import httpx

from tests.local.dashboard.log_figures import LogEvent, figures_of
from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints
from tests.local.metric_series import Point, Series, series_of

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

type Figures = dict[Series, list[Point]]
# Of groups that several functions, or a state machine, write into: whose run a line tells of is not
# in it.
OF_SEVERAL = frozenset({"ReconcileLogGroup", "ReplayLogGroup"})


def collected(endpoints: Endpoints, at_ms: int) -> Figures:
    """All that there is; what CloudWatch says once a day is said of that moment."""
    ids = physical_ids(endpoints.stack_name)
    return {**logged(ids), **_served(endpoints), **_stored(ids, at_ms)}


def logged(ids: Mapping[str, str]) -> Figures:
    logs = boto3.client("logs")
    found: Figures = {}
    for name, group in ids.items():
        if name.endswith("LogGroup") and not name.startswith("Demo"):
            of_one = "" if name in OF_SEVERAL else name.replace("LogGroup", "Function")
            for series, points in figures_of(
                group, ids.get(of_one, ""), _events(logs, group)
            ).items():
                found.setdefault(series, []).extend(points)
    return found


def _events(logs: "CloudWatchLogsClient", group: str) -> Iterator[LogEvent]:
    """Stream by stream: FilterLogEvents does not page on ministack."""
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            yield from _stream_events(logs, group, stream["logStreamName"])


def _stream_events(logs: "CloudWatchLogsClient", group: str, stream: str) -> Iterator[LogEvent]:
    token: dict[str, Any] = {}
    while True:
        page = logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True, **token
        )
        yield from (LogEvent(one["timestamp"], one["message"]) for one in page["events"])
        if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
            return
        token = {"nextToken": page["nextForwardToken"]}


def _served(endpoints: Endpoints) -> Figures:
    """As API Gateway counts: every answer, with an access log or without."""
    apis = boto3.client("apigateway").get_rest_apis()["items"]
    names = {api["id"]: api["name"] for api in apis}
    found: Figures = {}
    after = 0
    while True:
        url = f"{endpoints.gateway_url}/_witness/requests?after={after}&limit=1000"
        page = httpx.get(url, timeout=20).json()
        for one in page["requests"]:
            if one["stage"]:
                by = {"ApiName": names[one["api_id"]], "Stage": one["stage"]}
                points = found.setdefault(series_of("AWS/ApiGateway", "Count", **by), [])
                points.append(Point(one["request_time_epoch_ms"], 1))
        if not page["requests"]:
            return found
        after = page["next"]


def _stored(ids: Mapping[str, str], at_ms: int) -> Figures:
    s3 = boto3.client("s3")
    found: Figures = {}
    for name in ("LedgerBucket", "QuarantineBucket"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=ids[name])
        count = sum(page["KeyCount"] for page in pages)
        by = {"BucketName": ids[name], "StorageType": "AllStorageTypes"}
        found[series_of("AWS/S3", "NumberOfObjects", **by)] = [Point(at_ms, count)]
    return found
