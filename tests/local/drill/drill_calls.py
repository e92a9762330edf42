"""Real calls through the local gateway, and which of them Aforo has in its book, and how often."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import httpx

from tests.local.demo.accounting import billed_events, served_since
from tests.local.endpoints import DemoCustomer, Endpoints

SERVED = 200


def callers(endpoints: Endpoints) -> list[DemoCustomer]:
    """Those whose quota is large enough to practise with."""
    most = max(one.quota for one in endpoints.customers)
    return [one for one in endpoints.customers if one.quota == most]


def call_each(endpoints: Endpoints, times: int = 1) -> Counter[str]:
    """One after the other; what was answered: the status, and the code of a refusal."""
    answered: Counter[str] = Counter()
    with httpx.Client(timeout=40, trust_env=False) as http:
        for one in callers(endpoints) * times:
            answer = http.get(f"{endpoints.api_url}/pets", headers=dict(one.headers))
            answered[_said(answer)] += 1
    return answered


class Billed(NamedTuple):
    """A customer's billable requests: served, in Aforo's book once, and more than once."""

    served: int
    once: int
    more: int


def billed_since(endpoints: Endpoints, sequence: int) -> Mapping[str, Billed]:
    """By customer, of the metered stage, of what the gateway served after that number."""
    times = Counter(
        (event["metadata"]["extendedRequestId"], event["customerId"])
        for event in billed_events(endpoints)
    )
    found: dict[str, Billed] = {}
    for one in served_since(endpoints, sequence):
        if customer := one["customer_id"]:
            booked = times[one["extended_request_id"], customer]
            served, once, more = found.get(customer, Billed(0, 0, 0))
            found[customer] = Billed(served + 1, once + (booked == 1), more + (booked > 1))
    return found


def _said(answer: httpx.Response) -> str:
    if answer.status_code == SERVED:
        return str(SERVED)
    try:
        return f"{answer.status_code} {answer.json()['error']['code']}"
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)
