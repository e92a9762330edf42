"""What went wrong in the demo, and what became of it, as rows for a person."""

from dataclasses import dataclass
from typing import Any

from rich.table import Table

from tests.local.demo import bad_days, second_meter
from tests.local.demo.account import Account
from tests.local.demo.forger import Forgery


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay's report: messages moved, events billed by it."""

    messages: int
    events: int

    @classmethod
    def of(cls, report: dict[str, Any]) -> "Replayed":
        return cls(report["messages"]["moved"], report["events"]["replayed"])


def misfortunes_table(account: Account, forgery: Forgery, replayed: Replayed) -> Table:
    """One row for each thing that was done to the walk."""
    table = Table(title="What went wrong, and what became of it", title_justify="left")
    table.add_column("what")
    table.add_column("what became of it")
    second, storm, lost = account.second_meter, bad_days.STORM, account.lost
    forged = ", ".join(f"{times} to {who}" for who, times in sorted(account.forged.items()))
    rows = {
        f"{storm['count']} posts refused with 429, Retry-After: {storm['retry_after']}": (
            "held as told, then billed, at the latest by the replay"
        ),
        "1 post taken by Aforo, its answer lost": (
            f"sent again; duplicates at Aforo: {account.duplicates}, billed twice: "
            f"{account.billed_twice}"
        ),
        f"{second.in_ledger} events of a metric that Aforo did not know ({second_meter.METRIC})": (
            f"set aside (config); {second.confirmed} billed since somebody created it"
        ),
        f"{len(account.still_set_aside)} event that Aforo refuses for good": (
            "found among its neighbours, which were billed; set aside (poison)"
        ),
        "Aforo down for longer than the hold": (
            f"set aside (exhausted), alarm; the replay billed {replayed.events} events "
            f"of {replayed.messages} messages, the unknown metric's among them"
        ),
        f"{len(forgery.served)} calls of {forgery.forger} that pretend to be {forgery.victim}": (
            f"billed: {forged or 'to nobody'}; {forgery.refused} more refused (X-Tenant-Id)"
        ),
        f"{lost.served} billable calls served without a subscription filter": (
            f"not metered; the audit found {lost.found} unaccounted and metered them again; "
            f"billed: {lost.billed}"
        ),
    }
    for row in rows.items():
        table.add_row(*row)
    return table
