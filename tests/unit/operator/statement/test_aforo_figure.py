"""What Aforo says of a customer, as a statement tells it."""

import io
import json
from typing import Any

import pytest

from functions.operator.statement.aforo_figure import aforo_figure

ASKED_MS = 1_795_000_000_000


class Fetch:
    """The function that asks Aforo; `body` is its answer."""

    def __init__(self, body: object, fault: str = "") -> None:
        self._body, self._fault = body, fault
        self.asked: list[Any] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "fetch"
        self.asked.append(json.loads(Payload))
        fault = {"FunctionError": self._fault} if self._fault else {}
        return {"Payload": io.BytesIO(json.dumps(self._body).encode()), **fault}


def answered(*customers: object) -> dict[str, object]:
    """As functions.reconciliation.fetch_handler answers."""
    return {"outcome": "answered", "answers": {"meter": "api_calls", "customers": customers}}


def said(fetch: Fetch) -> str:
    client: Any = fetch
    return aforo_figure(client, "fetch", "cus_a")


def test_the_figure_of_the_customer_is_told() -> None:
    """Whole, however large, and of nobody else."""
    quota = {"currentUsage": 1234567.5, "limit": 9}
    fetch = Fetch(
        answered(
            {"customerId": "cus_b", "askedAtMs": ASKED_MS, "quota": {"currentUsage": 3}},
            {"customerId": "cus_a", "askedAtMs": ASKED_MS, "quota": quota},
        )
    )
    assert said(fetch).startswith("Aforo says 1,234,567.5 now: of cus_a,")
    assert fetch.asked == [{"meter": "api_calls", "customers": ["cus_a"]}]


@pytest.mark.parametrize(
    "fetch",
    [
        Fetch({"outcome": "unanswered", "answers": {"meter": "api_calls"}}),
        Fetch(answered({"customerId": "cus_a", "askedAtMs": ASKED_MS})),
        Fetch(answered({"customerId": "cus_b", "askedAtMs": 1, "quota": {"currentUsage": 3}})),
        Fetch({"errorType": "Bug"}, "Unhandled"),
        Fetch(answered({"customerId": "cus_a"}), "Unhandled"),
        Fetch("what is this"),
    ],
)
def test_what_is_not_told_is_said_to_be_so(fetch: Fetch) -> None:
    """An Aforo that is away is no zero."""
    assert said(fetch).startswith("Aforo did not say what it has of cus_a")
