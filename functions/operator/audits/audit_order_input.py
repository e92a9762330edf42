"""The options of `aforo-metering audit start` come in; the execution's input leaves, as in the
Step Functions console. The state machine alone judges it. Pure.
"""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from functions.operator.audits.asked_range import AskedTimes
from functions.operator.plain_option import PLAIN
from functions.usage.errors import Permanent
from functions.usage.moment import DAY_MS, iso_from_epoch_ms

_S3 = "s3://"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """What a person asked for; None and False: not said."""

    source: Annotated[str | None, Parameter(help="only this source; without it: all")] = None
    dry_run: Annotated[
        bool, PLAIN, Parameter(help="say what would be billed; send and keep nothing")
    ] = False
    include_old: Annotated[
        bool,
        PLAIN,
        Parameter(
            help="also what is older than Aforo remembers keys (DedupWindowSeconds, 24 h): "
            "your word that Aforo has none of it"
        ),
    ] = False
    export: Annotated[
        str | None,
        Parameter(help="read an export of the access log in S3: s3://BUCKET/PREFIX"),
    ] = None

    def fields(self, times: AskedTimes) -> dict[str, object]:
        """By their names in the input, without what was not said."""
        said: dict[str, object] = {}
        if self.source is not None:
            said["source"] = self.source
        for name, moment in (("from", times.from_ms), ("to", times.to_ms)):
            if moment is not None:
                said[name] = iso_from_epoch_ms(moment)
        if self.dry_run:
            said["dryRun"] = True
        if self.include_old:
            said["includeOld"] = True
        if self.export is not None:
            said["export"] = _place_of(self.export)
        return said

    def why_ask(self, times: AskedTimes, now_ms: int) -> str:
        """Why a dry run should come first; empty where none needs to."""
        if self.dry_run:
            return ""
        if self.include_old:
            return "--include-old bills what Aforo does not remember"
        if times.from_ms is not None and times.from_ms < now_ms - DAY_MS:
            return "it begins more than 24 h ago"
        if self.export is not None and times.from_ms is None:
            return "it reads the whole export"
        return ""


THE_LAST_WINDOW = AuditOptions()


def _place_of(address: str) -> dict[str, str]:
    bucket, _, prefix = address.removeprefix(_S3).partition("/")
    if not address.startswith(_S3) or not bucket:
        raise Permanent(f"--export: {address}: write s3://BUCKET/PREFIX")
    return {"bucket": bucket, "prefix": prefix}
