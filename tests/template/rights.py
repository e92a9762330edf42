"""`python -m tests.template.rights > tests/template/rights.txt`: what each role may do, as a table.

The transformed template comes in, with every condition met; a line for each right leaves: role,
resource, actions, and the services through which alone a key may be used.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.template.test_two_stacks import EVERYTHING
from tests.template.transformed import deployed_stack

TABLE = Path(__file__).with_name("rights.txt")


def table() -> str:
    """Sorted, so that a new right is one new line."""
    rows = sorted(set(_rows()))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(
        f"{role:<{widths[0]}}  {resource:<{widths[1]}}  {actions}\n"
        for role, resource, actions in rows
    )


def _rows() -> Iterator[tuple[str, str, str]]:
    for name, resource in deployed_stack(**EVERYTHING).items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            documents = [one["PolicyDocument"] for one in properties.get("Policies", [])]
            for policy in properties.get("ManagedPolicyArns", []):
                yield name, "managed", _without_account(policy)
        elif resource["Type"] in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}:
            documents = [properties["PolicyDocument"]]
        else:
            continue
        for document in documents:
            for statement in document["Statement"]:
                yield from ((name, *right) for right in _rights(statement))


def _rights(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    actions = " ".join(_as_list(statement["Action"]))
    if statement["Effect"] != "Allow":
        actions = f"NOT {actions}"
    services = statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", [])
    if services:
        actions += f" (by {' '.join(sorted(one.split('.')[0] for one in services))})"
    for resource in _as_list(statement["Resource"]):
        yield _named(resource), actions


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(resource: str | dict[str, Any]) -> str:
    """By its logical id; a name that the deploy makes is one."""
    if isinstance(resource, str):
        plain = re.sub(r"\$\{(\w+)(\.\w+)?\}", r"\1", resource)
        return _without_account(re.sub(r"aforo-replay-[0-9a-f]{12}", "aforo-replay-ID", plain))
    ((_, name),) = resource.items()
    return str(name if isinstance(name, str) else name[0])


def _without_account(arn: str) -> str:
    return re.sub(r"^arn:[\w-]+:([\w-]+):[\w-]*:\w*:", r"\1:", arn)


if __name__ == "__main__":
    sys.stdout.write(table())
