"""What metering would make of a log, request by request; nothing is sent, AWS is not asked.

    .venv/bin/python -m functions.metering.explain [--kind access|execution|auto] [--config FILE]
        [--account ID --region R] [FILE|-]

Reads raw log lines, a subscription payload (decoded, or base64 of gzip) or the JSON of
`aws logs filter-log-events`. Prints one JSON object per request, and a summary to stderr.
"""

import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from functions.metering.configuration import (
    Configuration,
    ConfigurationError,
    default_configuration,
    read_configuration,
)
from functions.metering.explain_input import BadInputError, read_input
from functions.metering.explained_line import outcome_of, printed
from functions.metering.explanation import Explained, Kind, Terms, explained
from functions.metering.foreign_line import NOT_API_GATEWAY
from functions.metering.log_delivery import LogDelivery
from functions.usage.outcome import Excluded, Quarantined

_ACCOUNT_DIGITS = 12
# What a line is said to be that nobody recognises.
_NO_LOG_LINE = frozenset({"invalid_json", "unknown_format"})


def main(words: Sequence[str] | None = None) -> int:
    """Exit status 0: explained; 2: bad input, with the reason in one line on stderr."""
    options = _parser().parse_args(words)
    try:
        terms = _terms(options)
        deliveries = read_input(_content(options.file))
        found = _explain(deliveries, options.kind, terms)
    except (BadInputError, ConfigurationError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    try:
        sys.stdout.writelines(f"{printed(one)}\n" for one in found if _is_request(one))
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        sys.stdout = None
    sys.stderr.write(f"{_summary(found)}\n")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="functions.metering.explain",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kind", choices=("access", "execution", "auto"), default="auto")
    parser.add_argument("--config", help="the metering configuration; default: one API call each")
    parser.add_argument("--account", help="12 digits: whose API it is, for the event's key")
    parser.add_argument("--region", help="where its log group is, for the event's key")
    parser.add_argument("file", nargs="?", default="-", help="default: standard input")
    return parser


def _terms(options: Namespace) -> Terms:
    account = options.account
    if account is not None and not (
        len(account) == _ACCOUNT_DIGITS and account.isascii() and account.isdigit()
    ):
        raise BadInputError("--account: an AWS account id has 12 digits")
    now_ms = time.time_ns() // 1_000_000
    return Terms(_configuration(options.config), account, options.region, now_ms)


def _configuration(file: str | None) -> Configuration:
    return read_configuration(Path(file).read_bytes()) if file else default_configuration()


def _content(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def _explain(deliveries: Sequence[LogDelivery], kind: Kind, terms: Terms) -> list[Explained]:
    found = list(chain.from_iterable(explained(one, kind, terms) for one in deliveries))
    known = [one for one in found if not _is_unknown_text(one)]
    is_raw = not any(delivery.log_group for delivery in deliveries)
    if kind != "auto" or not is_raw or any(map(_is_request, known)):
        return found
    if found and not known:
        raise BadInputError("nothing in the input looks like a line of an API Gateway log")
    # Between a Lambda function's lines stand those that it printed itself.
    return [Explained(None, NOT_API_GATEWAY) if _is_unknown_text(one) else one for one in found]


def _is_unknown_text(one: Explained) -> bool:
    return one.is_text and outcome_of(one)[1] in _NO_LOG_LINE


def _is_request(one: Explained) -> bool:
    """Another log's line is no request; a line that cannot be read may be one."""
    return one.request is not None or isinstance(one.billing, Quarantined)


def _summary(found: Sequence[Explained]) -> str:
    requests = Counter(outcome_of(one) for one in found if _is_request(one))
    others = Counter(
        one.billing.reason
        for one in found
        if not _is_request(one) and isinstance(one.billing, Excluded)
    )
    counts = [
        f"{count} {outcome}" + (f" ({reason})" if reason else "")
        for (outcome, reason), count in sorted(requests.items(), key=str)
    ]
    skipped = [f"{count} lines of no request ({reason})" for reason, count in others.items()]
    return f"{requests.total()} requests: " + (", ".join(counts + skipped) or "none")


def _refuse(why: str) -> int:
    sys.stderr.write(f"explain: {' '.join(why.split())}\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
