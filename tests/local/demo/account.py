"""The figures of a whole run, witness beside witness, and whether they close. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    """The events of a meter beside `api_calls`: metered, and confirmed in the end."""

    metered: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Account:
    """The whole run. Requests, and events of the meter `api_calls`, of which each has one; the
    second meter's events stand apart.
    """

    served: int
    logged: int
    billable: int
    excluded: Mapping[str, int]
    quarantined: int
    confirmed: int
    still_set_aside: tuple[StillSetAside, ...]
    usage_dead_letter: int  # messages in UsageDeadLetterQueue
    second_meter: SecondMeter
    billed_twice: int
    accepted: int
    duplicates: int
    forged: Mapping[str, int]  # who was billed for the forged calls
    forger: str
    customers: list[CustomerAccount]

    @property
    def unaccounted(self) -> int:
        """Served, and neither billed, nor set aside, nor excluded for a reason."""
        settled = self.confirmed + len(self.still_set_aside)
        return self.served - settled - sum(self.excluded.values())

    @property
    def faults(self) -> list[str]:
        """Every way in which the table does not close; empty when it does."""
        checks = {
            "served = in the log": self.served == self.logged,
            "served = billable + excluded": self.served
            == self.billable + sum(self.excluded.values()),
            "billable = confirmed + still set aside": self.billable
            == self.confirmed + len(self.still_set_aside),
            "second meter: metered = confirmed": self.second_meter.metered
            == self.second_meter.confirmed,
            "confirmed = accepted by Aforo": self.confirmed + self.second_meter.confirmed
            == self.accepted,
            "nothing is quarantined": self.quarantined == 0,
            "only poison is still set aside": all(
                one.set_aside_class == POISON for one in self.still_set_aside
            ),
            "what is set aside lies in UsageDeadLetterQueue": bool(self.still_set_aside)
            == bool(self.usage_dead_letter),
            "nothing is billed twice": self.billed_twice == 0,
            "nothing is unaccounted": self.unaccounted == 0,
            "forged calls are billed to the forger": self.forged.keys() <= {self.forger},
            "every billed request belongs to a customer of the demo": self.confirmed
            == sum(one.in_ledger for one in self.customers),
            **{
                f"{one.customer_id}: served = billed + set aside = used": one.agrees
                for one in self.customers
            },
        }
        return [what for what, holds in checks.items() if not holds]
