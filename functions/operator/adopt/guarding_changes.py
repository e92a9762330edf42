"""A stage that nobody guards comes in, and its methods that are to be; the changes that let our
authorizer decide about their callers leave.
"""

from collections.abc import Iterator, Sequence

from functions.operator.adopt.adopted_stage import AdoptedStage, GatewayMethod
from functions.operator.adopt.adoption_order import (
    MODE_VARIABLE,
    AdoptingStack,
    AdoptionOrder,
)
from functions.operator.adopt.denial_answers import answers_beside
from functions.operator.adopt.guarded_methods import ChosenMethods
from functions.operator.adopt.planned_change import (
    NEW_DEPLOYMENT,
    OURS,
    ChangeKind,
    PlannedChange,
    Value,
)

# With a TTL of 0 API Gateway needs no identity source, and with none it asks for every request: a
# caller without a credential is decided too, in shadow as in earnest.
NO_IDENTITY_SOURCE = ""


def guarding_changes(
    stage: AdoptedStage,
    ours: AdoptingStack,
    order: AdoptionOrder,
    methods: ChosenMethods,
) -> Iterator[PlannedChange]:
    """The mode comes first: a stage that asks the authorizer before it has one is refused by it."""
    mode = stage.variables.get(MODE_VARIABLE)
    before: Value = {"value": mode} if mode is not None else None
    if mode != order.phase:
        target = {"name": MODE_VARIABLE}
        yield PlannedChange(ChangeKind.MODE, target, before, {"value": order.phase}, order.phase)
    source = f"arn:{stage.partition}:execute-api:{stage.region}:{stage.account}:{stage.api_id}"
    source_arn = f"{source}/authorizers/*"
    if source_arn not in ours.lets_in:
        target = {
            "name": f"aforo-adopt-{stage.api_id}",
            "function": ours.authorizer_arn,
        }
        words = "API Gateway may ask the authorizer for this API"
        yield PlannedChange(ChangeKind.PERMISSION, target, None, {"sourceArn": source_arn}, words)
    rest = [*_authorizer(stage, ours), *_answers(stage, ours), *map(_method, methods.chosen)]
    yield from rest
    if rest or _is_undeployed(stage, methods.done):
        now: Value = {"deploymentId": stage.deployment_id} if stage.deployment_id else None
        words = "callers meet it from here on"
        target = {"name": stage.stage}
        yield PlannedChange(ChangeKind.DEPLOYMENT, target, now, NEW_DEPLOYMENT, words)


def _is_undeployed(stage: AdoptedStage, done: Sequence[GatewayMethod]) -> bool:
    """An apply that ended before its deployment."""
    return not {one.name for one in done} <= set(stage.asks_ours)


def _authorizer(stage: AdoptedStage, ours: AdoptingStack) -> Iterator[PlannedChange]:
    after = {
        "authorizerUri": ours.authorizer_uri(stage.region, stage.partition),
        "identitySource": NO_IDENTITY_SOURCE,
        "authorizerResultTtlInSeconds": 0,
    }
    present = next((one for one in stage.authorizers if ours.is_ours(one.uri)), None)
    if present is None:
        names = {one.name for one in stage.authorizers}
        free = next(name for name in ("aforo", "aforo-metering", ours.name) if name not in names)
        words = "a REQUEST authorizer that decides each request (TTL 0)"
        yield PlannedChange(ChangeKind.AUTHORIZER, {"name": free}, None, after, words)
        return
    before = {
        "authorizerUri": present.uri,
        "identitySource": present.identity_source,
        "authorizerResultTtlInSeconds": present.ttl_seconds,
    }
    if before != after:
        words = "no identity source, TTL 0: each request is decided"
        yield PlannedChange(ChangeKind.AUTHORIZER, {"name": present.name}, before, after, words)


def _answers(stage: AdoptedStage, ours: AdoptingStack) -> Iterator[PlannedChange]:
    for kind, after in answers_beside(stage.answers, ours.credential_header).items():
        before = stage.answers.get(kind)
        if before != after:
            status = after["statusCode"]
            was = f", replaces yours ({before.get('statusCode')})" if before else ""
            words = f"{status} with a JSON body{was}"
            yield PlannedChange(ChangeKind.ANSWER, {"name": kind}, before, after, words)


def _method(method: GatewayMethod) -> PlannedChange:
    before = {"authorizationType": method.authorization, "authorizerId": method.authorizer_id}
    after = {"authorizationType": "CUSTOM", "authorizerId": OURS}
    target = {"name": method.name, "resourceId": method.resource_id, "verb": method.verb}
    words = f"was {method.authorization}"
    return PlannedChange(ChangeKind.METHOD, target, before, after, words)
