"""The commands of the register -> what is stated of each customer: the base of every comparison."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from functions.reconciliation.commands import (
    CredentialCommand,
    GrantCommand,
    ModeCommand,
    RevocationCommand,
    StandingCommand,
    StatusCommand,
    UsagePlanCommand,
)
from functions.usage.quota import Status


@dataclass(slots=True)
class KnownCustomer:
    """One customer. `policy` is the grant that said last what is decided while counters are away;
    a grant that was superseded since may be it.
    """

    grants: dict[str, GrantCommand] = field(default_factory=dict)  # by meter
    keys: dict[str, CredentialCommand] = field(default_factory=dict)  # by SHA-256
    status: StatusCommand | None = None
    usage_plan: UsagePlanCommand | None = None
    mode: ModeCommand | None = None
    policy: GrantCommand | None = None

    @property
    def standing(self) -> Status:
        """Active, unless somebody said otherwise."""
        return self.status.status if self.status else Status.ACTIVE

    @property
    def when_unknown(self) -> bool | None:
        return self.policy.allow_when_unknown if self.policy else None

    def take(self, command: StandingCommand) -> None:
        """Of one thing the greatest version, whatever comes first."""
        match command:
            case GrantCommand(meter=meter):
                if command.version >= version_of(self.grants.get(meter)):
                    self.grants[meter] = command
                says = command.allow_when_unknown is not None
                if says and command.version >= version_of(self.policy):
                    self.policy = command
            case CredentialCommand(api_key_sha256=digest):
                self.keys[digest] = command
            case StatusCommand():
                self.status = command
            case UsagePlanCommand():
                self.usage_plan = command
            case ModeCommand():
                self.mode = command

    def commands(self) -> Iterator[tuple[str, StandingCommand]]:
        """What stands, each by the name that the counters' version of it has; an API key by its
        SHA-256.
        """
        yield from ((f"grant {meter}", grant) for meter, grant in self.grants.items())
        yield from self.keys.items()
        if self.status:
            yield "status", self.status
        if self.usage_plan:
            yield "usage_plan", self.usage_plan
        if self.mode:
            yield "mode", self.mode
        if self.policy:
            yield "policy", self.policy


class KnownCustomers(dict[str, KnownCustomer]):
    """By customer id; and whose a key is, by its SHA-256."""

    def __init__(self, commands: Iterable[StandingCommand]) -> None:
        found: defaultdict[str, KnownCustomer] = defaultdict(KnownCustomer)
        self.owners: dict[str, str] = {}
        for command in commands:
            match command:
                case CredentialCommand(api_key_sha256=digest, customer_id=who):
                    self.owners[digest] = who
                    found[who].take(command)
                case GrantCommand() | StatusCommand() | UsagePlanCommand() | ModeCommand():
                    found[command.customer_id].take(command)
        super().__init__(found)


def version_of(command: StandingCommand | None) -> int:
    """0 of none, and of a revocation, which has none."""
    if command is None or isinstance(command, RevocationCommand):
        return 0
    return command.version
