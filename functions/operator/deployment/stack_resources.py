"""A stack's name comes in; the physical ids of its resources leave, by the template's names."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient


class StackResource(NamedTuple):
    """`kind` as CloudFormation names types."""

    physical_id: str
    kind: str


class StackResources(NamedTuple):
    """All of one stack."""

    by_name: Mapping[str, StackResource]

    def of_kind(self, *kinds: str) -> Iterator[tuple[str, str]]:
        """Logical and physical ids."""
        for name, one in self.by_name.items():
            if one.kind in kinds:
                yield name, one.physical_id

    def physical_ids(self) -> dict[str, str]:
        """By the template's names."""
        return {name: one.physical_id for name, one in self.by_name.items()}

    def physical_id(self, name: str) -> str:
        """Permanent where the stack has none of that name."""
        found = self.by_name.get(name)
        if found is None:
            raise Permanent(f"the stack has no {name}")
        return found.physical_id


def stack_resources(client: "CloudFormationClient", stack: str | None) -> StackResources:
    """Permanent where nobody says which stack it is."""
    if stack is None:
        raise Permanent("the stack's name is not known")
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    return StackResources(
        {
            one["LogicalResourceId"]: StackResource(
                one.get("PhysicalResourceId", ""), one["ResourceType"]
            )
            for page in pages
            for one in page["StackResourceSummaries"]
        }
    )
