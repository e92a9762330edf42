"""The register and the counters of customers in memory, as far as versions go: what is stated is in
force, unless it is held back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.operator.customers.comparing_customers import CustomerComparison
from functions.operator.customers.counters_word import ask_counters
from functions.operator.customers.customer_file import CustomerFile
from functions.operator.customers.gateway_keys import GatewayKeys
from functions.operator.customers.known_customers import KnownCustomers
from functions.operator.customers.stated_change import StatedChange
from functions.reconciliation.commands import CredentialCommand, GrantCommand, StandingCommand

NOW_MS = 1_764_000_000_000


@dataclass
class CustomerRegister:
    """`recorded` is all that was; `in_force` what came to the counters; `used` is by customer,
    and so are the limits that Aforo has stated since the grants.
    """

    recorded: list[StandingCommand] = field(default_factory=list)
    in_force: list[StandingCommand] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    aforo_limits: dict[str, int] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    now_ms: int = NOW_MS

    def known(self) -> KnownCustomers:
        """Of each thing the greatest version, as the register gives it."""
        return KnownCustomers(_newest(self.recorded))

    def changes(self, file: CustomerFile, *, is_all: bool = False) -> list[StatedChange]:
        """What the file would change now."""
        self.now_ms += 1
        known = self.known()
        keys = {digest for one in known.values() for digest in one.keys}
        word = ask_counters(self.ask, [*known], keys)
        gateway = GatewayKeys(self.values)
        return list(CustomerComparison(file, known, word, gateway, self.now_ms, is_all).changes())

    def apply(self, file: CustomerFile, *, is_all: bool = False) -> list[StatedChange]:
        """Record and carry out what it would change."""
        changes = self.changes(file, is_all=is_all)
        self.state(change.command for change in changes)
        return changes

    def state(self, commands: Iterable[StandingCommand]) -> None:
        """Record and carry out."""
        stated = list(commands)
        self.recorded += stated
        self.in_force += stated

    def ask(self, question: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, object]]:
        """As the reconciliation function answers."""
        known = KnownCustomers(_newest(self.in_force))
        customers = {
            who: {
                "versions": {
                    name: command.version
                    for name, command in known[who].commands()
                    if hasattr(command, "version") and not isinstance(command, CredentialCommand)
                },
                "used": dict.fromkeys(known[who].grants, self.used.get(who, 0)),
                "limits": {
                    meter: self.aforo_limits.get(who, grant.limit)
                    for meter, grant in known[who].grants.items()
                },
            }
            for who in question.get("customers", ())
            if who in known
        }
        keys = {
            digest: known[known.owners[digest]].keys[digest].version
            for digest in question.get("apiKeys", ())
            if digest in known.owners
        }
        return {"byCustomer": customers, "byApiKey": keys}


def _newest(commands: Iterable[StandingCommand]) -> list[StandingCommand]:
    found: dict[object, StandingCommand] = {}
    for command in sorted(commands, key=lambda one: getattr(one, "version", 0)):
        who = getattr(command, "api_key_sha256", getattr(command, "customer_id", ""))
        meter = getattr(command, "meter", "")
        found[command.kind, who, meter] = command
        if isinstance(command, GrantCommand) and command.allow_when_unknown is not None:
            found["policy", who, ""] = command
    return list({id(one): one for one in found.values()}.values())
