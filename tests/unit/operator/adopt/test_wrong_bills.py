"""What of an adoption would bill the wrong one, or nobody, is a STOP."""

import json

from functions.operator.adopt.adoption_order import AdoptionOrder
from tests.fakes.adopting import GROUP_ARN, World, method, world

OPEN = {("/orders", "GET"): method()}


def stops(shape: World, order: AdoptionOrder | None = None) -> str:
    found = shape.read(order or AdoptionOrder()).plan.stops
    return "\n".join(f"{one.what}: {one.cure}" for one in found)


def with_key(key: str) -> World:
    shape = world(OPEN)
    places = [{"apiId": "api1", "stage": "prod"}]
    shape.gateway.plans = [{"id": "p", "name": "callers", "apiStages": places}]
    shape.gateway.keys = {"p": [key]}
    return shape


def test_a_key_that_is_no_key_of_the_stage_is_no_customers() -> None:
    """Its value instead of its id would be a secret in a configuration; it is not repeated."""
    shape = with_key("key1")
    told = stops(shape, AdoptionOrder(customers={"s3cr3tvalue": "cus_acme"}))
    assert "1 of the keys are no ids in a usage plan" in told
    assert "s3cr3tvalue" not in told
    assert stops(shape, AdoptionOrder(customers={"key1": "cus_acme"})) == ""


def test_a_key_does_not_change_its_customer_in_passing() -> None:
    """Its next requests would be another's bill."""
    shape = with_key("key1")
    shape.apply(AdoptionOrder(customers={"key1": "cus_acme"}))
    again = AdoptionOrder(customers={"key1": "cus_acme"})
    assert stops(shape, again) == ""
    moved = AdoptionOrder(customers={"key1": "cus_globex"})
    assert "it is cus_acme's, and cus_globex would pay" in stops(shape, moved)


def test_a_log_group_of_another_account_is_not_looked_for_in_ours() -> None:
    """Nor made there: nothing would ever be in it."""
    for other in (
        GROUP_ARN.replace(":000000000000:", ":111122223333:"),
        GROUP_ARN.replace("us-east-1", "eu-west-1"),
    ):
        shape = world(OPEN)
        shape.gateway.stages["prod"]["accessLogSettings"]["destinationArn"] = other
        assert "which is not in 000000000000, us-east-1" in stops(shape)


def test_a_format_that_is_too_long_for_api_gateway_is_told_before() -> None:
    """An apply would end at it; format v1 is short enough."""
    words = {f"k{number}": "$context.identity.userAgent" for number in range(80)}
    old = json.dumps({"requestId": "$context.requestId", **words})
    shape = world(OPEN, log_format=old)
    assert "API Gateway takes 3072" in stops(shape)
    replacing = AdoptionOrder(replace_format=True)
    assert stops(shape, replacing) == ""
    log, *_ = shape.read(replacing).plan.changes
    assert len((log.after or {})["format"]) < 3072


def test_a_configuration_that_cannot_be_billed_by_is_mended_first() -> None:
    """An adoption puts its source into it, and would hide what is wrong."""
    shape = world(OPEN)
    shape.store.words, shape.store.is_newest_bad = "version 1: the newest is not usable", True
    assert "the configuration is not usable: version 1: the newest is not usable" in stops(shape)
    assert ": aforo-metering configuration history says why" not in stops(world(OPEN))
