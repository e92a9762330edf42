"""The quota demo's closing table, for a person."""

from collections.abc import Iterable

from rich.table import Table

from tests.local.quota_demo.drive import Drive


def quota_table(drives: Iterable[Drive]) -> Table:
    """Overshoot beside its bound: burst + rate * lag - headroom."""
    table = Table(title="Stopped at the quota", title_justify="left")
    for column in (
        "customer",
        "quota",
        "served",
        "overshoot",
        "at most",
        "left",
        "lag",
        "headroom",
    ):
        table.add_column(column, justify="left" if column == "customer" else "right")
    for one in drives:
        table.add_row(
            one.plan.customer_id,
            f"{one.plan.quota:,}",
            f"{one.served:,}",
            f"[bold]{one.overshoot:,}[/bold]",
            f"[bold]{one.bound:,}[/bold]",
            f"{one.left:,}",
            f"{one.lag_seconds:.1f} s",
            f"{one.headroom:,}",
        )
    return table
