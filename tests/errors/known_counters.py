"""Counters that know one customer, and a register that has granted."""

import json
from collections.abc import Mapping

from functions.operator.counter_commands.stack import Stack
from functions.reconciliation.commands import Command

_ACME = {
    "status": "active",
    "limit": 100_000,
    "used": 300,
    "ratePerSecond": 50.0,
    "burst": 50,
    "period": "month",
    "anchorDay": 1,
}


class KnownCounters(Stack):
    """A stack that was asked; nothing may be sent to it."""

    def send(self, command: Command) -> str:
        raise AssertionError(f"a mistake was sent: {command}")

    def inspect(self, question: Mapping[str, object]) -> str:
        return json.dumps(
            _ACME if question["customerId"] == "cus_acme" else {"similar": ["cus_acme"]}
        )

    def tenant_findings(self) -> str:
        return json.dumps({"generation": None, "customers": 0, "signingKeys": []})

    def has_granted(self) -> bool:
        return True


COUNTERS = KnownCounters("queue", "function", "configuration", "ledger")
