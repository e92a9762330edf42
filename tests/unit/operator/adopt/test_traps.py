"""What must never happen unwarned (the traps a to j of an adoption), one test each or more."""

from typing import Any

import pytest

from functions.operator.adopt.adoption_order import AdoptionOrder
from functions.operator.adopt.adoption_plan import plan_of_adoption
from functions.operator.adopt.planned_change import ChangeKind
from functions.operator.adopt.stage_makers import made_by
from functions.usage.errors import Permanent
from tests.fakes.adopting import GROUP, METERING, World, method, world

SHADOW = AdoptionOrder(phase="shadow")
OPEN = {("/orders", "GET"): method()}
TWO = ("datadog", "firehose")


def stops(shape: World, order: AdoptionOrder) -> str:
    """Every STOP line of the plan, with its cure."""
    return "\n".join(f"{one.what}: {one.cure}" for one in shape.read(order).plan.stops)


def methods_changed(shape: World, order: AdoptionOrder) -> list[str]:
    plan = shape.read(order).plan
    return [one.target["name"] for one in plan.changes if one.kind is ChangeKind.METHOD]


def test_a_another_authorizer_stays() -> None:
    """Lambda's, Cognito's and IAM's; the plan says whose it is."""
    shape = world(
        {
            ("/a", "GET"): method(),
            ("/b", "GET"): method("CUSTOM", "own"),
            ("/c", "GET"): method("COGNITO_USER_POOLS", "own"),
            ("/d", "GET"): method("AWS_IAM"),
        }
    )
    assert methods_changed(shape, SHADOW) == ["GET /a"]
    left = {one.name: why for one, why in (shape.read(SHADOW).plan.methods or ([], [], []))[2]}
    assert left["GET /b"] == "asks the authorizer own-auth"
    assert left["GET /c"] == "asks Cognito"
    assert "IAM" in left["GET /d"]


def test_a_another_authorizer_is_replaced_only_by_its_word() -> None:
    """IAM's and, unless the method is named, Cognito's not even then."""
    kinds = {"/b": "CUSTOM", "/c": "COGNITO_USER_POOLS", "/d": "AWS_IAM"}
    shape = world({(path, "GET"): method(kind, "own") for path, kind in kinds.items()})
    every = AdoptionOrder(phase="shadow", replace_authorizers=True)
    assert methods_changed(shape, every) == ["GET /b"]
    named = AdoptionOrder(phase="shadow", methods=["GET /c"], replace_authorizers=True)
    assert methods_changed(shape, named) == ["GET /c"]
    spaced = AdoptionOrder(phase="shadow", methods=["get  /c"], replace_authorizers=True)
    assert methods_changed(shape, spaced) == ["GET /c"]
    signed = AdoptionOrder(phase="shadow", methods=["GET /d"], replace_authorizers=True)
    assert "GET /d is signed with IAM" in stops(shape, signed)
    unsaid = AdoptionOrder(phase="shadow", methods=["GET /b"])
    assert "GET /b asks the authorizer own-auth" in stops(shape, unsaid)
    assert "--replace-authorizers" in stops(shape, unsaid)


@pytest.mark.parametrize("phase", ["shadow", "enforce"])
def test_b_clients_with_x_api_key_are_not_locked_out(phase: Any) -> None:
    """Where the authorizer reads Authorization alone; the cure is a command."""
    shape = world({("/orders", "GET"): method(needs_key=True), ("/x", "GET"): method()})
    shape.lambdas.header = "authorization"
    told = stops(shape, AdoptionOrder(phase=phase))
    assert "1 methods are called with x-api-key (GET /orders)" in told
    assert "make deploy STACK=ours PARAMETERS='CredentialHeader=Either'" in told
    for header in ("either", "x-api-key"):
        shape.lambdas.header = header
        assert "x-api-key" not in stops(shape, AdoptionOrder(phase=phase))


def test_b_metering_alone_changes_nothing_for_them() -> None:
    """So it is no STOP there; nor for methods that are not guarded."""
    shape = world({("/orders", "GET"): method(needs_key=True), ("/x", "GET"): method()})
    shape.lambdas.header = "authorization"
    assert stops(shape, AdoptionOrder()) == ""
    assert stops(shape, AdoptionOrder(phase="shadow", methods=["GET /x"])) == ""


def test_c_nobody_is_refused_before_shadow() -> None:
    """Enforce without shadow is a STOP; the mode of a stage comes before its deployment."""
    shape = world(OPEN)
    assert "has not decided in shadow" in stops(shape, AdoptionOrder(phase="enforce"))
    kinds = [one.kind for one in shape.apply(SHADOW).plan.changes]
    assert kinds.index(ChangeKind.MODE) < kinds.index(ChangeKind.DEPLOYMENT)
    assert shape.gateway.stages["prod"]["variables"] == {"aforoMode": "shadow"}
    assert stops(shape, AdoptionOrder(phase="enforce")) == ""


def test_c_in_shadow_a_request_without_a_credential_is_decided_too() -> None:
    """With an identity source API Gateway would answer 401 by itself, shadow or not."""
    shape = world(OPEN)
    shape.apply(SHADOW)
    (ours,) = [one for one in shape.gateway.authorizers.values() if one["name"] == "aforo"]
    assert (ours.get("identitySource", ""), ours["authorizerResultTtlInSeconds"]) == ("", 0)


def test_c_an_authorizer_that_was_attached_by_hand_is_made_fit_for_shadow() -> None:
    """It is known by its function, not by its name."""
    shape = world(OPEN)
    uri = shape.opened.stack.as_it_is().authorizer_uri("us-east-1", "aws")
    shape.gateway.create_authorizer(
        name="usage",
        type="REQUEST",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
        authorizerResultTtlInSeconds=300,
    )
    before = shape.everything()
    shape.apply(SHADOW)
    (ours,) = [one for one in shape.gateway.authorizers.values() if one["authorizerUri"] == uri]
    assert (ours["name"], ours["identitySource"]) == ("usage", "")
    assert ours["authorizerResultTtlInSeconds"] == 0
    assert shape.undo_all() == []
    assert shape.everything() == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda api: api.resources["/orders"]["resourceMethods"].update(POST=method()), "POST"),
        (lambda api: api.resources["/orders"]["resourceMethods"].pop("GET"), "GET /orders is gone"),
        (
            lambda api: api.resources["/orders"]["resourceMethods"]["GET"].update(
                apiKeyRequired=True
            ),
            "whether it needs an API key",
        ),
        (
            lambda api: api.resources["/orders"]["resourceMethods"]["GET"].update(
                methodIntegration={"type": "HTTP", "uri": "https://new"}
            ),
            "GET /orders: its integration",
        ),
        (
            lambda api: api.resources["/orders"]["resourceMethods"]["GET"].update(
                authorizationType="CUSTOM", authorizerId="own"
            ),
            "GET /orders: its authorizer",
        ),
        (
            lambda api: api.put_gateway_response(responseType="THROTTLED", statusCode="503"),
            "the gateway response THROTTLED",
        ),
    ],
)
def test_d_a_colleagues_pending_change_is_not_deployed(change: Any, told: str) -> None:
    """It is named, and goes along only by --deploy-pending."""
    shape = world({**OPEN, ("/free", "GET"): method()})
    change(shape.gateway)
    found = stops(shape, SHADOW)
    assert told in found
    assert "--deploy-pending" in found
    assert stops(shape, AdoptionOrder()) == ""  # metering deploys nothing
    allowed = AdoptionOrder(phase="shadow", deploy_pending=True)
    assert stops(shape, allowed) == ""


def test_d_what_cannot_be_told_is_not_taken_for_nothing() -> None:
    """A resource policy, and a stage of which AWS tells nothing."""
    shape = world(OPEN)
    shape.gateway.policy = "{}"
    assert "cannot be told: the resource policy" in stops(shape, SHADOW)


def test_d_our_own_changes_are_nobodys_pending_ones() -> None:
    """An apply that ended before its deployment goes on."""
    shape = world(OPEN)
    shape.gateway.dies_at = {"create_deployment"}
    with pytest.raises(KeyboardInterrupt):
        shape.apply(SHADOW)
    shape.gateway.dies_at = set()
    assert stops(shape, SHADOW) == ""
    assert not shape.read(SHADOW).is_done


def test_d_undo_puts_no_pending_change_before_callers() -> None:
    """The stage goes back to the very deployment that it had."""
    shape = world(OPEN)
    served = shape.gateway.stages["prod"]["deploymentId"]
    shape.apply(SHADOW)
    shape.gateway.resources["/orders"]["resourceMethods"]["POST"] = method()
    assert shape.undo_all() == []
    assert shape.gateway.stages["prod"]["deploymentId"] == served


def test_d_a_preflight_is_never_guarded() -> None:
    """Not even where it is named."""
    shape = world({**OPEN, ("/orders", "OPTIONS"): method()})
    assert methods_changed(shape, SHADOW) == ["GET /orders"]
    with pytest.raises(Permanent, match="preflight"):
        shape.read(AdoptionOrder(phase="shadow", methods=["OPTIONS /orders"]))


def test_e_the_old_format_is_kept_extended_and_on_record() -> None:
    """Its text stands unchanged in the new one, and comes back."""
    old = '{ "requestId":"$context.requestId","code":$context.status }'
    shape = world(OPEN, log_format=old)
    found = shape.apply(AdoptionOrder())
    new = shape.gateway.stages["prod"]["accessLogSettings"]["format"]
    assert new.endswith(old.removeprefix("{"))
    assert '"extendedRequestId":"$context.extendedRequestId"' in new
    (record,) = shape.opened.records.newest_first()
    assert old in str(record.as_json())
    assert found.plan.stops == ()
    assert shape.undo_all() == []
    assert shape.gateway.stages["prod"]["accessLogSettings"]["format"] == old


@pytest.mark.parametrize(
    "old",
    [
        '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod"',
        "$context.requestId,$context.status",
        '<request id="$context.requestId"/>',
        '{"id":"$context.requestId"',
        '{"id":"$context.requestId","id":"$context.status"}',
    ],
)
def test_e_a_format_that_is_no_json_is_replaced_only_by_its_word(old: str) -> None:
    """And comes back."""
    shape = world(OPEN, log_format=old)
    before = shape.everything()
    assert "--replace-format" in stops(shape, AdoptionOrder())
    assert shape.read(AdoptionOrder()).plan.changes == ()
    shape.apply(AdoptionOrder(replace_format=True))
    assert '"v":"1"' in shape.gateway.stages["prod"]["accessLogSettings"]["format"]
    assert shape.undo_all() == []
    assert shape.everything() == before


def test_f_a_full_subscription_quota_is_seen_before() -> None:
    """And nobody's filter is touched."""
    shape = world(OPEN, filters=TWO)
    assert f"{GROUP} has 2 subscription filters (datadog and firehose)" in stops(
        shape, AdoptionOrder()
    )
    shape = world(OPEN, filters=["datadog"])
    shape.apply(AdoptionOrder())
    assert set(shape.logs.filters[GROUP]) == {"datadog", "aforo-metering"}
    assert shape.logs.filters[GROUP]["aforo-metering"]["destinationArn"] == METERING


def test_f_a_group_that_another_stack_meters_is_left_to_it() -> None:
    """Each request would be billed by both."""
    shape = world(OPEN)
    rival = METERING.replace("ours-", "theirs-")
    shape.logs.put_subscription_filter(
        logGroupName=GROUP, filterName="theirs", filterPattern="", destinationArn=rival
    )
    assert "billed by both" in stops(shape, AdoptionOrder())


def test_f_a_missing_log_group_is_made_and_a_missing_role_is_told() -> None:
    """The role is the account's: nobody changes it in passing."""
    shape = world(OPEN, log_format=None)
    assert next(iter(shape.read(AdoptionOrder()).plan.changes)).kind is ChangeKind.LOG_GROUP
    shape.gateway.role = ""
    assert "aws apigateway update-account" in stops(shape, AdoptionOrder())


def test_f_a_log_that_is_no_log_group_is_told() -> None:
    """Firehose, for one."""
    shape = world(OPEN)
    arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/x"
    shape.gateway.stages["prod"]["accessLogSettings"]["destinationArn"] = arn
    assert "is no log group" in stops(shape, AdoptionOrder())


def test_f_another_stage_in_the_same_group_is_told() -> None:
    """Its requests would be billed as well."""
    shape = world(OPEN)
    shape.gateway.stages["beta"] = {**shape.gateway.stages["prod"], "stageName": "beta"}
    assert "beta of this API log to" in stops(shape, AdoptionOrder())


@pytest.mark.parametrize(
    ("tags", "template", "maker"),
    [
        ({"aws:cloudformation:stack-name": "s"}, "Transform: AWS::Serverless-2016-10-31", "sam"),
        ({"aws:cloudformation:stack-name": "s"}, {"Metadata": {"aws:cdk:path": "x"}}, "cdk"),
        ({"aws:cloudformation:stack-name": "s"}, "Resources: {}", "cloudformation"),
        ({"aws:cloudformation:stack-name": "s"}, None, "cloudformation"),
        ({"ManagedBy": "Terraform"}, None, "terraform"),
        ({"team": "orders"}, None, "hand"),
    ],
)
def test_an_api_of_a_tool_is_known(tags: dict[str, str], template: object, maker: str) -> None:
    """By its tags, and its stack's template."""
    assert made_by(tags, lambda _: template).maker == maker


def test_a_canary_is_not_deployed_over() -> None:
    """A deployment would go to its share alone."""
    shape = world(OPEN)
    shape.gateway.stages["prod"]["canarySettings"] = {"percentTraffic": 10.0}
    assert "a canary runs on the stage" in stops(shape, SHADOW)


def test_enforcing_guards_no_method_that_shadow_has_not_shown() -> None:
    """One that was added since waits for a shadow of its own."""
    shape = world(OPEN)
    shape.apply(SHADOW)
    shape.gateway.resources["/orders"]["resourceMethods"]["POST"] = method()
    assert methods_changed(shape, AdoptionOrder(phase="enforce")) == []
    assert methods_changed(shape, SHADOW) == ["POST /orders"]


def test_what_somebody_changed_since_is_not_undone() -> None:
    """It is named; the rest goes back."""
    shape = world(OPEN)
    shape.apply(AdoptionOrder())
    settings = shape.gateway.stages["prod"]["accessLogSettings"]
    settings["format"] = settings["format"].replace("{", '{"more":"$context.path",', 1)
    (left,) = shape.undo_all()
    assert left.change.kind is ChangeKind.ACCESS_LOG
    assert "somebody has changed it since" in left.why
    assert "more" in shape.gateway.stages["prod"]["accessLogSettings"]["format"]
    assert shape.logs.filters[GROUP] == {}


def test_the_authorizer_stays_while_somebody_elses_deployment_asks_it() -> None:
    """Callers would be answered 500; --deploy-pending deploys what is there without it."""
    shape = world(OPEN)
    shape.apply(SHADOW)
    shape.gateway.resources["/orders"]["resourceMethods"]["POST"] = method()
    shape.gateway.create_deployment(stageName="prod")
    left = {one.change.kind for one in shape.undo_all()}
    assert left >= {ChangeKind.DEPLOYMENT, ChangeKind.AUTHORIZER, ChangeKind.MODE}
    assert [one["name"] for one in shape.gateway.authorizers.values()] == ["own-auth", "aforo"]
    assert shape.undo_all(deploys_pending=True) == []
    assert [one["name"] for one in shape.gateway.authorizers.values()] == ["own-auth"]
    served = shape.gateway.deployments[shape.gateway.stages["prod"]["deploymentId"]]
    assert set(served["resources"]["/orders"]["resourceMethods"]) == {"GET", "POST"}


def test_the_authorizer_stays_while_another_stage_asks_it() -> None:
    """It belongs to the API, and another stage was deployed with it."""
    shape = world(OPEN)
    shape.apply(SHADOW)
    shape.gateway.create_deployment(stageName="beta")
    left = {one.change.kind: one.why for one in shape.undo_all()}
    assert left.keys() == {ChangeKind.AUTHORIZER, ChangeKind.PERMISSION}
    assert "stage beta" in left[ChangeKind.AUTHORIZER]


def test_a_plan_is_a_function_of_what_is() -> None:
    """It asks nobody, so it can be shown again."""
    found = world(OPEN).read(SHADOW)
    assert plan_of_adoption(found.stage, found.ours, found.order) == found.plan
