"""The source check against real service APIs: whatever stops in silence is made, and found."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import put_lines
from functions.adapters.telemetry import Telemetry
from functions.audit.equation import WindowRecord
from functions.audit.source_check import SourceCheck
from functions.audit.sources.logged_hour import LoggedHours
from functions.audit.sources.served import Figures, Watched, Witness
from functions.audit.sources.source_fault import SourceFault
from functions.audit.sources.stage_check import StageCheck
from functions.audit.sources.stage_counts import StageCounts
from functions.audit.sources.witness import HourWitness
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.moment import HOUR_MS
from tests.local.ministack import Ministack

METERING = "arn:aws:lambda:us-east-1:000000000000:function:stack-MeteringFunction-1"
AUTHORIZER = "arn:aws:lambda:us-east-1:000000000000:function:stack-AuthorizerFunction-1"
INVOKE = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}:live/invocations"
FORMAT = '{"extendedRequestId":"$context.extendedRequestId","status":"$context.status"}'
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
HOUR = int(datetime(2026, 11, 29, 10, tzinfo=UTC).timestamp()) * 1000


class Api:
    """A REST API as it must be: a stage that logs in our format, our authorizer, our 429."""

    def __init__(self) -> None:
        self.gateway: Any = boto3.client("apigateway")
        self.name = f"shop-{uuid4().hex}"
        self.id = self.gateway.create_rest_api(name=self.name)["id"]
        self.group = f"/shop/{uuid4().hex}"
        self.logs = boto3.client("logs")
        self.logs.create_log_group(logGroupName=self.group)
        self.subscribe("")
        deployment = self.gateway.create_deployment(restApiId=self.id)["id"]
        self.gateway.create_stage(restApiId=self.id, stageName="prod", deploymentId=deployment)
        self.log_to(self.group, FORMAT)
        self.authorizer = self.gateway.create_authorizer(
            restApiId=self.id, name="aforo", type="REQUEST", authorizerUri=INVOKE.format(AUTHORIZER)
        )["id"]
        self.gateway.put_gateway_response(
            restApiId=self.id, responseType="ACCESS_DENIED", statusCode="429"
        )

    def subscribe(self, pattern: str) -> None:
        self.logs.put_subscription_filter(
            logGroupName=self.group, filterName="usage", filterPattern=pattern,
            destinationArn=METERING,
        )  # fmt: skip

    def log_to(self, group: str, log_format: str) -> None:
        arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
        self.patch(
            {"accessLogSettings/destinationArn": arn, "accessLogSettings/format": log_format}
        )

    def patch(self, values: dict[str, str]) -> None:
        self.gateway.update_stage(
            restApiId=self.id,
            stageName="prod",
            patchOperations=[
                {"op": "replace", "path": f"/{path}", "value": text}
                for path, text in values.items()
            ],
        )

    def source(self, **changes: object) -> WatchedSource:
        said = {"name": "shop", "logGroup": self.group, "kind": "access", "apiId": self.id}
        return WatchedSource.model_validate(said | {"stage": "prod"} | changes)


@pytest.fixture
def api(on_ministack: Ministack) -> Api:
    return Api()


def stage_check(api: Api) -> StageCheck:
    return StageCheck(
        api.gateway, api.logs, METERING, AUTHORIZER, (api.id,), replays_incomplete=True
    )


def faults(api: Api, **changes: object) -> list[SourceFault]:
    return [found.fault for found in stage_check(api).faults(api.source(**changes))]


def test_a_source_that_is_as_it_must_be_has_no_fault(api: Api) -> None:
    """Nothing is cried over."""
    assert faults(api) == []


def test_a_source_of_several_stages_is_looked_at_as_far_as_it_is_known(api: Api) -> None:
    """Without a stage: its group and its subscription."""
    assert faults(api, apiId=None, stage=None) == []
    assert faults(api, apiId=None, stage=None, logGroup="/none") == [SourceFault.GROUP_GONE]


def test_a_source_of_the_parameters_is_found_at_the_protected_api(api: Api) -> None:
    """AccessLogGroupName names no stage: it is one of RestApiId that logs there, or none does."""
    check = stage_check(api)._replace(protected_groups=(api.group,))
    deployed = api.source(name="deployed", apiId=None, stage=None)

    def found() -> list[SourceFault]:
        return [one.fault for one in check.faults(deployed)]

    assert found() == []
    known = api.source(name="deployed")
    assert check.watched(deployed) == Watched(known, api.name, "usage")
    api.gateway.delete_authorizer(restApiId=api.id, authorizerId=api.authorizer)
    assert found() == [SourceFault.AUTHORIZER_GONE]
    api.log_to(api.group, '{"status":"$context.status"}')
    assert found() == [SourceFault.FORMAT_UNFIT, SourceFault.AUTHORIZER_GONE]
    api.log_to("/elsewhere", FORMAT)
    assert found() == [SourceFault.NOT_LOGGED, SourceFault.AUTHORIZER_GONE]
    api.gateway.delete_stage(restApiId=api.id, stageName="prod")
    assert found() == [SourceFault.NOT_LOGGED, SourceFault.AUTHORIZER_GONE]
    assert check.watched(deployed) == Watched(deployed, None, "usage")


def test_a_protected_api_that_is_gone_logs_nowhere(api: Api) -> None:
    """Its stages cannot be asked for: that is an answer, too."""
    check = stage_check(api)._replace(protected_groups=(api.group,))
    api.gateway.delete_rest_api(restApiId=api.id)
    deployed = api.source(name="deployed", apiId=None, stage=None)
    assert SourceFault.NOT_LOGGED in [one.fault for one in check.faults(deployed)]


def test_a_filter_that_is_gone_or_chooses_is_a_fault(api: Api) -> None:
    """A pattern would decide what is billable, out of sight."""
    api.subscribe("ERROR")
    assert faults(api) == [SourceFault.NOT_SUBSCRIBED]
    api.logs.delete_subscription_filter(logGroupName=api.group, filterName="usage")
    assert faults(api) == [SourceFault.NOT_SUBSCRIBED]
    api.logs.delete_log_group(logGroupName=api.group)
    assert faults(api) == [SourceFault.GROUP_GONE]


def test_a_stage_that_logs_elsewhere_or_in_another_format_is_a_fault(api: Api) -> None:
    """The next deploy of the API's own template does it."""
    api.log_to("/elsewhere", FORMAT)
    assert faults(api) == [SourceFault.NOT_LOGGED]
    api.log_to(api.group, '{"status":"$context.status"}')
    assert faults(api) == [SourceFault.FORMAT_UNFIT]
    api.gateway.delete_stage(restApiId=api.id, stageName="prod")
    assert faults(api) == [SourceFault.STAGE_GONE]


def test_an_execution_log_that_is_not_info_is_a_fault(api: Api) -> None:
    """ERROR logs no request that went well."""
    assert faults(api, kind="execution") == [SourceFault.NOT_LOGGED]
    api.patch({"*/*/logging/loglevel": "INFO"})
    assert faults(api, kind="execution") == []


def test_an_execution_log_whose_cut_requests_nobody_replays_is_a_fault(api: Api) -> None:
    """The template cannot see what the configuration declares."""
    api.patch({"*/*/logging/loglevel": "INFO"})
    check = stage_check(api)._replace(replays_incomplete=False)
    found = [one.fault for one in check.faults(api.source(kind="execution"))]
    assert found == [SourceFault.NOT_REPLAYED]
    assert list(check.faults(api.source())) == []


def test_an_authorizer_that_is_gone_is_a_fault_of_a_protected_api_only(api: Api) -> None:
    """Everybody could call; and a denial that answers as by default tells no client to wait."""
    api.gateway.delete_authorizer(restApiId=api.id, authorizerId=api.authorizer)
    assert faults(api) == [SourceFault.AUTHORIZER_GONE]
    api.gateway.delete_gateway_response(restApiId=api.id, responseType="ACCESS_DENIED")
    assert SourceFault.RESPONSE_CHANGED in faults(api)
    unprotected = stage_check(api)._replace(protected=())
    assert list(unprotected.faults(api.source())) == []


def test_what_cloudwatch_calls_things_is_found(api: Api) -> None:
    """The API's name and the filter's."""
    assert stage_check(api).watched(api.source()) == Watched(api.source(), api.name, "usage")
    gone = api.source(apiId="none")
    assert stage_check(api).watched(gone).api_name is None


class CloudWatch:
    """Sums by namespace, metric and dimensions, as GetMetricData gives them: the emulator forgets
    dimensions.
    """

    def __init__(self, sums: dict[tuple[str, str, str], float]) -> None:
        self.sums = sums
        self.windows: list[tuple[datetime, datetime]] = []

    def get_paginator(self, _name: str) -> "CloudWatch":
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        assert len(asked["MetricDataQueries"]) <= 500  # what one call takes
        self.windows.append((asked["StartTime"], asked["EndTime"]))
        return [{"MetricDataResults": [self._result(one) for one in asked["MetricDataQueries"]]}]

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        metric = query["MetricStat"]["Metric"]
        value = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
        of = value.get("Source") or value.get("ApiName") or value.get("FilterName")
        found = self.sums.get((metric["Namespace"], metric["MetricName"], str(of)))
        return {"Id": query["Id"], "Values": [] if found is None else [found]}


OWN = "AforoMetering/stack"


def figures(sums: dict[tuple[str, str, str], float], *sources: Watched) -> dict[str, Figures]:
    return Witness(CloudWatch(sums), OWN).figures(sources, NOW)  # type: ignore[arg-type]


def watched(name: str = "shop", *, api: str | None = "Shop") -> Watched:
    said = {"name": name, "logGroup": f"/{name}", "kind": "access", "apiId": "a1", "stage": "prod"}
    return Watched(WatchedSource.model_validate(said), api, f"filter of {name}")


SERVED = ("AWS/ApiGateway", "Count", "Shop")
READ = (OWN, "LinesRead", "shop")


@pytest.mark.parametrize(
    ("sums", "silent"),
    [
        ({SERVED: 12.0}, True),
        ({SERVED: 12.0, READ: 0.0}, True),
        ({SERVED: 12.0, READ: 1.0}, False),
        ({SERVED: 0.0}, False),
        ({}, False),
        ({READ: 5.0}, False),
    ],
)
def test_a_source_is_silent_where_it_served_and_nothing_arrived(
    sums: dict[tuple[str, str, str], float], *, silent: bool
) -> None:
    """A quiet night is not silence, and one line says that the road is open."""
    assert figures(sums, watched())["shop"].is_silent == silent


def test_deliveries_that_failed_or_were_throttled_are_counted() -> None:
    """Of the source's own filter."""
    mine = "filter of shop"
    sums = {
        ("AWS/Logs", "DeliveryErrors", mine): 2.0,
        ("AWS/Logs", "DeliveryThrottling", mine): 3.0,
    }
    assert figures(sums, watched())["shop"].deliveries_failed == 5


def test_the_window_is_over_before_it_is_looked_at() -> None:
    """What was served in it has been delivered."""
    cloudwatch = CloudWatch({})
    Witness(cloudwatch, OWN).figures([watched()], NOW)  # type: ignore[arg-type]
    ((start, end),) = cloudwatch.windows
    assert NOW - end == timedelta(minutes=5)
    assert end - start == timedelta(minutes=10)


@given(st.integers(1, 300))
def test_any_number_of_sources_is_asked_for(count: int) -> None:
    """In calls of at most 500 questions, and each source has its own figures."""
    sources = [watched(f"s{number}", api=f"A{number}") for number in range(count)]
    sums = {("AWS/ApiGateway", "Count", f"A{number}"): float(number) for number in range(count)}
    found = figures(sums, *sources)
    assert [found[f"s{number}"].served for number in range(count)] == [*map(float, range(count))]


def wired(api: Api, cloudwatch: Any, telemetry: Telemetry, *, bucket: str = "") -> SourceCheck:
    """As the handler wires it, of one source."""
    stages = stage_check(api)
    hours = HourWitness(
        StageCounts(api.gateway, cloudwatch),
        LoggedHours(WindowStore(boto3.client("s3"), bucket)),
        stages.stages,
    )
    witness = Witness(cloudwatch, OWN)
    return SourceCheck(lambda: [api.source()], stages, witness, hours, telemetry)


def test_what_is_found_is_counted_and_named(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    """The figure rings; the log says which source, what, and what stands there."""
    api.log_to("/elsewhere", FORMAT)
    telemetry = Telemetry("source-check")
    cloudwatch: Any = CloudWatch({("AWS/ApiGateway", "Count", api.name): 7.0})
    check = wired(api, cloudwatch, telemetry)
    assert check.look_at_stages() == {"sources": 1, "changed": ["shop"]}
    assert check.look_at_served(NOW) == {"sources": 1, "silent": ["shop"], "deliveriesFailed": 0}
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = {name: line[name] for line in lines for name in line if name.startswith("Source")}
    assert (metrics["SourcesChanged"], metrics["SourcesSilent"]) == (1, 1)
    told = [line for line in lines if line.get("message") == "source.changed"]
    assert [(line["source"], line["fault"]) for line in told] == [("shop", "not_logged")]


def test_failed_deliveries_are_told_where_there_are_some(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm takes no figure for none, and a series without traffic would be paid for."""
    for failed in (0.0, 2.0):
        sums = {("AWS/Logs", "DeliveryErrors", "usage"): failed}
        telemetry = Telemetry("source-check")
        wired(api, CloudWatch(sums), telemetry).look_at_served(NOW)
        telemetry.flush()
        (line,) = map(json.loads, capsys.readouterr().out.splitlines())
        assert line.get("DeliveriesFailed", 0) == failed


def test_no_fault_is_counted_as_none(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    """A figure each time: without one nobody looked, and that rings."""
    telemetry = Telemetry("source-check")
    check = wired(api, CloudWatch({}), telemetry)
    assert check.look_at_stages()["changed"] == []
    telemetry.flush()
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["SourcesChanged"] == 0


def test_an_hour_with_requests_in_no_log_is_told(
    api: Api, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With both figures, once; and it is kept beside the windows that it was compared with."""
    telemetry = Telemetry("source-check-hours")  # a logger writes where its first test looked
    cloudwatch: Any = CloudWatch({("AWS/ApiGateway", "Count", api.name): 40.0})
    check = wired(api, cloudwatch, telemetry, bucket=bucket)
    window = AuditWindow("shop", HOUR, HOUR + HOUR_MS)
    record = WindowRecord.model_validate(
        {
            "source": "shop", "logGroup": api.group, "start": "", "end": "", "auditedAt": "",
            "lines": 30, "equation": {"confirmed": 30},
        }
    )  # fmt: skip
    name = window.object_name(closed=True)
    put_lines(boto3.client("s3"), bucket, name, [record.as_json()])
    told = {
        "source": "shop", "hour": "2026-11-29T10", "requests": 30, "counted": 40, "notLogged": 10,
    }  # fmt: skip
    assert check.look_at_hours(NOW) == {"hours": [told]}
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (said,) = [line for line in lines if line.get("message") == "hour.witnessed"]
    assert (said["level"], said["requests"], said["counted"]) == ("WARNING", 30, 40)
    assert [line["RequestsNotLogged"] for line in lines if "_aws" in line] == [10]
    kept = boto3.client("s3").get_object(
        Bucket=bucket, Key="audits/shop/2026-11-29/witness-10.json"
    )
    assert json.loads(kept["Body"].read()) == {"version": 1, **told}
    assert check.look_at_hours(NOW) == {"hours": []}
