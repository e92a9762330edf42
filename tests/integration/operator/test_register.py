"""The register on real S3: of each thing the greatest version, whatever order it came in."""

from collections.abc import Callable
from itertools import permutations
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.operator.counter_commands.register import Register
from functions.operator.counter_commands.register_places import PREFIX
from functions.operator.counter_commands.register_segments import MOST_SMALL_SEGMENTS
from functions.reconciliation.commands import (
    STANDING_COMMAND,
    GrantCommand,
    StandingCommand,
    StatusCommand,
)
from functions.usage.quota import Status

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@pytest.fixture
def register(s3: "S3Client", bucket: str) -> Register:
    return Register(s3, bucket)


def status(version: int, customer: str = "cus_a") -> StandingCommand:
    return StatusCommand(customer_id=customer, status=Status.ACTIVE, version=version)


def grant(version: int, *, policy: bool | None = None, meter: str = "api_calls") -> GrantCommand:
    fields = {"customerId": "cus/a", "meter": meter, "limit": version, "period": "month"}
    rate = {"ratePerSecond": 1.0, "burst": 1, "allowWhenUnknown": policy, "version": version}
    return GrantCommand.model_validate({**fields, **rate}, strict=False)


def names(s3: "S3Client", bucket: str) -> list[str]:
    found = s3.list_objects_v2(Bucket=bucket, Prefix=PREFIX).get("Contents", [])
    return [entry["Key"] for entry in found]


@pytest.mark.parametrize("order", list(permutations([1, 2, 30])))
def test_the_greatest_version_of_a_thing_is_kept(
    register: Register, s3: "S3Client", bucket: str, order: tuple[int, ...]
) -> None:
    """In any order, and recorded twice; what it supersedes goes."""
    for version in (*order, order[0]):
        register.record(status(version))
    register.record(status(1, "cus_b"))
    assert sorted(register.commands(), key=str) == sorted([status(30), status(1, "cus_b")], key=str)
    assert len(names(s3, bucket)) == 2


def test_things_are_told_apart(register: Register) -> None:
    """A customer's grants of two meters, its guard, a key, a token's and a client's revocation."""
    digest = "ab" * 32
    commands = [
        grant(1),
        grant(2, meter="data_transfer"),
        status(3, "cus/a"),
        *(
            STANDING_COMMAND.validate_python(fields, strict=False)
            for fields in (
                {"kind": "guard", "customerId": "cus/a", "level": "L1_ALERT", "version": 1},
                {"kind": "mode", "customerId": "cus/a", "mode": "shadow", "version": 2},
                {"kind": "revocation", "jti": "one", "untilMs": 5},
                {"kind": "revocation", "keyId": "one", "untilMs": 6},
                {
                    "kind": "credential",
                    "apiKeySha256": digest,
                    "customerId": "cus/a",
                    "keyId": "k",
                    "environment": "live",
                    "version": 1,
                },
                {
                    "kind": "jwks",
                    "keys": [{"kty": "RSA", "kid": "k", "n": "A" * 342, "e": "AQAB"}],
                    "version": 1,
                },
            )
        ),
    ]
    for command in commands:
        register.record(command)
    assert sorted(map(repr, register.commands())) == sorted(map(repr, commands))


def test_the_longest_revocation_stands(register: Register) -> None:
    """A revocation has no version: it only ever gets longer."""
    fields = {"kind": "revocation", "keyId": "k"}
    for until_ms in (9_000, 70_000, 200):
        register.record(STANDING_COMMAND.validate_python({**fields, "untilMs": until_ms}))
    (kept,) = register.commands()
    assert kept == STANDING_COMMAND.validate_python({**fields, "untilMs": 70_000})


def test_a_policy_outlives_the_grant_that_stated_it(register: Register) -> None:
    """The next grant may say nothing of it; the counters keep it, and so does the register."""
    register.record(grant(1, policy=True))
    register.record(grant(2))
    assert sorted(register.commands(), key=repr) == sorted(
        [grant(1, policy=True), grant(2)], key=repr
    )


def test_one_by_one_or_all_at_once_is_the_same(register: Register) -> None:
    """A command that stands alone and in a segment is one; of a thing the greatest version wins,
    wherever it stands.
    """
    register.record(status(5))
    register.record(status(1, "cus_b"))
    register.record_all([status(4), status(2, "cus_b"), grant(3, policy=False)])
    register.record_all([status(5), grant(4)])
    expected = [status(5), status(2, "cus_b"), grant(3, policy=False), grant(4)]
    assert sorted(register.commands(), key=repr) == sorted(expected, key=repr)


def test_an_apply_makes_one_object(register: Register, s3: "S3Client", bucket: str) -> None:
    """Of many commands; the same ones again make no second."""
    many = [status(1, f"cus_{i}") for i in range(1000)]
    register.record_all(many)
    register.record_all(reversed(many))
    assert len(names(s3, bucket)) == 1
    assert sorted(register.commands(), key=repr) == sorted(many, key=repr)


def test_a_folder_that_a_console_made_is_no_command(
    register: Register, s3: "S3Client", bucket: str
) -> None:
    """Empty objects of folders' names beside what was recorded, one by one and all at once."""
    register.record(status(1))
    register.record_all([status(1, "cus_b")])
    for folder in ("", "segments/", "status/"):
        s3.put_object(Bucket=bucket, Key=f"{PREFIX}{folder}", Body=b"")
    expected = [status(1), status(1, "cus_b")]
    assert sorted(register.commands(), key=repr) == sorted(expected, key=repr)


def test_small_segments_become_one(register: Register, s3: "S3Client", bucket: str) -> None:
    """The register does not grow with the number of applies."""
    for version in range(1, 31):
        register.record_all([status(version), status(1, f"cus_{version}")])
    assert len(names(s3, bucket)) <= MOST_SMALL_SEGMENTS
    expected = [status(30), *(status(1, f"cus_{i}") for i in range(1, 31))]
    assert sorted(register.commands(), key=repr) == sorted(expected, key=repr)


class Interrupted:
    """S3, but between a listing and the reading of what it listed something else happens."""

    def __init__(self, client: "S3Client", happens: Callable[[], None]) -> None:
        self._client = client
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_object(self, **asked: Any) -> Any:
        happens, self._happens = self._happens, lambda: None
        happens()
        return self._client.get_object(**asked)


def test_what_is_superseded_while_it_is_read_is_read_again(
    register: Register, s3: "S3Client", bucket: str
) -> None:
    """An operator's command during a rebuild takes the place of the one that was listed."""
    register.record(status(1))
    interrupted = Interrupted(s3, lambda: register.record(status(2)))
    assert list(Register(cast("S3Client", interrupted), bucket).commands()) == [status(2)]


def test_a_segment_that_is_merged_while_it_is_read_is_read_again(
    register: Register, s3: "S3Client", bucket: str
) -> None:
    """Somebody applies a file during a rebuild, and the segments become one."""
    register.record_all([status(1)])

    def merge() -> None:
        for version in range(2, 32):
            register.record_all([status(version)])

    interrupted = Interrupted(s3, merge)
    assert list(Register(cast("S3Client", interrupted), bucket).commands()) == [status(31)]
