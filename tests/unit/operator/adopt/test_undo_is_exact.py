"""Whatever an API looks like, and wherever an apply ends: undone, everything is as it was."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.operator.adopt.adoption_order import PHASES, AdoptionOrder
from tests.fakes.adopting import World, method, world

ORDERS = [AdoptionOrder(phase=phase) for phase in PHASES]
FORMATS = (
    None,
    '{"requestId":"$context.requestId"}',
    '{ "id":"$context.extendedRequestId", "code":$context.status, "ua":"$context.path"}',
    '{"v":"1","extendedRequestId":"$context.extendedRequestId"}',
)
ANSWER = {
    "defaultResponse": False,
    "responseType": "ACCESS_DENIED",
    "statusCode": "403",
    "responseParameters": {},
    "responseTemplates": {"application/json": "{}"},
}
DYING = (
    "update_stage",
    "create_authorizer",
    "put_gateway_response",
    "update_method",
    "create_deployment",
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """An API of some shape, as its owner has deployed it."""
    kinds = st.sampled_from([("NONE", None), ("AWS_IAM", None), ("CUSTOM", "own")])
    places = st.tuples(
        st.sampled_from(["/", "/orders", "/pets/{id}", "/{proxy+}"]),
        st.sampled_from(["GET", "POST", "OPTIONS", "ANY"]),
    )
    methods: Any = draw(
        st.dictionaries(
            places,
            st.builds(lambda kind, key: method(*kind, needs_key=key), kinds, st.booleans()),
            min_size=1,
        )
    )
    return world(
        methods,
        log_format=draw(st.sampled_from(FORMATS)),
        filters=draw(st.sampled_from([(), ("datadog",)])),
        answers=draw(st.sampled_from([{}, {"ACCESS_DENIED": ANSWER}])),
        variables=draw(st.sampled_from([{}, {"backend": "blue"}, {"aforoMode": "other"}])),
    )


@given(shape=worlds(), until=st.integers(0, 2), replaces=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_applied_is_undone_to_the_letter(
    shape: World, until: int, *, replaces: bool
) -> None:
    """Each phase, with and without the authorizers of others."""
    before, served = shape.everything(), shape.gateway.stages["prod"]["deploymentId"]
    for order in ORDERS[: until + 1]:
        shape.apply(AdoptionOrder(phase=order.phase, replace_authorizers=replaces))
        assert shape.read(AdoptionOrder(phase=order.phase, replace_authorizers=replaces)).is_done
    assert shape.undo_all() == []
    assert shape.everything() == before
    assert shape.gateway.stages["prod"]["deploymentId"] == served


@given(shape=worlds(), dying=st.sampled_from(DYING), completes=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_an_apply_that_dies_half_way_is_completed_or_undone(
    shape: World, dying: str, *, completes: bool
) -> None:
    """At whatever call; what it left is on record."""
    before = shape.everything()
    order = AdoptionOrder(phase="shadow", deploy_pending=True)
    shape.gateway.dies_at = {dying}
    try:
        shape.apply(order)
    except KeyboardInterrupt:
        shape.gateway.dies_at = set()
        if completes:
            shape.apply(order)
            assert shape.read(order).is_done
    shape.gateway.dies_at = set()
    assert shape.undo_all() == []
    assert shape.everything() == before


@given(shape=worlds())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_an_undo_that_dies_half_way_is_completed(shape: World) -> None:
    """It begins where it ended."""
    before = shape.everything()
    shape.apply(AdoptionOrder(phase="shadow"))
    shape.gateway.dies_at = {"update_stage"}
    with pytest.raises(KeyboardInterrupt):
        shape.undo_all()
    shape.gateway.dies_at = set()
    assert shape.undo_all() == []
    assert shape.everything() == before


@given(shape=worlds())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_no_phase_touches_a_preflight_or_a_signed_method(shape: World) -> None:
    """Whatever else is asked for."""
    guarded = ("GET", "POST", "ANY")
    kept = [
        [path, verb, said]
        for path, verb, said in shape.everything()["methods"]
        if verb not in guarded or said["authorizationType"] == "AWS_IAM"
    ]
    for order in ORDERS:
        shape.apply(AdoptionOrder(phase=order.phase, replace_authorizers=True))
    now = shape.everything()["methods"]
    assert all(one in now for one in kept)
