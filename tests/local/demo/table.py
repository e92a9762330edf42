"""The demo's closing tables, for a person."""

from rich.table import Table

from tests.local.demo.account import Account


def requests_table(account: Account) -> Table:
    """Served = billable + excluded; billable = confirmed + what is still set aside."""
    table = Table(title="What was served, and what became of it", title_justify="left")
    table.add_column("requests")
    table.add_column("count", justify="right")
    rows = [
        ("served by the gateway", account.served),
        ("in the logs", account.logged),
        ("= billable", account.billable),
        *((f"+ excluded: {reason}", times) for reason, times in account.excluded.items()),
        ("+ quarantined", account.quarantined),
    ]
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    table.add_section()
    table.add_row("billable", f"{account.billable:,}")
    table.add_row("= confirmed by Aforo", f"{account.confirmed:,}")
    table.add_row("+ still set aside", f"{len(account.still_set_aside):,}")
    table.add_section()
    table.add_row("[bold]billed twice[/bold]", f"[bold]{account.billed_twice}[/bold]")
    table.add_row("[bold]unaccounted[/bold]", f"[bold]{account.unaccounted}[/bold]")
    return table


def customers_table(account: Account) -> Table:
    """Each customer by witnesses that must agree."""
    table = Table(title="Per customer", title_justify="left")
    columns = ("customer", "served", "billed", "in the ledger", "set aside", "used", "remaining")
    for column in columns:
        table.add_column(column, justify="left" if column == "customer" else "right")
    for one in account.customers:
        figures = (one.served, one.billed, one.in_ledger, one.set_aside, one.used, one.remaining)
        table.add_row(one.customer_id, *(f"{figure:,}" for figure in figures))
    return table


def still_set_aside_table(account: Account) -> Table:
    """What waits for a person: its alarm stays on."""
    where = f"{account.usage_dead_letter} message in UsageDeadLetterQueue"
    table = Table(title=f"Still set aside, for a person: {where}", title_justify="left")
    for column in ("customer", "class", "reason", "event"):
        table.add_column(column)
    for one in account.still_set_aside:
        table.add_row(one.customer_id, one.set_aside_class, one.reason, one.key)
    return table
