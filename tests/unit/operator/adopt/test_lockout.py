"""Whom an adoption would lock out that its shadow does not show, and what of others it keeps."""

import pytest

from functions.operator.adopt.adoption_order import AdoptionOrder
from functions.operator.adopt.caller_effects import caller_effects
from functions.operator.adopt.planned_change import ChangeKind
from tests.fakes.adopting import World, method, world

SHADOW = AdoptionOrder(phase="shadow")
OPEN = {("/orders", "GET"): method()}


def stops(shape: World, order: AdoptionOrder) -> str:
    return "\n".join(f"{one.what}: {one.cure}" for one in shape.read(order).plan.stops)


def methods_of(shape: World, order: AdoptionOrder) -> list[str]:
    plan = shape.read(order).plan
    return [one.target["name"] for one in plan.changes if one.kind is ChangeKind.METHOD]


def effects(shape: World) -> str:
    found = shape.read(SHADOW)
    return "\n".join(caller_effects(found.stage, found.order, found.plan))


def test_a_method_of_every_verb_answers_preflights_too() -> None:
    """They carry no credential; with an OPTIONS method beside it they do not reach it."""
    shape = world({("/{proxy+}", "ANY"): method()})
    assert "ANY /{proxy+}: no OPTIONS method stands beside it" in stops(shape, SHADOW)
    named = AdoptionOrder(phase="shadow", methods=["any  /{proxy+}"])
    assert stops(shape, named) == ""
    assert stops(shape, AdoptionOrder()) == ""
    beside = world({("/{proxy+}", "ANY"): method(), ("/{proxy+}", "OPTIONS"): method()})
    assert stops(beside, SHADOW) == ""


def test_a_method_that_was_named_in_shadow_is_no_stop_for_enforcing() -> None:
    """A person has said what it is."""
    shape = world({("/{proxy+}", "ANY"): method()})
    shape.apply(AdoptionOrder(phase="shadow", methods=["ANY /{proxy+}"]))
    assert stops(shape, AdoptionOrder(phase="enforce")) == ""


def test_another_stage_does_not_come_to_enforce_unsaid() -> None:
    """Its next deployment brings the authorizer, in the stack's mode unless it has its own."""
    shape = world(OPEN)
    shape.gateway.create_deployment(stageName="beta")
    assert "beta would ask the authorizer after the next deployment" in stops(shape, SHADOW)
    assert stops(shape, AdoptionOrder()) == ""
    shape.gateway.stages["beta"]["variables"] = {"aforoMode": "shadow"}
    assert stops(shape, SHADOW) == ""


def test_a_stage_that_only_has_the_variable_has_not_been_in_shadow() -> None:
    """Another stage's adoption made the authorizer; this one was never deployed with it."""
    shape = world(OPEN)
    shape.gateway.create_deployment(stageName="beta")
    shape.apply(SHADOW)
    prod, beta = (shape.gateway.stages[name] for name in ("prod", "beta"))
    prod["deploymentId"] = beta["deploymentId"]
    assert "has not decided in shadow" in stops(shape, AdoptionOrder(phase="enforce"))


def test_keys_that_the_own_authorizer_names_are_not_lost() -> None:
    """An API with apiKeySource AUTHORIZER answers 403 where the authorizer names no key."""
    shape = world({("/orders", "GET"): method("CUSTOM", "own", needs_key=True)})
    shape.gateway.key_source = "AUTHORIZER"
    replacing = AdoptionOrder(phase="shadow", replace_authorizers=True)
    assert "takes API keys from the authorizer" in stops(shape, replacing)
    shape.gateway.key_source = "HEADER"
    assert stops(shape, replacing) == ""
    assert ChangeKind.METHOD in {one.kind for one in shape.read(replacing).plan.changes}


ORIGIN = "gatewayresponse.header.Access-Control-Allow-Origin"
CORS = {
    "defaultResponse": False,
    "responseParameters": {ORIGIN: "'https://shop.example'"},
    "responseTemplates": {},
}


@pytest.mark.parametrize("declared", ["DEFAULT_4XX", "ACCESS_DENIED"])
def test_a_browser_can_still_read_a_refusal(declared: str) -> None:
    """What the API's own refusals say of origins stands in ours, and comes and goes with them."""
    shape = world(OPEN, answers={declared: {"responseType": declared, **CORS}})
    before = shape.everything()
    shape.apply(SHADOW)
    denied = shape.gateway.answers["ACCESS_DENIED"]
    assert denied["statusCode"] == "429"
    assert denied["responseParameters"][ORIGIN] == "'https://shop.example'"
    assert shape.read(SHADOW).is_done
    assert stops(shape, SHADOW) == ""
    assert shape.undo_all() == []
    assert shape.everything() == before


def test_a_refusal_that_no_browser_can_read_is_told() -> None:
    """Of an API that has an OPTIONS method, so that browsers call it."""
    shape = world({**OPEN, ("/orders", "OPTIONS"): method()})
    assert "ACCESS_DENIED has no Access-Control-Allow-Origin" in effects(shape)
    allowed = {"DEFAULT_4XX": {"responseType": "DEFAULT_4XX", **CORS}}
    shape = world({**OPEN, ("/orders", "OPTIONS"): method()}, answers=allowed)
    assert "Access-Control-Allow-Origin" not in effects(shape)
    assert "Access-Control-Allow-Origin" not in effects(world(OPEN))


def test_shadow_after_enforce_says_that_nobody_is_refused_any_more() -> None:
    """To add a method by it lets everybody pass until the next enforce."""
    shape = world(OPEN)
    assert "the stage enforces today" not in effects(shape)
    shape.apply(SHADOW)
    shape.apply(AdoptionOrder(phase="enforce"))
    assert "the stage enforces today: that ends" in effects(shape)


def test_a_stage_that_enforces_by_the_stacks_word_is_not_sent_to_shadow() -> None:
    """It asks the authorizer already: a variable of shadow would let its callers in."""
    shape = world(OPEN)
    shape.gateway.create_deployment(stageName="beta")
    shape.apply(SHADOW)
    shape.gateway.create_deployment(stageName="beta")
    shape.gateway.resources["/orders"]["resourceMethods"]["POST"] = method()
    assert methods_of(shape, SHADOW) == ["POST /orders"]
    assert "beta" not in stops(shape, SHADOW)
