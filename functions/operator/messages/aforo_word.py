"""A message that Aforo may have, and a person's word about its keys, come in; what to send leaves.
Pure (docs/explanation/decisions/0003-doubt.md).

Guaranteed: every event of the message is either sent or named as billed, never both, and a key that
is not the message's is refused.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from functions.usage.doubt import records_of
from functions.usage.errors import Permanent
from functions.usage.message import USAGE_MESSAGE, UsageMessage, to_body
from functions.usage.outcome import SetAsideClass

ALL = "all"
_SAY = "--aforo-has, --aforo-lacks or --send-lacking"


class Word(NamedTuple):
    """What a person found at Aforo. `all` stands for every key; what is said of no key, the other
    option is about.
    """

    has: Sequence[str] = ()
    lacks: Sequence[str] = ()


class Decision(NamedTuple):
    """`body` goes to UsageQueue; None when nothing is lacking."""

    body: str | None
    sent: list[str]
    billed: list[str]


def word_of(has: Sequence[str], lacks: Sequence[str], lacking: str | None) -> Word:
    """`lacking` is the text of a file, a key a line. Permanent names the options."""
    if lacking is None:
        if not has and not lacks:
            raise Permanent(f"{_SAY}: say which keys Aforo has, or lacks")
        return Word(has, lacks)
    if has or lacks:
        raise Permanent("--send-lacking: give it, or --aforo-has and --aforo-lacks")
    keys = lacking.split()
    if not keys:
        raise Permanent("--send-lacking: no key is in it; does Aforo have all: --aforo-has all")
    return Word(lacks=keys)


def decide(body: str, word: Word) -> Decision:
    """Permanent where the message needs no decision, or the word is not about it."""
    message = _ambiguous(body)
    keys = [event["idempotencyKey"] for event in message["events"]]
    lacking = _lacking(dict.fromkeys(keys), word)
    sent = [event for event in message["events"] if event["idempotencyKey"] in lacking]
    decided: UsageMessage = {
        "version": 1,
        "meteredAt": message["meteredAt"],
        "decided": True,
        "history": records_of(message),
        "events": sent,
    }
    return Decision(
        body=to_body(decided) if sent else None,
        sent=[event["idempotencyKey"] for event in sent],
        billed=[key for key in keys if key not in lacking],
    )


def _ambiguous(body: str) -> UsageMessage:
    try:
        message = USAGE_MESSAGE.validate_json(body)
    except ValidationError:
        raise Permanent("ID: it is no usage message: `aforo-metering message repair`") from None
    record = message.get("setAside")
    kind = record["setAsideClass"] if record else SetAsideClass.EXHAUSTED
    if kind != SetAsideClass.AMBIGUOUS:
        raise Permanent(
            f"ID: its class is {kind}, and only `ambiguous` needs a decision: replay it"
        )
    return message


def _lacking(keys: Iterable[str], word: Word) -> set[str]:
    known = set(keys)
    has, lacks = _named("--aforo-has", word.has, known), _named("--aforo-lacks", word.lacks, known)
    if both := has & lacks:
        raise Permanent(
            f"--aforo-has, --aforo-lacks: {min(both)} is in both: it is one or the other"
        )
    if has and lacks and (neither := known - has - lacks):
        rest = f"{min(neither)} and {len(neither) - 1} more" if len(neither) > 1 else min(neither)
        raise Permanent(
            f"--aforo-has, --aforo-lacks: say which it is of {rest}, or give one of them"
        )
    return lacks or known - has


def _named(option: str, keys: Sequence[str], known: set[str]) -> set[str]:
    if list(keys) == [ALL]:
        return known
    if strangers := [key for key in keys if key not in known]:
        raise Permanent(
            f"{option}: {strangers[0]} is no key of this message (`message show` has them)"
        )
    return set(keys)
