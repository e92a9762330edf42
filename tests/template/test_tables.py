"""What must not change by accident, each as a table that a person reads in a review."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.template import configured, rights, thresholds

TABLES = {
    "rights": (rights.table, rights.TABLE),
    "thresholds": (thresholds.table, thresholds.TABLE),
    "configured": (configured.table, configured.TABLE),
}


@pytest.mark.parametrize(("table", "kept"), TABLES.values(), ids=TABLES.keys())
def test_a_change_of_it_is_seen_in_the_table(table: Callable[[], str], kept: Path) -> None:
    """A permission more or less, a threshold, a period, a timeout, a rate: whoever means it makes
    the table anew (`python -m tests.template.rights > tests/template/rights.txt`; `thresholds` and
    `configured` alike).
    """
    assert table().splitlines() == kept.read_text().splitlines()


def test_no_function_writes_into_a_log_group_but_its_own() -> None:
    """Whoever may write into the metered one may bill anybody."""
    rows = [line.split(maxsplit=2) for line in rights.table().splitlines()]
    writers = {(role, group) for role, group, actions in rows if "logs:PutLogEvents" in actions}
    functions = {(role, group) for role, group in writers if "StateMachine" not in role}
    assert all(group.endswith("LogGroup") for _, group in functions)
    managed = {(role, policy) for role, group, policy in rows if group == "managed"}
    own = {("AuthorizerRole", "iam:policy/AuthorizerSettings")}  # a denial: it carries settings
    others = {role for role, _ in managed - own}
    machines = {"ReconcileStateMachineRole", "ReplayStateMachineRole", "AuditStateMachineRole"}
    assert others <= {"ApiGatewayLogsRole", "CodeDeployServiceRole"} | machines
    assert len({role for role, _ in functions}) == len(functions) >= 10


def test_no_right_reaches_a_resource_that_has_a_name_of_its_own() -> None:
    """`*` is left to what has no resource to name."""
    rows = [line.split(maxsplit=2) for line in rights.table().splitlines()]
    services = {
        action.split(":")[0]
        for _, resource, actions in rows
        if resource == "*"
        for action in actions.split()
    }
    assert services == {"logs", "xray", "ec2", "states", "cloudwatch"}
