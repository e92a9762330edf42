"""The options of `aforo-metering replay start` come in; the execution's input leaves, as in the
Step Functions console. Pure: the state machine alone judges it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter

from functions.operator.plain_option import PLAIN, WHOLE
from functions.usage.errors import Permanent
from functions.usage.json_words import json_words
from functions.usage.outcome import SetAsideClass
from functions.usage.strict_json import STANDS_TWICE, names_twice

type Value = str | int | float | bool | Sequence[str] | None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What a person asked for; None, False and empty: not said."""

    source: Annotated[
        Literal["usage", "quarantine", "counters"] | None,
        Parameter(help="where to take from; without it: usage, from UsageDeadLetterQueue"),
    ] = None
    dry_run: Annotated[bool, PLAIN, Parameter(help="say what it would do, send nothing")] = False
    max_messages: Annotated[
        int | None, WHOLE, Parameter(help="at most so many messages, or objects of the quarantine")
    ] = None
    set_aside_class: Annotated[
        tuple[SetAsideClass, ...],
        PLAIN,
        Parameter(name="--class", help="only this class; may be repeated"),
    ] = ()
    customer: Annotated[str | None, Parameter(help="only this customer's events")] = None
    newer_than: Annotated[
        str | None, Parameter(help="only requests after this time, 2026-11-23T08:00:00Z")
    ] = None
    older_than: Annotated[str | None, Parameter(help="only requests before this time")] = None
    reason: Annotated[
        tuple[str, ...],
        PLAIN,
        Parameter(help="of the quarantine: only this reason; may be repeated"),
    ] = ()
    events_per_second: Annotated[float | None, Parameter(help="gently: at this pace")] = None
    send_ambiguous: Annotated[
        bool,
        PLAIN,
        Parameter(
            help="your word that Aforo has none of what is chosen; wrong, it is billed twice"
        ),
    ] = False

    def fields(self) -> dict[str, object]:
        """By their names in the input, without what was not said."""
        chosen = _said(
            {
                "class": [one.value for one in self.set_aside_class],
                "customerId": self.customer,
                "olderThan": self.older_than,
                "newerThan": self.newer_than,
                "reason": list(self.reason),
            }
        )
        return {
            **_said(
                {
                    "source": self.source,
                    "dryRun": self.dry_run,
                    "maxMessages": self.max_messages,
                    "eventsPerSecond": self.events_per_second,
                    "sendAmbiguous": self.send_ambiguous,
                }
            ),
            **({"filter": chosen} if chosen else {}),
        }


ALL_OF_IT = ReplayOptions()


def input_of(options: ReplayOptions, text: str | None) -> str:
    """JSON text. Permanent names the option."""
    fields = options.fields()
    if text is None:
        return json.dumps(fields)
    if fields:
        raise Permanent("--input: stands beside other options: give it alone, or only the options")
    try:
        twice = names_twice(text)
    except (ValueError, RecursionError):
        raise Permanent(
            f"""--input: {json_words(text)}; write it as '{{"dryRun": true}}'"""
        ) from None
    if twice:
        raise Permanent(f"--input: {'.'.join(map(str, twice[0]))}: {STANDS_TWICE}")
    return text


def sends_ambiguous(text: str) -> bool:
    """Whether the input needs a person's decision beside it; the state machine alone judges it."""
    asked = json.loads(text)
    is_object = isinstance(asked, dict)
    return is_object and bool(asked.get("sendAmbiguous")) and not asked.get("dryRun")


def _said(fields: Mapping[str, Value]) -> dict[str, Value]:
    # A limit of 0 equals False, and is said: the state machine refuses it.
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value != []
    }
