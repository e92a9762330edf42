"""What is proposed of API Gateway's keys and plans: customers to apply, or a question."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.customers.customer_file import CustomerFile
from functions.operator.customers.file_writing import as_yaml, write_customers
from functions.operator.customers.reading_customers import CustomerFileError, read_customers
from functions.operator.customers.usage_plans import FoundKey, FoundPlans, propose
from functions.operator.customers.yaml_values import read_yaml
from functions.usage.errors import Permanent

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
    asked = propose(FoundPlans({"p1": GOLD}, keys)).questions  # type: ignore[dict-item]
    # Two keys of one customer had a quota each.
    assert asked == ["cus_acme", "demo-d", "demo-e", "f", "g"]


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


def test_one_quota_of_many_is_a_question() -> None:
    """A customer whose keys are in several plans, or were counted each by itself: no plan and no
    limit is left away without a word.
    """
    silver: dict[str, Any] = {**GOLD, "id": "p2", "name": "Silver"}
    plans: dict[str, Any] = {"p1": GOLD, "p2": silver, "p3": {"id": "p3", "name": "Free"}}
    keys = (
        key("a", "x", "cus_two_plans"),
        key("b", "y", "cus_two_plans", plan_ids=("p2",)),
        key("c", "z", "cus_two_keys"),
        key("d", "u", "cus_two_keys"),
        key("e", "v", "cus_free", plan_ids=("p3",)),
        key("f", "w", "cus_free", plan_ids=("p3",)),
        key("g", "cus_called"),
        key("h", "s", "cus_called"),
    )
    found = propose(FoundPlans(plans, keys))
    comments = found.comments
    assert "in Gold, Silver: it has one quota here, so choose" in comments["cus_two_plans"]
    assert "2 keys had a quota each, and share one here: choose" in comments["cus_two_keys"]
    assert "others are only called so: one customer?" in comments["cus_called"]
    assert "cus_free" not in found.questions


def test_what_a_key_is_called_is_no_question() -> None:
    """Its name stands in the comment, and may hold the words of one."""
    found = propose(FoundPlans({"p1": GOLD}, [key("a", "choose")]))  # type: ignore[dict-item]
    assert found.comments["choose"] == "by the name of key a (choose)"
    assert found.questions == []


def test_a_spreadsheet_without_its_question_is_not_written(tmp_path: Path) -> None:
    """Its customers would have no quota, and nothing would say so."""
    plan = {**GOLD, "quota": {"limit": 5, "period": "WEEK"}}
    found = propose(FoundPlans({"p1": plan}, [key("a", "acme")]))  # type: ignore[dict-item]
    with pytest.raises(Permanent, match="acme: its plan Gold has no grant yet"):
        write_customers(found.document, tmp_path / "c.csv", found.comments)
    assert not (tmp_path / "c.csv").exists()


NASTY = "\n  evil:\n    grants: []\n# "


@given(
    st.one_of(st.text(max_size=30), st.just(NASTY), st.sampled_from(["\x85a", "\u2028b", "\x00"]))
)
def test_no_name_of_a_key_becomes_a_part_of_the_file(name: str) -> None:
    """A comment stays a comment: the file says what was proposed."""
    plan = {**GOLD, "name": name}
    found = propose(FoundPlans({"p1": plan}, [key("a", name)]))  # type: ignore[dict-item]
    read = read_yaml(as_yaml(found.document, found.comments))
    assert read.faults == []
    assert read.value == found.document
