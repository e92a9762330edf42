"""The figures of a run come in; the table that a person reads leaves."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from tests.kills.kill_plan import Victim


@dataclass(frozen=True, slots=True)
class KillFigures:
    """`in_flight`: by who waited for an answer, or, of a server, by who was at work with it."""

    kills: Mapping[Victim, int]
    in_flight: Mapping[Victim, int]
    between: int  # kills of the stand-in between commit and answer
    losses: tuple[str, ...]  # with what Valkey came back
    lines: int
    billable: int
    billed: int
    deliveries_repeated: int
    failed_tries: int
    kept: int  # deliveries that OnFailure kept
    replayed: Mapping[str, Mapping[str, int]]  # by source, the words of the report
    duplicates: int
    billed_again: int
    seconds: float


def kills_table(figures: KillFigures) -> Table:
    table = Table(title="Kills", title_justify="left")
    for column in ("process", "kill -9", "in flight"):
        table.add_column(column, justify="left" if column == "process" else "right")
    for victim in Victim:
        table.add_row(victim, f"{figures.kills[victim]}", f"{figures.in_flight[victim]}")
    table.add_section()
    total, hit = sum(figures.kills.values()), sum(figures.in_flight.values())
    table.add_row("[bold]in all[/bold]", f"[bold]{total}[/bold]", f"[bold]{hit}[/bold]")
    return table


def usage_table(figures: KillFigures) -> Table:
    table = Table(title="Usage", title_justify="left")
    table.add_column("what")
    table.add_column("", justify="right")
    rows = {
        "log lines": figures.lines,
        "billable": figures.billable,
        "billed": figures.billed,
        "billed again after the dedup window": figures.billed_again,
        "duplicates that Aforo answered": figures.duplicates,
        "deliveries that came twice": figures.deliveries_repeated,
        "tries of metering that failed": figures.failed_tries,
        "deliveries kept by OnFailure": figures.kept,
        **{
            f"replay of {source}: events {word}": times
            for source, events in figures.replayed.items()
            for word, times in events.items()
            if times
        },
        "stand-in killed between commit and answer": figures.between,
        "counters lost and rebuilt": len(figures.losses),
        "seconds": round(figures.seconds),
    }
    for what, number in rows.items():
        table.add_row(what, f"{number:,}")
    return table
