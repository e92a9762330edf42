"""What stands in the way of an adoption, and what to do about it: pure, one STOP after another.

A STOP is about what callers or the bill would notice. Nothing is changed while there is one.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from functions.operator.adopt.adopted_stage import (
    AdoptedStage,
    GatewayMethod,
    SubscriptionFilter,
)
from functions.operator.adopt.adoption_order import (
    HEADER_OF_TOKENS,
    MODE_VARIABLE,
    AdoptingStack,
    AdoptionOrder,
)
from functions.operator.adopt.told_words import some
from functions.operator.preflight.gateway_checks import MOST_AUTHORIZERS
from functions.operator.preflight.log_group_checks import MOST_FILTERS

_ROLE_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_ANY_METERING = "-MeteringFunction"
_SHOWN = 3


class StopLine(NamedTuple):
    """`cure` is a command, or what a person has to decide."""

    what: str
    cure: str


def stops_of_stage(stage: AdoptedStage, ours: AdoptingStack) -> Iterator[StopLine]:
    """Whatever the phase: without these nothing is metered, or too much."""
    if not stage.account_role:
        yield StopLine(
            "API Gateway has no role to write logs with in this Region",
            f"make a role with the policy {_ROLE_POLICY}, then: aws apigateway update-account"
            " --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN",
        )
    if ours.unusable:
        yield StopLine(
            f"the configuration is not usable: {ours.unusable}",
            "mend it first: aforo-metering configuration history says why",
        )
    yield from _of_destination(stage)
    yield from _of_filters(stage, ours)


def _of_destination(stage: AdoptedStage) -> Iterator[StopLine]:
    if not stage.group_name:
        destination = (stage.access_log or {}).get("destinationArn", "")
        yield StopLine(
            f"the access log goes to {destination}, which is no log group",
            "a stage has one access log: meter its execution log (docs/how-to/add-a-source.md)",
        )
    elif _is_elsewhere(stage):
        yield StopLine(
            f"the access log goes to {(stage.access_log or {})['destinationArn']}, which is not in"
            f" {stage.account}, {stage.region}",
            "let the stage log to a group beside it, or meter it with a stack over there",
        )
    if stage.sharing:
        yield StopLine(
            f"{', '.join(stage.sharing)} of this API log to {stage.group_name} too: their requests"
            " would be billed as well",
            "give them a log group of their own",
        )
    group = stage.log_group
    if group is not None and group.log_class != "STANDARD":
        yield StopLine(
            f"{group.name} has the class {group.log_class}, which takes no subscription filter",
            "a class cannot be changed: let the stage log to another group",
        )


def _is_elsewhere(stage: AdoptedStage) -> bool:
    """A name alone would be looked for, and made, in our account."""
    if stage.access_log is None:
        return False
    _, _, _, region, account, *_ = stage.access_log["destinationArn"].split(":")
    return (region, account) != (stage.region, stage.account)


def _of_filters(stage: AdoptedStage, ours: AdoptingStack) -> Iterator[StopLine]:
    others = [one for one in stage.filters if not is_our_filter(one, ours)]
    rival = next((one for one in others if _ANY_METERING in one.destination), None)
    if rival:
        yield StopLine(
            f"the filter {rival.name} leads to {rival.destination}, which meters too: each request"
            " would be billed by both",
            "take the stage out of the other stack first",
        )
    if len(others) >= MOST_FILTERS:
        names = " and ".join(one.name for one in others)
        yield StopLine(
            f"{stage.group_name} has {MOST_FILTERS} subscription filters ({names}), and CloudWatch"
            " Logs takes no more",
            "end one of them, or let one Lambda or Kinesis stream feed both of its readers",
        )


def is_our_filter(one: SubscriptionFilter, ours: AdoptingStack) -> bool:
    """Whether it leads to this stack's metering function."""
    return one.destination == ours.metering_arn


def stops_of_guard(
    stage: AdoptedStage,
    ours: AdoptingStack,
    order: AdoptionOrder,
    methods: Sequence[GatewayMethod],
) -> Iterator[StopLine]:
    """What the authorizer would meet on the methods that are to ask it."""
    needing = [one.name for one in methods if one.needs_key]
    if not methods:
        yield StopLine(
            "no method is left for the authorizer: each has one of its own",
            "name some by --method, with --replace-authorizers: their own authorizer then ends",
        )
    if needing and ours.credential_header == HEADER_OF_TOKENS:
        yield StopLine(
            f"{len(needing)} methods are called with x-api-key ({some(needing, _SHOWN)}), and the"
            " authorizer reads Authorization: it would refuse their callers",
            f"make deploy STACK={ours.name} PARAMETERS='CredentialHeader=Either'",
        )
    if order.phase == "enforce" and not _has_had_shadow(stage):
        yield StopLine(
            "the authorizer has not decided in shadow on this stage: nobody knows whom it would"
            " refuse",
            "--phase shadow first, and look at RequestsWouldBeDenied",
        )
    if stage.has_canary:
        yield StopLine(
            "a canary runs on the stage: a deployment would go to its share alone",
            "promote or delete the canary first",
        )
    is_new = not any(ours.is_ours(one.uri) for one in stage.authorizers)
    if is_new and len(stage.authorizers) >= MOST_AUTHORIZERS:
        yield StopLine(
            f"the API has {len(stage.authorizers)} authorizers, and API Gateway takes"
            f" {MOST_AUTHORIZERS}",
            "delete one, or have the quota raised",
        )


def _has_had_shadow(stage: AdoptedStage) -> bool:
    """As it was deployed: the authorizer may be there for another stage alone."""
    return bool(stage.asks_ours) and MODE_VARIABLE in stage.variables


def stops_of_deployment(stage: AdoptedStage, order: AdoptionOrder) -> Iterator[StopLine]:
    """A deployment puts all that waits before callers, a colleague's changes too."""
    if order.deploy_pending:
        return
    if stage.pending.changes:
        yield StopLine(
            f"changes that are not ours wait for a deployment: {'; '.join(stage.pending.changes)}",
            "have their owner deploy them, or --deploy-pending",
        )
    if stage.pending.untold:
        yield StopLine(
            "whether other changes wait for a deployment cannot be told:"
            f" {'; '.join(stage.pending.untold)}",
            "ask who changes this API, then --deploy-pending",
        )
