"""One difference between what a file states and what is stated: for a person, and as a command."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from functions.reconciliation.commands import (
    USUAL_LAG_SECONDS,
    CredentialCommand,
    GrantCommand,
    StandingCommand,
)
from functions.usage.moment import iso_from_epoch_ms

type Kind = Literal["add", "change", "close", "again"]

# Not compared: what every command has anew, and what stands apart from its grant.
_APART = {"version", "allow_when_unknown", "tenant_id"}
_SHOWN_AS = {
    "start_ms": "start",
    "end_ms": "end",
    "anchor_day": "anchor day",
    "rate_per_second": "rate",
    "lag_seconds": "lag",
}
_USUAL = {"anchor_day": 1, "lag_seconds": USUAL_LAG_SECONDS}
# What the other columns say.
_NAMED = {"kind", "customer_id", "meter"}


class StatedChange(NamedTuple):
    """`counted_as` is the name of the counters' version of it; `danger` says why it needs `--yes`:
    empty, it does not.
    """

    kind: Kind
    customer_id: str
    what: str
    before: str
    after: str
    command: StandingCommand
    counted_as: str
    danger: str = ""

    @property
    def row(self) -> Mapping[str, object]:
        """As it is shown: never a key, nor the value of one."""
        return {
            "change": self.kind,
            "customer": self.customer_id,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "needs": self.danger,
        }


COLUMNS_OF_CHANGES = ("change", "customer", "what", "before", "after", "needs")


class Words(NamedTuple):
    """Before and after, of the fields that differ; of something new, all that it says."""

    before: str
    after: str


def is_alike(before: StandingCommand | None, after: StandingCommand) -> bool:
    """Whether the one says what the other does, but for their versions."""
    return before is not None and before.model_dump(exclude=_APART) == after.model_dump(
        exclude=_APART
    )


def words_of(before: StandingCommand | None, after: StandingCommand) -> Words:
    """Of two that are not alike."""
    new = _fields(after)
    if before is None:
        return Words("", _joined({name: _text(name, new[name]) for name in new if new[name]}))
    old = _fields(before)
    differing = [name for name in new if old[name] != new[name]]
    return Words(*(_joined({n: _text(n, one[n]) for n in differing}) for one in (old, new)))


def _fields(command: StandingCommand) -> Mapping[str, object]:
    match command:
        case CredentialCommand():
            return {
                "customer": command.customer_id,
                "id": command.key_id,
                "environment": command.environment,
                "scopes": " ".join(command.scopes),
                "revoked": command.revoked,
            }
        case GrantCommand():
            fields = command.model_dump(mode="json", exclude=_APART | _NAMED)
            return {
                name: None if _is_usual(name, fields[name]) else fields[name] for name in fields
            }
    return {}


def _is_usual(name: str, value: object) -> bool:
    return name in _USUAL and value == _USUAL[name]


def _text(name: str, value: object) -> str:
    if name.endswith("_ms") and isinstance(value, int):
        return iso_from_epoch_ms(value)
    match value:
        case None | "":
            return "none"
        case bool():
            return str(value).lower()
        case dict():
            return _joined({key: _text(key, one) for key, one in value.items()})
        case float():
            return repr(value).removesuffix(".0")
    return str(value)


def _joined(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{_SHOWN_AS.get(name, name)} {text}" for name, text in fields.items())
