"""The demo's closing table, for a person."""

from rich.table import Table

from tests.local.demo.accounting import Account


def requests_table(account: Account) -> Table:
    """Served = billable + excluded; billable = confirmed."""
    table = Table(title="What was served, and what became of it", title_justify="left")
    table.add_column("requests")
    table.add_column("count", justify="right")
    rows = [
        ("served by the gateway", account.served),
        ("in the access log", account.logged),
        ("= billable", account.billable),
        *((f"+ excluded: {reason}", times) for reason, times in account.excluded.items()),
        ("+ quarantined", account.quarantined),
    ]
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    table.add_section()
    table.add_row("billable", f"{account.billable:,}")
    table.add_row("= confirmed by Aforo", f"{account.confirmed:,}")
    table.add_row("still set aside", f"{account.set_aside:,}")
    table.add_section()
    table.add_row("[bold]billed twice[/bold]", f"[bold]{account.billed_twice}[/bold]")
    table.add_row("[bold]unaccounted[/bold]", f"[bold]{account.unaccounted}[/bold]")
    return table


def customers_table(account: Account) -> Table:
    """Each customer by four witnesses that must agree."""
    table = Table(title="Per customer", title_justify="left")
    for column in ("customer", "served", "billed at Aforo", "in the ledger", "used", "remaining"):
        table.add_column(column, justify="left" if column == "customer" else "right")
    for one in account.customers:
        figures = (one.served, one.billed, one.in_ledger, one.used, one.remaining)
        table.add_row(one.customer_id, *(f"{figure:,}" for figure in figures))
    return table
