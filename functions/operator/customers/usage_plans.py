"""API keys and usage plans of API Gateway -> the customers that a file would state, proposed.

Guaranteed: nobody's key changes, and no value of a key leaves: the file names keys by their ids.
What API Gateway counts in another way is not guessed: a comment says what to write there.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from functions.operator.customers.placed_document import Value
from functions.usage.errors import Permanent
from functions.usage.quota import is_customer_id

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import ApiKeyTypeDef, UsagePlanTypeDef

_PER_PAGE = 500
_PERIODS = {"MONTH": "month", "DAY": "day"}
# A plan without a quota: more than anybody calls, and exact in every count.
_NO_QUOTA = 10**12
# What API Gateway allows a Region's account where a plan has no throttle (AWS, 2026).
_ACCOUNT_RATE, _ACCOUNT_BURST = 10_000.0, 5_000
_UNFIT = re.compile(r"[^A-Za-z0-9._:@+~/=-]+")
_PLAN_UNFIT = re.compile(r"[^A-Za-z0-9 ._-]+")


class FoundKey(NamedTuple):
    """A key of API Gateway, without its value."""

    key_id: str
    name: str
    stated_customer: str  # its customerId, else its tag; empty: neither says
    is_enabled: bool
    plan_ids: Sequence[str]


class FoundPlans(NamedTuple):
    """The usage plans that were asked for, by id, and the keys in them."""

    plans: Mapping[str, "UsagePlanTypeDef"]
    keys: Sequence[FoundKey]


class Proposal(NamedTuple):
    """The document of a file, a comment for what a person has to look at, and whose each key is.
    `questions` are the plans and customers whose comments ask something.
    """

    document: dict[str, Value]
    comments: dict[str, str]
    questions: list[str]
    owners: dict[str, str]  # by API key id: the configuration's `customers`


class _PlanSaid(NamedTuple):
    """A part of a comment."""

    words: str
    is_question: bool = False


def read_usage_plans(client: "APIGatewayClient", wanted: Sequence[str]) -> FoundPlans:
    """All, or those of the ids `wanted`; Permanent names one that is not there."""
    pages = client.get_paginator("get_usage_plans").paginate(
        PaginationConfig={"PageSize": _PER_PAGE}
    )
    plans = {plan["id"]: plan for page in pages for plan in page.get("items", [])}
    for plan_id in wanted:
        if plan_id not in plans:
            known = ", ".join(plans) or "none"
            raise Permanent(f"--usage-plan {plan_id}: there is no such id (there are: {known})")
    chosen = {plan_id: plans[plan_id] for plan_id in (wanted or plans)}
    plans_of: dict[str, list[str]] = {}
    for plan_id in chosen:
        for key_id in _keys_of(client, plan_id):
            plans_of.setdefault(key_id, []).append(plan_id)
    keys = client.get_paginator("get_api_keys").paginate(PaginationConfig={"PageSize": _PER_PAGE})
    found = (key for page in keys for key in page.get("items", []) if key["id"] in plans_of)
    return FoundPlans(chosen, [_found(key, plans_of[key["id"]]) for key in found])


def _keys_of(client: "APIGatewayClient", plan_id: str) -> Iterator[str]:
    pages = client.get_paginator("get_usage_plan_keys").paginate(
        usagePlanId=plan_id, PaginationConfig={"PageSize": _PER_PAGE}
    )
    return (key["id"] for page in pages for key in page.get("items", []))


def _found(key: "ApiKeyTypeDef", plan_ids: Sequence[str]) -> FoundKey:
    stated = key.get("customerId") or key.get("tags", {}).get("customerId") or ""
    enabled = key.get("enabled", True)
    return FoundKey(key["id"], key.get("name", ""), stated, enabled, plan_ids)


def propose(found: FoundPlans) -> Proposal:
    """A customer for each customer id that a key has or is tagged with; else one for each key."""
    names = _plan_names(found.plans)
    said: dict[str, list[_PlanSaid]] = {}
    plans: dict[str, Value] = {}
    for plan_id, plan in found.plans.items():
        plans[names[plan_id]], about_plan = _plan(plan)
        said[names[plan_id]] = [about_plan]
    customers: dict[str, dict[str, Value]] = {}
    owners: dict[str, str] = {}
    keys_of: dict[str, list[FoundKey]] = {}
    shared = Counter(_fit(key.name) for key in found.keys)
    for key in found.keys:
        who, about_key = _customer_of(key, is_shared=shared[_fit(key.name)] > 1)
        owners[key.key_id] = who
        entry = customers.setdefault(who, {"customerId": who, "plan": names[key.plan_ids[0]]})
        cast("list[Value]", entry.setdefault("apiKeys", [])).append(_key_entry(key))
        keys_of.setdefault(who, []).append(key)
        said.setdefault(who, []).append(about_key)
    for who, keys in keys_of.items():
        said[who] += [
            _PlanSaid(one, is_question=True) for one in _questions(keys, found.plans, names)
        ]
    document: dict[str, Value] = {"plans": plans, "customers": list(customers.values())}
    comments = {name: "; ".join(one.words for one in parts) for name, parts in said.items()}
    asking = [name for name, parts in said.items() if any(one.is_question for one in parts)]
    return Proposal(document, comments, asking, owners)


def _questions(
    keys: Sequence[FoundKey], plans: Mapping[str, "UsagePlanTypeDef"], names: Mapping[str, str]
) -> Iterator[str]:
    """API Gateway counts each key by itself, and in each of its plans; here a customer counts."""
    plan_ids = dict.fromkeys(one for key in keys for one in key.plan_ids)
    if len(plan_ids) > 1:
        others = ", ".join(names[one] for one in plan_ids)
        yield f"in {others}: it has one quota here, so choose"
    elif len(keys) > 1 and any("quota" in plans[one] for one in plan_ids):
        yield f"its {len(keys)} keys had a quota each, and share one here: choose its limit"
    if len({is_customer_id(key.stated_customer) for key in keys}) > 1:
        yield "some keys say their customer, and others are only called so: one customer?"


def _key_entry(key: FoundKey) -> Value:
    entry: dict[str, Value] = {"keyId": key.key_id, "apiGatewayKeyId": key.key_id}
    if not key.is_enabled:
        entry["revoked"] = True  # as API Gateway refuses it
    return entry


def _customer_of(key: FoundKey, *, is_shared: bool) -> tuple[str, _PlanSaid]:
    called = f"key {key.key_id} ({key.name})"
    if is_customer_id(key.stated_customer):
        return key.stated_customer, _PlanSaid(f"{called} says its customer")
    fit = _fit(key.name)
    if not is_customer_id(fit):
        why = f"{called} names nobody: give the customer's id"
        return key.key_id, _PlanSaid(why, is_question=True)
    if is_shared:
        why = f"several keys are called {key.name}: one customer?"
        return f"{fit[:100]}-{key.key_id}", _PlanSaid(why, is_question=True)
    return fit, _PlanSaid(f"by the name of {called}")


def _fit(name: str) -> str:
    return _UNFIT.sub("-", name.strip()).strip("-")[:128]


def _plan_names(plans: Mapping[str, "UsagePlanTypeDef"]) -> dict[str, str]:
    """A plan's name, as a file may have it; with its id where two are called so."""
    plain = {one: _plan_name(plan.get("name", "")) for one, plan in plans.items()}
    times = Counter(plain.values())
    return {
        one: name if name and times[name] == 1 else f"{name}{one}" for one, name in plain.items()
    }


def _plan_name(name: str) -> str:
    return _PLAN_UNFIT.sub("-", name)[:50].strip(" ._-")


def _plan(plan: "UsagePlanTypeDef") -> tuple[Value, _PlanSaid]:
    """Its grants, and where they come from. A quota by the week has none: no period here is one."""
    quota, throttle = plan.get("quota"), plan.get("throttle", {})
    said = f"usage plan {plan['id']}"
    if quota and quota.get("period") not in _PERIODS:
        limit = quota.get("limit")
        fix = "no period here is a week: write grants by the month or the day"
        return {"grants": []}, _PlanSaid(f"{said}: {limit} a week; {fix}", is_question=True)
    limit, period = (quota["limit"], _PERIODS[quota["period"]]) if quota else (_NO_QUOTA, "month")
    if not quota:
        said += "; it has no quota: the limit is as good as none"
    if "rateLimit" not in throttle:
        said += "; it has no throttle: rate and burst are the account's"
    grant: dict[str, Value] = {
        "limit": limit,
        "period": period,
        "ratePerSecond": float(throttle.get("rateLimit", _ACCOUNT_RATE)),
        "burst": int(throttle.get("burstLimit", _ACCOUNT_BURST)),
    }
    return {"grants": [grant]}, _PlanSaid(said)


def configuration_customers(owners: Mapping[str, str]) -> dict[str, Value]:
    """The part of a version of configuration/metering.json that says whose each key id is."""
    return {"customers": dict(sorted(owners.items()))}
