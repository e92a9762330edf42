"""The demo's closing tables, for a person."""

from rich.table import Table

from tests.local.demo.account import Account


def requests_table(account: Account) -> Table:
    """The audit's equation, term by term, and who else says so."""
    title = f"What was served, and what became of it, in {account.windows:,} windows"
    table = Table(title=title, title_justify="left")
    for column in ("requests", "by the audit", "by others", "who"):
        table.add_column(column, justify="right" if column.startswith("by") else "left")
    terms = account.audited
    table.add_row("served", f"{terms.served:,}", f"{account.served:,}", "the gateway")
    table.add_row("", "", f"{account.logged:,}", "the logs")
    table.add_row("= confirmed", f"{terms.confirmed:,}", f"{account.billed:,}", "Aforo's book")
    table.add_row("", "", f"{account.confirmed:,}", "the ledger")
    aside = f"{len(account.still_set_aside):,}"
    table.add_row("+ set aside", f"{terms.set_aside:,}", aside, "the ledger")
    table.add_row("+ needs decision", f"{terms.needs_decision:,}")
    for reason, times in sorted(terms.excluded.items()):
        table.add_row(f"+ excluded: {reason}", f"{times:,}")
    excluded = f"{sum(terms.excluded.values()):,}"
    table.add_row("  excluded in all", excluded, f"{account.not_billable:,}", "the gateway")
    for reason, times in sorted(terms.quarantined.items()):
        table.add_row(f"+ quarantined: {reason}", f"{times:,}")
    quarantined = f"{sum(terms.quarantined.values()):,}"
    table.add_row("+ quarantined", quarantined, f"{account.kept:,}", "the quarantine")
    table.add_row("+ held", f"{terms.held:,}")
    table.add_row("[bold]+ unaccounted[/bold]", f"[bold]{terms.unaccounted:,}[/bold]")
    table.add_section()
    table.add_row("[bold]billed twice[/bold]", "", f"[bold]{account.billed_twice}[/bold]")
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
