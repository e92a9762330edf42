"""The register under many hands: whoever dies, merges or reads meanwhile, nothing is lost."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from functions.operator.counter_commands.register import Register
from functions.operator.counter_commands.register_segments import RegisterSegments
from functions.reconciliation.commands import ModeCommand, StandingCommand, StatusCommand
from functions.usage.quota import Status
from tests.fakes.s3_objects import FakeBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3.client import S3Client


class DiedError(Exception):
    """A process that ended between two calls."""


@dataclass
class Hands(FakeBucket):
    """A bucket; before its n-th call something else happens: somebody else's work, or an end."""

    calls: int = 0
    happens_at: int = 0
    happens: "Callable[[], None]" = field(default=lambda: None)

    def put_object(self, **asked: Any) -> None:
        self._call()
        super().put_object(**asked)

    def delete_object(self, **asked: str) -> None:
        self._call()
        super().delete_object(**asked)

    def get_object(self, **asked: str) -> Any:
        self._call()
        return super().get_object(**asked)

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.happens_at:
            self.happens()


def status(customer: str, version: int) -> StandingCommand:
    return StatusCommand(customer_id=customer, status=Status.SUSPENDED, version=version)


CUSTOMERS = st.sampled_from(["a", "b", "c", "d"])
COMMANDS = st.lists(st.builds(status, CUSTOMERS, st.integers(1, 40)), min_size=1, max_size=6)
# A merge makes some ten calls.
AT = st.integers(1, 12)


class RegisterUnderManyHands(RuleBasedStateMachine):
    """What was recorded whole must stand; what somebody died at may."""

    def __init__(self) -> None:
        super().__init__()
        self.bucket = Hands()
        client = cast("S3Client", self.bucket)
        # So few and so small that they are merged all the time.
        segments = RegisterSegments(client, "bucket", most_commands=8, most_small=3)
        self.register = Register(client, "bucket", segments)
        self.least: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def _stated(self, commands: list[StandingCommand], *, is_done: bool) -> None:
        for one in commands:
            assert isinstance(one, StatusCommand)
            who = one.customer_id
            self.most[who] = max(self.most.get(who, 0), one.version)
            if is_done:
                self.least[who] = max(self.least.get(who, 0), one.version)

    @rule(commands=COMMANDS)
    def record_all(self, commands: list[StandingCommand]) -> None:
        """Somebody applies a file."""
        self.register.record_all(commands)
        self._stated(commands, is_done=True)

    @rule(commands=COMMANDS)
    def record_each(self, commands: list[StandingCommand]) -> None:
        """Somebody sends single commands."""
        for command in commands:
            self.register.record(command)
        self._stated(commands, is_done=True)

    @rule(commands=COMMANDS, at=AT)
    def die(self, commands: list[StandingCommand], at: int) -> None:
        """Somebody applies a file and dies between two calls, if it makes as many."""

        def end() -> None:
            raise DiedError

        self._between(at, end)
        try:
            self.register.record_all(commands)
        except DiedError:
            self._stated(commands, is_done=False)
        else:
            self._stated(commands, is_done=True)
        self._between(0, lambda: None)

    @rule(first=COMMANDS, second=COMMANDS, at=AT)
    def at_once(self, first: list[StandingCommand], second: list[StandingCommand], at: int) -> None:
        """A second apply is whole between two calls of the first."""
        done: list[bool] = []

        def also() -> None:
            self.register.record_all(second)
            done.append(True)

        self._between(at, also)
        self.register.record_all(first)
        self._between(0, lambda: None)
        self._stated(first, is_done=True)
        if done:
            self._stated(second, is_done=True)

    @rule(commands=COMMANDS, at=AT)
    def read_meanwhile(self, commands: list[StandingCommand], at: int) -> None:
        """A reader sees all that was whole before it began."""

        def also() -> None:
            self.register.record_all(commands)
            self._stated(commands, is_done=False)

        least = dict(self.least)
        self._between(at, also)
        self._check(least)
        self._between(0, lambda: None)

    @invariant()
    def nothing_is_lost(self) -> None:
        """Of each thing a version that somebody stated, and none older than one recorded whole."""
        self._check(self.least)

    def _check(self, least: dict[str, int]) -> None:
        found = list(self.register.commands())
        versions = {one.customer_id: one.version for one in found if isinstance(one, StatusCommand)}
        assert len(versions) == len(found)
        assert versions.keys() >= least.keys()
        for who, version in versions.items():
            assert least.get(who, 0) <= version <= self.most[who]

    def _between(self, at: int, happens: "Callable[[], None]") -> None:
        self.bucket.calls, self.bucket.happens_at, self.bucket.happens = 0, at, happens


def test_nothing_that_was_stated_is_lost() -> None:
    """In any order, with many at once, whoever dies anywhere."""
    run_state_machine_as_test(
        RegisterUnderManyHands,
        settings=settings(max_examples=60, stateful_step_count=20, deadline=None),
    )


@dataclass
class Paged(FakeBucket):
    """Each page is of the moment at which it is listed, as S3's are; something happens between."""

    happens: "Callable[[], None]" = field(default=lambda: None)

    def paginate(self, **asked: str) -> "Iterator[dict[str, Any]]":
        after = ""
        while page := sorted(
            n for n in self.objects if n.startswith(asked["Prefix"]) and n > after
        )[: self.page]:
            yield {"Contents": [{"Key": name} for name in page]}
            after = page[-1]
            self.happens()


def test_a_merge_between_two_pages_hides_nothing() -> None:
    """The new segment stands in a page that was listed before, the old ones in the next."""
    bucket = Paged(page=4)
    client = cast("S3Client", bucket)
    segments = RegisterSegments(client, "bucket", most_commands=1)
    register = Register(client, "bucket", segments)
    # Names are digests: one segment stays at the end of the first page, two are merged.
    for customer in ("s1", "s2", "s3"):
        bucket.put_object(Key=f"register/mode/{customer}/1.json", Body=_body(customer))
    names: dict[str, str] = {}
    for customer in (f"c{n}" for n in range(40)):
        before = set(bucket.objects)
        segments.record([status(customer, 1)])
        (name,) = set(bucket.objects) - before
        names[name] = customer
    first, second, *_, third, fourth = sorted(names)
    bodies = {name: bucket.objects[name] for name in names}
    for name in names:
        bucket.delete_object(Key=name)
    # As if `first` were the merge of `third` and `fourth`.
    for name in (second, third, fourth):
        bucket.objects[name] = bodies[name]

    def merge() -> None:
        if third in bucket.objects:
            whole = Paged()
            RegisterSegments(cast("S3Client", whole), "bucket", most_commands=2).record(
                [status(names[third], 1), status(names[fourth], 1)]
            )
            (body,) = whole.objects.values()
            bucket.objects[first.replace("-1.", "-2.")] = body
            bucket.delete_object(Key=third)
            bucket.delete_object(Key=fourth)

    bucket.happens = merge
    found = {one.customer_id for one in register.commands() if isinstance(one, StatusCommand)}
    assert found == {names[second], names[third], names[fourth]}


def _body(customer: str) -> bytes:
    return ModeCommand(customer_id=customer, version=1).model_dump_json(by_alias=True).encode()
