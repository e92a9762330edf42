"""A refusal in Aforo's words: the body of an answer comes in, problems leave, of the whole post or
of the events that it names (aforo-contract.md 1.1.4).

Guaranteed: any bytes can be read. Only the few words below and those of `blame` change what we do:
what blames an event makes it poison, kept for a person, and what blames nobody is asked again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic_core import from_json

from functions.forwarder.blame import blames_the_event, refused_once
from functions.usage.outcome import Confirmed, Held, SetAside, SetAsideClass

_SLUG_LENGTH = 64
# The first sentences say what is wrong; `_QUOTED` costs the square of a run without blanks.
_TEXT_CHARS = 1024
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_CODE = re.compile(r"[A-Z][A-Z0-9_]+(?=:|$)")  # `UNKNOWN_METRIC: GET /petz`
# What a text quotes of an event or of a URL: `/tenants/{id}`, `events[3].metadata.tenant`.
_QUOTED = re.compile(r"\w+://\S*|(?<!\w)/\S*|\S*[{\\]\S*|\w+\[\d+\](?:\.\w+)*|\w+(?:\.\w+)+")
_IS_SYSTEMIC = re.compile(r"tenant|api[ _-]?key|credential|unauthori[sz]ed", re.IGNORECASE)

CLASS_OF_CODE = {
    "unknown_metric": SetAsideClass.CONFIG,
    "unknown_customer": SetAsideClass.CONFIG,
    "event_too_old": SetAsideClass.LATE,
}
_FUTURE_CODE = "event_in_future"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, its body cut at the cap. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal in Aforo's words: `code` is a slug, `text` is read for its few known words only."""

    status: int
    code: str
    text: str = ""
    instance: str | None = None

    @property
    def is_systemic(self) -> bool:
        """Whether it speaks of who we are rather than of an event."""
        known = self.code in CLASS_OF_CODE
        text = _QUOTED.sub(" ", self.text[:_TEXT_CHARS])
        return not known and bool(_IS_SYSTEMIC.search(f"{self.code} {text}"))

    @property
    def is_unknown_metric(self) -> bool:
        return self.code == "unknown_metric"

    def outcome(self) -> Confirmed | SetAside | Held:
        """What becomes of an event that was refused like this, named or alone in its post."""
        if self.status == HTTPStatus.CONFLICT and "duplicate" in self.code:
            return Confirmed()
        if self.is_systemic:
            return Held("systemic_refusal", 0)
        if self.code == _FUTURE_CODE:
            return Held("future", 0)
        set_aside_class = CLASS_OF_CODE.get(self.code, SetAsideClass.POISON)
        refusal = SetAside(set_aside_class, self.code, self.status, self.instance)
        is_clear = self.code in CLASS_OF_CODE or blames_the_event(self.code)
        return refusal if is_clear else refused_once(refusal)


def named_problems(document: Mapping[str, Any], size: int, problem: Problem) -> dict[int, Problem]:
    """The events that `errors` points at by index, each with its own problem."""
    found = {}
    errors = document.get("errors")
    for entry in errors if isinstance(errors, list) else ():
        index = entry.get("index") if isinstance(entry, dict) else None
        if type(index) is int and 0 <= index < size:
            text = _text(entry, "error", "message", "detail")
            code = _code(entry, text) or problem.code
            found[index] = Problem(problem.status, code, text, problem.instance)
    return found


def problem_of(said: Reply) -> Problem:
    document = read_document(said.body)
    text = _text(document, "detail", "message", "error", "title")
    code = _code(document, text) or f"status_{said.status}"
    return Problem(said.status, code, text, instance_of(said, document))


def _code(document: Mapping[str, Any], text: str) -> str:
    """A slug: the code that Aforo gives, else the constant its text starts with, else the type."""
    found = _CODE.match(text)
    kind = _text(document, "type").rpartition("/")[2]
    given = _text(document, "code") or (found[0] if found else kind)
    return _NOT_SLUG.sub("_", given.lower()).strip("_")[:_SLUG_LENGTH]


def instance_of(said: Reply, document: Mapping[str, Any]) -> str | None:
    found = _text(document, "instance") or said.headers.get("x-request-id", "")
    return found[:_SLUG_LENGTH] or None


def _text(document: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = document.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def read_document(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body; empty when there is none."""
    try:
        found = from_json(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
