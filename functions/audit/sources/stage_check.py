"""A source comes in; what AWS says of its log group and stage that is not as it must be, leaves.

The commonest silent stop: the next deploy of the customer's own CDK, OpenAPI or CloudFormation
drops the stage's log settings, its format or the authorizer. It asks only; nothing is changed.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.not_there import or_none
from functions.audit.sources.served import Watched
from functions.audit.sources.source_fault import FoundFault, SourceFault
from functions.audit.watched_source import WatchedSource

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import SubscriptionFilterTypeDef

# What every bill needs, as a stage's format writes it (docs/reference/logs.md).
NEEDED = ("$context.extendedRequestId", "$context.status")


class StageCheck(NamedTuple):
    """`protected` are the APIs whose authorizer ours is to be, `protected_groups` the access logs
    that a stage of one of them writes to. `replays_incomplete`: a schedule reads requests of
    execution logs again whose lines came in two deliveries.
    """

    gateway: "APIGatewayClient"
    logs: "CloudWatchLogsClient"
    metering: str  # ARN
    authorizer: str  # ARN, without a version or an alias
    protected: Sequence[str]
    replays_incomplete: bool
    protected_groups: Sequence[str] = ()

    def faults(self, source: WatchedSource) -> Iterator[FoundFault]:
        """All of them, so that one visit puts everything right."""
        yield from self._group(source)
        if source.kind == "execution" and not self.replays_incomplete:
            yield FoundFault(SourceFault.NOT_REPLAYED, "ExecutionLogSources is false")
        stages = [*self.stages(source)]
        for api_id, stage in stages:
            yield from self._stage(source, api_id, stage)
        is_of_ours = source.kind == "access" and source.log_group in self.protected_groups
        if is_of_ours and not stages:
            apis = ", ".join(self.protected)
            yield FoundFault(SourceFault.NOT_LOGGED, f"no stage of {apis} logs there")
            for api_id in self.protected:
                yield from self._authorizer(api_id)

    def stages(self, source: WatchedSource) -> Iterator[tuple[str, str]]:
        """Those that write there, by API: as declared or, where nobody said, as far as the
        protected APIs have them. The parameter AccessLogGroupName names no stage.
        """
        if source.api_id and source.stage:
            yield source.api_id, source.stage
        elif source.kind == "access":
            for api_id in self.protected:
                for name in self._logging_to(api_id, source.log_group):
                    yield api_id, name

    def _logging_to(self, api_id: str, log_group: str) -> Iterator[str]:
        found = or_none(lambda: self.gateway.get_stages(restApiId=api_id))
        for one in found["item"] if found else []:
            destination = one.get("accessLogSettings", {}).get("destinationArn", "")
            if is_log_group(destination, log_group):
                yield one["stageName"]

    def watched(self, source: WatchedSource) -> Watched:
        """The names by which CloudWatch counts what is served and delivered of a source."""
        filters = self._filters(source) or []
        ours = [one["filterName"] for one in filters if self._is_ours(one)]
        api_id, stage = next(self.stages(source), (source.api_id, source.stage))
        api = or_none(lambda: self.gateway.get_rest_api(restApiId=api_id)) if api_id else None
        known = source.model_copy(update={"api_id": api_id, "stage": stage})
        return Watched(known, api["name"] if api else None, next(iter(ours), None))

    def _group(self, source: WatchedSource) -> Iterator[FoundFault]:
        filters = self._filters(source)
        if filters is None:
            yield FoundFault(SourceFault.GROUP_GONE, f"no log group {source.log_group}")
        elif not any(map(self._is_ours, filters)):
            seen = [f"{one['filterName']} {one.get('filterPattern', '')!r}" for one in filters]
            yield FoundFault(SourceFault.NOT_SUBSCRIBED, ", ".join(seen) or "no filter")

    def _filters(self, source: WatchedSource) -> "list[SubscriptionFilterTypeDef] | None":
        found = or_none(
            lambda: self.logs.describe_subscription_filters(logGroupName=source.log_group)
        )
        return None if found is None else found["subscriptionFilters"]

    def _is_ours(self, one: "SubscriptionFilterTypeDef") -> bool:
        """A pattern would decide what is billable, out of sight."""
        return one.get("destinationArn") == self.metering and not one.get("filterPattern")

    def _stage(self, source: WatchedSource, api_id: str, stage: str) -> Iterator[FoundFault]:
        found = or_none(lambda: self.gateway.get_stage(restApiId=api_id, stageName=stage))
        if found is None:
            yield FoundFault(SourceFault.STAGE_GONE, f"no stage {stage} of the API {api_id}")
            return
        if source.kind == "execution":
            level = found.get("methodSettings", {}).get("*/*", {}).get("loggingLevel", "OFF")
            if level != "INFO":
                yield FoundFault(SourceFault.NOT_LOGGED, f"the log level is {level}, not INFO")
        else:
            settings = found.get("accessLogSettings", {})
            yield from _access_log(
                source, settings.get("destinationArn", ""), settings.get("format", "")
            )
        if api_id in self.protected:
            yield from self._authorizer(api_id)

    def _authorizer(self, api_id: str) -> Iterator[FoundFault]:
        answer = or_none(lambda: self.gateway.get_authorizers(restApiId=api_id, limit=500))
        found = answer.get("items", []) if answer else []
        if not any(self.authorizer in one.get("authorizerUri", "") for one in found):
            names = ", ".join(one.get("name", "?") for one in found) or "none"
            yield FoundFault(SourceFault.AUTHORIZER_GONE, f"authorizers of the API: {names}")
        response = or_none(
            lambda: self.gateway.get_gateway_response(
                restApiId=api_id, responseType="ACCESS_DENIED"
            )
        )
        if response is None or response.get("defaultResponse"):  # its status is the owner's choice
            yield FoundFault(SourceFault.RESPONSE_CHANGED, "ACCESS_DENIED answers as by default")


def _access_log(source: WatchedSource, destination: str, log_format: str) -> Iterator[FoundFault]:
    if not is_log_group(destination, source.log_group):
        yield FoundFault(SourceFault.NOT_LOGGED, destination or "the stage has no access log")
        return
    if lacks := lacking(log_format):
        yield FoundFault(SourceFault.FORMAT_UNFIT, f"the format lacks {', '.join(lacks)}")


def lacking(log_format: str) -> list[str]:
    """What every bill needs, and a stage's format does not log."""
    return [fact for fact in NEEDED if fact not in log_format]


def is_log_group(destination: str, log_group: str) -> bool:
    """Whether an access log's destination, an ARN, is that log group."""
    return destination.removesuffix(":*").endswith(f":log-group:{log_group}")
