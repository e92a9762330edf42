"""The words of the ledger's command line -> the question, and the bucket to ask."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from datetime import datetime, timedelta
from pathlib import Path

from functions.operator.ledger.forms import FORMS
from functions.operator.ledger.question import LedgerQuery
from functions.operator.verify.target import (
    LOCAL_ENDPOINTS,
    TargetError,
    local_ledger,
    stack_ledger,
)

_HOUR = "%Y-%m-%dT%H"
_FORMATS = ("%Y-%m-%d", _HOUR, "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ")


def parser(description: str) -> ArgumentParser:
    """The command line."""
    whole = ArgumentParser(
        prog="make ledger",
        description=description,
        formatter_class=RawDescriptionHelpFormatter,
        epilog="Times are UTC and of the request: 2026-10-02 or 2026-10-02T08.",
    )
    add = whole.add_argument
    add("--stack", help="name of a deployed stack (default: the local cloud)")
    add("--bucket", help="instead of a stack: the ledger's bucket")
    add("--hour", type=_hour, help="one hour; a row's occurredAt will do")
    add("--from", dest="since", type=_hour, help="from this day or hour on")
    add("--to", dest="until", type=_hour, help="up to this day or hour, itself not included")
    add("--customer", help="rows of this customer")
    add("--meter", help="rows of this meter")
    add("--key", action="append", default=[], help="rows of this event key; may be repeated")
    add("--replay", help="rows that this replay settled")
    add("--outcome", choices=["confirmed", "set_aside"], help="as it stands in the end")
    add("--format", choices=[*FORMS], default="jsonl", help="default: jsonl")
    add("--endpoints", type=Path, default=LOCAL_ENDPOINTS, help="the local cloud's endpoints.json")
    return whole


def question_of(options: Namespace) -> LedgerQuery:
    """TargetError says which options do not go together."""
    if options.hour and (options.since or options.until):
        raise TargetError("--hour: give it, or --from and --to")
    if options.since and options.until and options.since >= options.until:
        raise TargetError(f"--to {options.until}: it must be later than --from {options.since}")
    hours = {"since": options.since, "until": options.until}
    if options.hour:
        hours = {"since": options.hour, "until": _next(options.hour)}
    return LedgerQuery(
        **{name: hour for name, hour in hours.items() if hour},
        customer_id=options.customer,
        meter=options.meter,
        keys=frozenset(options.key),
        replay_id=options.replay,
        outcome=options.outcome,
    )


def find_bucket(options: Namespace) -> tuple[str | None, str]:
    """The Region, if it is told, and the bucket's name."""
    if options.stack and options.bucket:
        raise TargetError("--bucket: give it, or --stack")
    if options.bucket:
        return None, options.bucket
    if options.stack:
        return stack_ledger(options.stack)
    return local_ledger(options.endpoints)


def _hour(text: str) -> str:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).strftime(_HOUR)  # noqa: DTZ007 - UTC as text
        except ValueError:
            continue
    message = f"{text} is no UTC time: write 2026-10-02 or 2026-10-02T08"
    raise ArgumentTypeError(message)


def _next(hour: str) -> str:
    later = datetime.strptime(hour, _HOUR) + timedelta(hours=1)  # noqa: DTZ007 - UTC as text
    return later.strftime(_HOUR)
