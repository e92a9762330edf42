"""What is proposed of API Gateway's keys and plans: customers to apply, or a question."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.customers.customer_file import CustomerFile
from functions.operator.customers.file_writing import write_customers
from functions.operator.customers.reading_customers import CustomerFileError, read_customers
from functions.operator.customers.usage_plans import FoundKey, FoundPlans, propose, unclear

GOLD: dict[str, Any] = {
    "id": "p1",
    "name": "Gold",
    "throttle": {"rateLimit": 50.0, "burstLimit": 100},
    "quota": {"limit": 1000, "offset": 0, "period": "DAY"},
}


def key(key_id: str, name: str = "", stated: str = "", **fields: Any) -> FoundKey:
    found = {"is_enabled": True, "plan_ids": ("p1",), **fields}
    return FoundKey(key_id, name, stated, **found)


def customers(*keys: FoundKey, plan: dict[str, Any] = GOLD) -> dict[str, list[str]]:
    """Customer -> the ids of its keys."""
    found = propose(FoundPlans({"p1": plan}, keys))  # type: ignore[dict-item]
    file = CustomerFile.model_validate(found.document)
    return {one.customer_id: [each.key_id for each in one.api_keys] for one in file.customers}


def test_who_a_key_is() -> None:
    """What it says of its customer, else its name, else its id; never two by one name."""
    keys = (
        key("a", "Acme", "cus_acme"),
        key("b", "Acme 2", "cus_acme"),
        key("c", "Globex Inc."),
        key("d", "demo"),
        key("e", "demo"),
        key("f", "--- ---"),
        key("g", "null"),
    )
    assert customers(*keys) == {
        "cus_acme": ["a", "b"],
        "Globex-Inc.": ["c"],
        "demo-d": ["d"],
        "demo-e": ["e"],
        "f": ["f"],
        "g": ["g"],
    }
    assert unclear(propose(FoundPlans({"p1": GOLD}, keys)).comments.values()) == 4  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (GOLD, (1000, "day", 50.0, 100)),
        ({**GOLD, "quota": {"limit": 5, "period": "MONTH"}}, (5, "month", 50.0, 100)),
        ({"id": "p1", "name": "Gold"}, (10**12, "month", 10_000.0, 5_000)),
    ],
)
def test_a_plan_becomes_a_grant(plan: dict[str, Any], expected: tuple[object, ...]) -> None:
    """Its quota and its throttle; without them, what API Gateway does without them."""
    found = propose(FoundPlans({"p1": plan}, [key("a", "acme")]))  # type: ignore[dict-item]
    (grant,) = CustomerFile.model_validate(found.document).plans["Gold"].grants
    assert (grant.limit, grant.period, grant.rate_per_second, grant.burst) == expected


def test_a_quota_by_the_week_is_a_question(tmp_path: Path) -> None:
    """It has no grant: the file is refused until somebody has written one."""
    plan = {**GOLD, "quota": {"limit": 5, "period": "WEEK"}}
    found = propose(FoundPlans({"p1": plan}, [key("a", "acme")]))  # type: ignore[dict-item]
    assert "5 a week; no period here is a week" in found.comments["Gold"]
    write_customers(found.document, tmp_path / "c.yaml", found.comments)
    with pytest.raises(CustomerFileError, match=r"plans\.Gold\.grants: needs at least 1"):
        read_customers(tmp_path / "c.yaml")


def test_a_disabled_key_is_refused_here_too() -> None:
    """As API Gateway refuses it."""
    found = propose(FoundPlans({"p1": GOLD}, [key("a", "acme", is_enabled=False)]))  # type: ignore[dict-item]
    (entry,) = CustomerFile.model_validate(found.document).customers
    assert entry.api_keys[0].revoked is True


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=6, unique=True))
def test_any_names_make_a_file_that_can_be_read(names: list[tuple[str, str]]) -> None:
    """Whatever people call their keys, each key has one customer, in the file and in the map."""
    keys = [key(f"k{i}", name, stated) for i, (name, stated) in enumerate(names)]
    plan = {**GOLD, "name": names[0][0] if names else ""}
    found = propose(FoundPlans({"p1": plan}, keys))  # type: ignore[dict-item]
    file = CustomerFile.model_validate(found.document)
    owners = {each.key_id: one.customer_id for one in file.customers for each in one.api_keys}
    assert owners == found.owners
    assert owners.keys() == {one.key_id for one in keys}
