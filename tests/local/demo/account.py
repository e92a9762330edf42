"""The figures of a whole run, witness beside witness, and whether they close. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.audit.equation import Equation, Term

POISON = "poison"


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """One customer, by every witness; `used` and `remaining` are the counter's. Set-aside usage is
    not billed, and counts against the quota.
    """

    customer_id: str
    served: int  # answered, and neither 401, 403 nor 429
    billed: int  # accepted by Aforo
    in_ledger: int  # confirmed
    set_aside: int
    used: int
    remaining: int

    @property
    def agrees(self) -> bool:
        billed = self.billed == self.in_ledger
        return billed and self.served == self.used == self.in_ledger + self.set_aside


@dataclass(frozen=True, slots=True)
class StillSetAside:
    """An event that no replay could bill."""

    key: str
    customer_id: str
    meter: str
    set_aside_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class SecondMeter:
    """The events of a meter beside `api_calls`: in the ledger, and confirmed in the end."""

    in_ledger: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class LostAndFound:
    """Requests that were served while the subscription filter was away: served and billable by the
    gateway, unaccounted by the audit, billed by Aforo in the end.
    """

    served: int
    found: int
    billed: int


@dataclass(frozen=True, slots=True)
class Account:
    """The whole run. `audited` is the audit's equation, in requests. What others say stands beside
    it: in requests, or in events of the meter `api_calls`, of which each has one; the second
    meter's events stand apart.
    """

    audited: Equation
    windows: int  # since the demo began, of both logs
    windows_open: int  # in which a request is held or unaccounted, or that nobody looked at
    served: int  # the gateway
    logged: int
    not_billable: int  # the gateway: 401, 403, 429, or the free path
    confirmed: int  # the ledger
    still_set_aside: tuple[StillSetAside, ...]
    billed: int  # Aforo's book
    kept: int  # objects in the quarantine
    usage_dead_letter: int  # messages in UsageDeadLetterQueue
    second_meter: SecondMeter
    billed_twice: int
    accepted: int
    duplicates: int
    forged: Mapping[str, int]  # who was billed for the forged calls
    forger: str
    lost: LostAndFound
    customers: list[CustomerAccount]

    @property
    def faults(self) -> list[str]:
        """Every way in which the table does not close; empty when it does."""
        terms = self.audited.totals()
        checks = {
            "every window is audited, and closed": self.windows_open == 0,
            "served = in the logs": self.served == self.logged,
            "served = audited": self.served == self.audited.served,
            "confirmed = in the ledger": terms[Term.CONFIRMED] == self.confirmed,
            "confirmed = in Aforo's book": terms[Term.CONFIRMED] == self.billed,
            "set aside = in the ledger": terms[Term.SET_ASIDE] == len(self.still_set_aside),
            "excluded = refused or free": terms[Term.EXCLUDED] == self.not_billable,
            "nothing needs a decision": terms[Term.NEEDS_DECISION] == 0,
            "nothing is quarantined": terms[Term.QUARANTINED] == self.kept == 0,
            "nothing is held": terms[Term.HELD] == 0,
            "nothing is unaccounted": terms[Term.UNACCOUNTED] == 0,
            "second meter: in the ledger = confirmed": self.second_meter.in_ledger
            == self.second_meter.confirmed,
            "both meters: confirmed = accepted by Aforo": self.confirmed
            + self.second_meter.confirmed
            == self.accepted,
            "only poison is still set aside": all(
                one.set_aside_class == POISON for one in self.still_set_aside
            ),
            "what is set aside lies in UsageDeadLetterQueue": bool(self.still_set_aside)
            == bool(self.usage_dead_letter),
            "nothing is billed twice": self.billed_twice == 0,
            "forged calls are billed to the forger": self.forged.keys() <= {self.forger},
            "what was served without a filter = found = billed": self.lost.served
            == self.lost.found
            == self.lost.billed,
            "every billed request belongs to a customer of the demo": self.confirmed
            == sum(one.in_ledger for one in self.customers),
            **{
                f"{one.customer_id}: served = billed + set aside = used": one.agrees
                for one in self.customers
            },
        }
        return [what for what, holds in checks.items() if not holds]
