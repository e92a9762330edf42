"""`aforo-metering explain`: what metering would make of a log, request by request; nothing is sent,
AWS is not asked.

Reads raw log lines, a subscription payload (decoded, or base64 of gzip) or the JSON of
`aws logs filter-log-events`. Prints one JSON object per request, and a summary to stderr.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from cyclopts import Parameter

from functions.metering.configuration.version import (
    Configuration,
    ConfigurationError,
    default_configuration,
    read_configuration,
)
from functions.metering.log_delivery import LogDelivery
from functions.metering.settings import customer_header
from functions.operator.explain.explained_line import outcome_of, printed
from functions.operator.explain.explanation import Explained, ExplainTerms, Kind, explained
from functions.operator.explain.inputs import BadInputError, read_input
from functions.operator.explain.recognition import is_request, recognised
from functions.operator.still_working import StillWorking
from functions.usage.outcome import Excluded

_ACCOUNT_DIGITS = 12


def explain(
    file: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="a file of a log; - is standard input")
    ] = "-",
    /,
    *,
    kind: Annotated[Kind, Parameter(help="what the lines are of")] = "auto",
    config: Annotated[
        str | None, Parameter(help="the metering configuration; without it: one API call each")
    ] = None,
    account: Annotated[
        str | None, Parameter(help="12 digits: whose API it is, for the event's key")
    ] = None,
    region: Annotated[
        str | None, Parameter(help="where its log group is, for the event's key")
    ] = None,
    log_group: Annotated[
        str | None,
        Parameter(help="of raw lines; without it: the one that the configuration declares, if one"),
    ] = None,
    tenant_header: Annotated[
        Literal["tenant", "customer"],
        Parameter(help="as the parameter TenantHeader: whose id X-Tenant-Id carries"),
    ] = "tenant",
) -> int:
    """Exit status 0: explained; 2: bad input, with the reason in one line on stderr."""
    counts = _Counts()
    try:
        terms = _terms(config, account, region, tenant_header, log_group)
        with _opened(file) as opened, StillWorking("explain", "reading") as working:
            for one in _explain(read_input(opened, kind), kind, terms):
                counts.add(one)
                working.doing = f"{counts.requests} requests"
                if is_request(one):
                    sys.stdout.write(f"{printed(one)}\n")
        sys.stdout.flush()
    except (BadInputError, ConfigurationError) as error:
        return _refuse(str(error))
    except BrokenPipeError:  # `| head` has seen enough
        sys.stdout = None
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    sys.stderr.write(f"{counts.summary()}\n")
    return 0


def _terms(
    config: str | None,
    account: str | None,
    region: str | None,
    tenant_header: str,
    log_group: str | None,
) -> ExplainTerms:
    if account is not None and not (
        len(account) == _ACCOUNT_DIGITS and account.isascii() and account.isdigit()
    ):
        raise BadInputError("--account: an AWS account id has 12 digits")
    now_ms = time.time_ns() // 1_000_000
    header = customer_header(tenant_header)
    return ExplainTerms(_configuration(config), account, region, now_ms, header, log_group)


def _configuration(file: str | None) -> Configuration:
    return read_configuration(Path(file).read_bytes()) if file else default_configuration()


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb")


def _explain(
    deliveries: Iterator[LogDelivery], kind: Kind, terms: ExplainTerms
) -> Iterator[Explained]:
    """Where somebody says what the lines are, none of them has to be recognised."""
    first = next(deliveries, None)
    delivered = deliveries if first is None else chain([first], deliveries)
    found = chain.from_iterable(explained(one, kind, terms) for one in delivered)
    is_raw = first is not None and not first.log_group
    return recognised(found) if kind == "auto" and is_raw else found


class _Counts:
    """How many of each, for the summary."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str | None]] = Counter()
        self._others: Counter[str] = Counter()
        self.requests = 0

    def add(self, one: Explained) -> None:
        if is_request(one):
            self._requests[outcome_of(one)] += 1
            self.requests += 1
        elif isinstance(one.billing, Excluded):
            self._others[one.billing.reason] += 1

    def summary(self) -> str:
        counts = [
            f"{count} {outcome}" + (f" ({reason})" if reason else "")
            for (outcome, reason), count in sorted(self._requests.items(), key=str)
        ]
        skipped = [f"{n} lines of no request ({reason})" for reason, n in self._others.items()]
        return f"{self.requests} requests: " + (", ".join(counts + skipped) or "none")


def _refuse(why: str) -> int:
    sys.stderr.write(f"explain: {' '.join(why.split())}\n")
    return 2
