"""The options of `aforo-metering replay start` come in; the execution's input leaves, as in the
Step Functions console. Pure: the state machine alone judges it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from functions.usage.errors import Permanent

type Value = str | int | float | bool | Sequence[str] | None


class ReplayOptions(NamedTuple):
    """What a person asked for; None, False and empty: not said."""

    source: str | None = None
    dry_run: bool = False
    max_messages: int | None = None
    set_aside_class: Sequence[str] = ()
    customer: str | None = None
    older_than: str | None = None
    newer_than: str | None = None
    reason: Sequence[str] = ()
    events_per_second: float | None = None
    send_ambiguous: bool = False

    def fields(self) -> dict[str, object]:
        """By their names in the input, without what was not said."""
        chosen = _said(
            {
                "class": list(self.set_aside_class),
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


def input_of(options: ReplayOptions, text: str | None) -> str:
    """JSON text. Permanent names the option."""
    fields = options.fields()
    if text is None:
        return json.dumps(fields)
    if fields:
        raise Permanent("--input: give it, or the other options")
    try:
        json.loads(text)
    except ValueError as error:
        raise Permanent(f"""--input: is no JSON ({error}): write '{{"dryRun": true}}'""") from None
    return text


def _said(fields: Mapping[str, Value]) -> dict[str, Value]:
    # A limit of 0 equals False, and is said: the state machine refuses it.
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value != []
    }
