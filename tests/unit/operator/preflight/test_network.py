"""Subnets by what EC2 says of them, where no emulator counts free addresses or stops resolving."""

from typing import Any, cast

import pytest

from functions.operator.preflight.intended import Intended
from functions.operator.preflight.network_checks import LEAST_ADDRESSES, check_network


class Ec2:
    """One subnet with so many free addresses, in a VPC that resolves names or does not."""

    def __init__(self, free: int, *, resolves: bool = True) -> None:
        self._subnet = {
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "AvailabilityZone": "us-east-1a",
            "AvailableIpAddressCount": free,
        }
        self._resolves = resolves

    def describe_subnets(self, **_: Any) -> dict[str, Any]:
        return {"Subnets": [self._subnet]}

    def describe_vpc_attribute(self, **_: Any) -> dict[str, Any]:
        return {"EnableDnsSupport": {"Value": self._resolves}}


def levels(ec2: Ec2) -> dict[str, str]:
    intended = Intended("new", {"VpcId": "vpc-1", "SubnetIds": "subnet-1"})
    return {one.check: one.level for one in check_network(cast("Any", ec2), intended)}


@pytest.mark.parametrize(
    ("free", "level"), [(LEAST_ADDRESSES - 1, "error"), (LEAST_ADDRESSES, "ok")]
)
def test_a_subnet_needs_free_addresses(free: int, level: str) -> None:
    """A deploy that replaces functions' interfaces needs some of its own."""
    assert levels(Ec2(free))["subnets"] == level


@pytest.mark.parametrize(("resolves", "level"), [(False, "error"), (True, "ok")])
def test_a_vpc_must_resolve_names(*, resolves: bool, level: str) -> None:
    """The cache is found by its name."""
    assert levels(Ec2(100, resolves=resolves))["DNS"] == level
