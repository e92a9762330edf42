"""A document comes in; lines leave that say whether it is usable, what it would change, and what
it makes otherwise of a sample of the log.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from cyclopts import Parameter

from functions.metering.configuration.deployed_sources import ConfigurationReader
from functions.metering.configuration.document_reading import ConfigurationError
from functions.metering.configuration.stored import ONLY_THE_DOCUMENT
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.settings import customer_header
from functions.operator.configuration_commands.configuration_changes import changes
from functions.operator.configuration_commands.metered_log import MOST_EVENTS, metered_log
from functions.operator.configuration_commands.sample_comparison import compare
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.explain.given_files import given_files, open_s3
from functions.operator.explain.given_log import read_log
from functions.operator.explain.terminal_text import printable
from functions.operator.file_words import file_words
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent

STANDARD_INPUT = "-"
_MINUTE_MS = 60_000


class NotUsableError(Exception):
    """The faults of a document, one a line."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The log that both configurations are tried on."""

    log: Annotated[
        str | None,
        Parameter(allow_leading_hyphen=True, help="try both on this log, as `explain` takes it"),
    ] = None
    from_log: Annotated[
        int | None,
        Parameter(help=f"try both on the metered log's last minutes (to {MOST_EVENTS} events)"),
    ] = None
    log_group: Annotated[
        str | None,
        Parameter(help="of raw lines in --log; of several metered ones, the one to read"),
    ] = None
    tenant_header: Annotated[
        Literal["tenant", "customer"], Parameter(help="as the parameter TenantHeader")
    ] = "tenant"

    def check(self) -> None:
        """Permanent where the options do not go together."""
        if self.log is not None and self.from_log is not None:
            raise Permanent("--log and --from-log: give one of them")
        if self.from_log is not None and self.from_log < 1:
            raise Permanent("--from-log: give 1 minute or more")

    @property
    def is_wanted(self) -> bool:
        """Whether there is one."""
        return self.log is not None or self.from_log is not None


NO_SAMPLE = Sample()


class Base(NamedTuple):
    """What a document is compared with, and how that is called."""

    configuration: Configuration
    words: str


def read_document(file: str, sample: Sample = NO_SAMPLE) -> bytes:
    """Permanent where it cannot be read."""
    if file == STANDARD_INPUT:
        if sample.log == STANDARD_INPUT:
            raise Permanent("--log: standard input is read for the configuration; name a file")
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Permanent(file_words(error, file)) from None


def usable(
    document: bytes, name: str, reader: ConfigurationReader = ONLY_THE_DOCUMENT
) -> Configuration:
    """With the sources of the parameters that `reader` knows. NotUsableError tells every fault."""
    try:
        return reader.read(document)
    except ConfigurationError as error:
        faults = "".join(f"{name}: {printable(one)}\n" for one in error.faults)
        raise NotUsableError(faults) from None


def tell_changes(after: Configuration, base: Base) -> None:
    """In words, on stdout."""
    lines = list(changes(base.configuration, after, _now_ms()))
    print(f"against {base.words}:")
    for line in lines or ["warning: nothing changes"]:
        print(f"  {line}")


def tell_sample(
    after: Configuration, base: Base, sample: Sample, deployment: Deployment | None
) -> None:
    """What differs in the sample, on stdout. Permanent where it cannot be read."""
    if not sample.is_wanted:
        return
    header = customer_header(sample.tenant_header)
    terms = ExplainTerms(after, None, None, _now_ms(), header, sample.log_group)
    try:
        with StillWorking("configuration", "reading the sample") as working:
            for found in compare(_deliveries(sample, deployment), base.configuration, terms):
                working.doing = f"{found.requests} requests of the sample"
    except BadInputError as error:
        raise Permanent(f"--log {sample.log}: {error}") from None
    except OSError as error:
        raise Permanent(file_words(error, f"--log {sample.log}")) from None
    for line in found.lines():
        print(line)


def _deliveries(sample: Sample, deployment: Deployment | None) -> Iterator[LogDelivery]:
    if sample.log is not None:
        return read_log(given_files(sample.log, open_s3), "auto")
    if deployment is None or sample.from_log is None:
        raise TargetError("--from-log: needs a deployment; give --stack, or --log FILE")
    since_ms = _now_ms() - sample.from_log * _MINUTE_MS
    return metered_log(deployment, sample.log_group, since_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
