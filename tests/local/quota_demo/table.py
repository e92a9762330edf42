"""The quota demo's closing table, for a person."""

from collections.abc import Iterable, Mapping

from rich.table import Table

from tests.local.quota_demo.drive import Drive


def quota_table(drives: Iterable[Drive], billed: Mapping[str, int]) -> Table:
    """Overshoot beside its bound."""
    table = Table(title="Stopped at the quota", title_justify="left")
    columns = ("customer", "quota", "served", "overshoot", "bound", "lag", "margin", "billed")
    for column in columns:
        table.add_column(column, justify="left" if column == "customer" else "right")
    for one in drives:
        table.add_row(
            one.plan.customer_id,
            f"{one.plan.quota:,}",
            f"{one.served:,}",
            f"{one.overshoot:+,}",
            f"{one.bound:,.0f}",
            f"{one.lag_seconds:.1f} s",
            f"{one.margin:,}",
            f"{billed[one.plan.customer_id]:,}",
        )
    return table
