"""What the plan says that stands elsewhere too: costs, answers, limits."""

import pytest

from functions.operator.adopt.denial_answers import denial_answers
from functions.operator.adopt.monthly_cost import (
    AUTHORIZER_PER_MILLION,
    PAGE,
    PER_MILLION,
    SOURCE_MONTH,
    dollars_a_million,
    dollars_a_month,
)
from tests.cost.page import price_list_of
from tests.cost.price_list import RATES, total
from tests.local.endpoints import ROOT
from tests.template.stack import template

_HEADER = "gatewayresponse.header."


def test_a_million_costs_what_the_price_list_says() -> None:
    """Of each rate, to the cent; and the page is there."""
    prices = price_list_of()
    said = [(rate.requests_a_month, round(total(prices.per_million(rate)), 2)) for rate in RATES]
    assert said == list(PER_MILLION)
    assert round(dict(prices.per_million(RATES[0]))["authorizer: Lambda"], 2) == (
        AUTHORIZER_PER_MILLION
    )
    assert (ROOT / PAGE).exists()


@pytest.mark.parametrize(
    ("requests", "guarded", "dollars"),
    [(1000, True, 4.60), (10**6, False, 4.38), (2 * 10**7, True, 1.29), (10**11, True, 0.28)],
)
def test_fewer_requests_cost_more_each(requests: int, dollars: float, *, guarded: bool) -> None:
    """By the nearest figure that is not lower."""
    assert dollars_a_million(requests, is_guarded=guarded) == pytest.approx(dollars)
    each = requests / 10**6 * dollars
    assert dollars_a_month(requests, is_guarded=guarded) == pytest.approx(each + SOURCE_MONTH)


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key", "Either"])
@pytest.mark.parametrize("kind", ["ACCESS_DENIED", "UNAUTHORIZED"])
def test_a_refusal_is_answered_as_the_templates_own_api_answers(kind: str, header: str) -> None:
    """Status, headers and body; the body of a 401 by where a credential may stand."""
    said = template()["Resources"]["DemoApiGateway"]["Properties"]["GatewayResponses"][kind]
    bodies = template()["Mappings"]["CredentialHeaders"]
    ours = denial_answers(bodies[header]["Variable"])[kind]
    assert ours["statusCode"] == str(said["StatusCode"])
    body = said["ResponseTemplates"]["application/json"]
    text = body if isinstance(body, str) else bodies[header]["Unauthorized"]
    assert ours["responseTemplates"] == {"application/json": text}
    headers = said["ResponseParameters"]["Headers"]
    assert ours["responseParameters"] == {f"{_HEADER}{name}": one for name, one in headers.items()}
