"""What every witness says of a load comes in; each way in which it does not close leaves. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

NEARLY = 0.95  # of the rate that was asked for: less was not measured at that rate


@dataclass(frozen=True, slots=True)
class LoadAccount:
    """Requests. `billed`: distinct keys in Aforo's book; `used`: the counters of all customers."""

    asked_rate: float
    seconds: float
    served: int  # before the measuring, too
    warm_up: int  # of them before it
    refused: int  # of them 401, 403 or 429
    failed: int  # of them by an error, which no request of a load should meet
    logged: int
    billable: int
    billed: int
    not_served: int  # keys in Aforo's book that nobody served
    billed_twice: int
    confirmed: int  # in the ledger
    seen_counted: int
    used: int
    left: Mapping[str, int]  # messages, by queue

    @property
    def rate(self) -> float:
        return (self.served - self.warm_up) / self.seconds

    @property
    def faults(self) -> list[str]:
        """Empty: billed = served."""
        checks = {
            f"{self.billed} billed, {self.billable} served and billable": self.billed
            == self.billable,
            f"{self.failed} answered by an error": not self.failed,
            f"{self.not_served} billed that nobody served": not self.not_served,
            f"{self.billed_twice} billed twice": not self.billed_twice,
            f"{self.logged} in the log, {self.served} served": self.logged == self.served,
            f"{self.confirmed} confirmed in the ledger, {self.billable} billable": self.confirmed
            == self.billable,
            f"{self.seen_counted} counted, {self.billable} billable": self.seen_counted
            == self.billable,
            f"{self.used} used by the counters, {self.billable} billable": self.used
            == self.billable,
            **{
                f"{number} messages left in {name}": not number
                for name, number in self.left.items()
            },
            f"{self.rate:.0f} a second served, {self.asked_rate:.0f} asked": self.rate
            >= NEARLY * self.asked_rate,
        }
        return [what for what, holds in checks.items() if not holds]
