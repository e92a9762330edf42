"""The options that say how a log is to be read, the same for every command that explains one."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from functions.metering.configuration.document_reading import (
    ConfigurationError,
    default_configuration,
    read_configuration,
)
from functions.metering.configuration.version import Configuration
from functions.metering.settings import customer_header
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.explanation import ExplainTerms, Kind

_ACCOUNT_DIGITS = 12


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTerms:
    """By what to meter, and what the log does not say of itself."""

    kind: Annotated[Kind, Parameter(help="what the lines are of")] = "auto"
    config: Annotated[
        str | None, Parameter(help="the metering configuration; without it: one API call each")
    ] = None
    account: Annotated[
        str | None, Parameter(help="12 digits: whose API it is, for the event's key")
    ] = None
    region: Annotated[str | None, Parameter(help="where its log group is, for the event's key")] = (
        None
    )
    log_group: Annotated[
        str | None,
        Parameter(help="of raw lines; without it: the one that the configuration declares, if one"),
    ] = None
    tenant_header: Annotated[
        Literal["tenant", "customer"],
        Parameter(help="as the parameter TenantHeader: whose id X-Tenant-Id carries"),
    ] = "tenant"

    def terms(self) -> ExplainTerms:
        """BadInputError or OSError for what cannot be used."""
        if self.account is not None and not _is_account(self.account):
            raise BadInputError(
                f"--account: {self.account!r} is no account id: write its 12 digits"
            )
        now_ms = time.time_ns() // 1_000_000
        header = customer_header(self.tenant_header)
        configuration = self.configuration()
        return ExplainTerms(
            configuration, self.account, self.region, now_ms, header, self.log_group
        )

    def configuration(self) -> Configuration:
        """The one that was named, or the default."""
        if not self.config:
            return default_configuration()
        try:
            return read_configuration(Path(self.config).read_bytes())
        except ConfigurationError as error:
            raise BadInputError(f"--config {self.config}: {'; '.join(error.faults)}") from None


AS_IT_STANDS = AskedTerms()


def _is_account(text: str) -> bool:
    return len(text) == _ACCOUNT_DIGITS and text.isascii() and text.isdigit()
