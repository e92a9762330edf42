from dataclasses import replace

import pytest

from tests.local.gateway.admission import Admission
from tests.local.gateway.deployment import ApiKey, Deployment, MethodSettings, UsagePlan
from tests.local.gateway.exchange import Failure
from tests.local.gateway.routes import Route
from tests.unit.local_gateway.exchanges import API, begun

KEY = ApiKey(id="v7y79n2re7", value="key-of-customer-1-BeFFOj")
PLAN = UsagePlan(
    id="nnpegc", key_ids=frozenset({KEY.id}), stages=frozenset({"uwe3g5jm54:prod"}), quota=2
)


def admit(admission: Admission, plan: UsagePlan, *headers: tuple[str, str]) -> Failure | None:
    """Admit a request to a method that needs an API key."""
    exchange = begun(*headers)
    assert exchange.route is not None
    method = replace(exchange.route.method, api_key_required=True)
    route = Route(resource=exchange.route.resource, method=method, parameters={})
    deployment = Deployment(apis={API.id: API}, keys=(KEY,), plans=(plan,))
    return admission.admit(exchange, route, deployment)


@pytest.mark.parametrize(
    ("headers", "plan"),
    [
        ((), PLAN),
        ((("x-api-key", "unknown"),), PLAN),
        ((("x-api-key", KEY.value),), replace(PLAN, key_ids=frozenset())),
        ((("x-api-key", KEY.value),), replace(PLAN, stages=frozenset())),
    ],
)
def test_a_key_without_a_plan_for_the_stage_is_refused(
    headers: tuple[tuple[str, str], ...], plan: UsagePlan
) -> None:
    """No key, an unknown key or a key of another plan: INVALID_API_KEY."""
    failure = admit(Admission(), plan, *headers)
    assert failure is not None
    assert failure.kind == "INVALID_API_KEY"
    assert KEY.value not in "".join(failure.log_lines)


def test_a_quota_admits_exactly_its_limit() -> None:
    """Two of three requests pass a quota of two."""
    admission, key = Admission(), ("x-api-key", KEY.value)
    kinds = [admit(admission, PLAN, key) for _ in range(3)]
    assert [failure and failure.kind for failure in kinds] == [None, None, "QUOTA_EXCEEDED"]


def test_a_plans_throttle_is_per_key() -> None:
    """The burst of the plan passes, the next request is throttled, in the words of AWS."""
    admission, key = Admission(), ("x-api-key", KEY.value)
    plan = replace(PLAN, quota=None, rate=0.001, burst=1)
    assert admit(admission, plan, key) is None
    failure = admit(admission, plan, key)
    assert failure is not None
    (line,) = failure.log_lines
    assert line == (
        "API Key ******************BeFFOj exceeded throttle limit for API Stage uwe3g5jm54/prod:"
        " Key throttle limit exceeded for Usage Plan ID nnpegc, RestApi uwe3g5jm54, Stage prod,"
        " Resource k0w8mc, HttpMethod GET. Limit: 0.00 Burst: 1"
    )


def test_a_method_is_throttled_by_its_settings() -> None:
    """A burst of one lets one through."""
    admission, exchange = Admission(), begun()
    assert exchange.route is not None
    exchange.settings = MethodSettings(rate=0.001, burst=1)
    deployment = Deployment(apis={API.id: API})
    assert admission.admit(exchange, exchange.route, deployment) is None
    failure = admission.admit(exchange, exchange.route, deployment)
    assert failure is not None
    assert failure.kind == "THROTTLED"
