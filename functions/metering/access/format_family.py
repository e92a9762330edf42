"""A line that cannot be read comes in; the family of formats that it is of leaves, and what its
owner has to do about it.

API Gateway's console offers access logs as XML, CSV and common log format too, frameworks write
words of their own, and a format that people write by hand may be no JSON at all. None can be
billed; each is named. Total: any text is of one family. Linear: what tells a family stands at the
beginning, of which so much is looked at.
"""

import re
from enum import Enum
from typing import NamedTuple

from functions.metering.access.broken_json import broken_json
from functions.metering.access.common_log_format import read_clf
from functions.metering.field_names import COMMON_NAMES, UNFORGEABLE, common_name
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import NOT_AN_OBJECT

WHERE = "docs/reference/logs.md#format-v1"
CURE = f"the stage's format must be JSON, with the extendedRequestId; here is one: {WHERE}"
_ONLY_REST = f"only REST APIs are billed, and of those {CURE}"


class Family(Enum):
    """A kind of format, by what its owner calls it."""

    BROKEN_JSON = "broken JSON"
    QUOTED = "JSON as a text, its quotes escaped or the whole format in quotes"
    XML = "XML"
    CLF = "the common log format, which names neither an API nor who pays"
    WEBSOCKET_CLF = "the common log format of a WebSocket API"
    KEY_VALUE = "key=value"
    NAME_VALUE = "name: value"
    CSV = "CSV"
    WORDS = "plain words"


class Recognised(NamedTuple):
    """`is_access_log`: something in the line says so; else anybody may have written it."""

    family: Family
    is_access_log: bool
    is_other_api: bool  # of an HTTP or WebSocket API


_HEAD_CHARS = 4096
_BEGINNINGS = "\ufeff \t\r\n"
# `$context.requestTime`, which every format that AWS offers holds.
_TIME = r"[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(?::[0-9]{2}){3} [+-][0-9]{4}"
_REQUEST_TIME = re.compile(rf"(?<![0-9]){_TIME}(?![0-9])")
_CLF = re.compile(rf'[^\[\n]{{1,256}} \[(?:{_TIME}|-)\] "')
_WEBSOCKET = re.compile(r'\] "(?:CONNECT|MESSAGE|DISCONNECT) ')
_METHOD = re.compile(r"\b(?:GET|PUT|POST|PATCH|DELETE|HEAD|OPTIONS)\b")
_STATUS = re.compile(r"(?<![\w./-])[1-5][0-9]{2}(?![\w./-])")
_ID = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|(?<![\w=-])[\w-]{15}=(?![\w=])|(?<![0-9])1[0-9]{12}(?![0-9])"
)
_ELEMENT = re.compile(r"<([A-Za-z][\w.-]{0,63})")
_NAMED = re.compile(r"(?<![\w.$-])([A-Za-z$][\w.$-]{0,63})[\"']?[ \t]{0,3}([=:])")
_ESCAPED = re.compile(r'\{\s{0,64}\\+"')
_FEWEST_COMMAS = 4
_FEWEST_NAMES = 3
# A program that prints what it does uses words like status and method; these it does not.
_TELLING = frozenset(
    name
    for field in ("requestId", "extendedRequestId", "requestTime", "requestTimeEpoch", "apiId",
                  "resourcePath", "routeKey", "responseLength", "connectionId")
    for name in COMMON_NAMES[field]
) - {"time", "timestamp"}  # fmt: skip
_KNOWN = UNFORGEABLE.union(*COMMON_NAMES.values())
_CONNECTIONS = frozenset({"eventtype", "connectionid"})


def unreadable(line: str, why: Quarantined) -> Quarantined:
    """Why a line that is no JSON object (`why`) is not billed, by its family, and what to do."""
    found = recognise(line)
    if why is NOT_AN_OBJECT and found.family is not Family.QUOTED:
        return Quarantined("unknown_format", f"{why.detail}: {CURE}")
    if found.is_other_api:
        return Quarantined(
            "unsupported_api", f"an access log in {found.family.value}: {_ONLY_REST}"
        )
    if found.family is Family.BROKEN_JSON:
        return Quarantined("invalid_json", f"broken JSON: {broken_json(line)}; {CURE}")
    what = "an access log in" if found.is_access_log else "the line is"
    return Quarantined("invalid_json", f"{what} {found.family.value}: {CURE}")


IN_CLF = Quarantined("invalid_json", f"an access log in {Family.CLF.value}: {CURE}")


def recognise(line: str) -> Recognised:
    """The family of a line that is no JSON object."""
    head = line.lstrip(_BEGINNINGS)[:_HEAD_CHARS]
    if head.startswith("{"):
        family = Family.QUOTED if _ESCAPED.match(head) else Family.BROKEN_JSON
        return Recognised(family, is_access_log=True, is_other_api=False)
    if head[:1] in {'"', "'"} and head[1:].lstrip(_BEGINNINGS + "\\").startswith("{"):
        return Recognised(Family.QUOTED, is_access_log=True, is_other_api=False)
    if head.startswith("<"):
        return _in_xml(head)
    if read_clf(line) is not None or _CLF.match(head):
        is_websocket = _WEBSOCKET.search(head) is not None
        family = Family.WEBSOCKET_CLF if is_websocket else Family.CLF
        return Recognised(family, is_access_log=True, is_other_api=is_websocket)
    return _named(head) or _in_values(head)


def _in_xml(head: str) -> Recognised:
    names = {common_name(name) for name in _ELEMENT.findall(head)}
    is_access_log = head.startswith("<request") or _tells(names)
    return Recognised(Family.XML, is_access_log, _is_other_api(names))


def _named(head: str) -> Recognised | None:
    """A line whose values have names, of which several are those of an access log."""
    of = {"=": set[str](), ":": set[str]()}
    for name, sign in _NAMED.findall(head):
        of[sign].add(common_name(name))
    sign = max(of, key=lambda one: len(of[one] & _KNOWN))
    if not _tells(of[sign]):
        return None
    family = Family.KEY_VALUE if sign == "=" else Family.NAME_VALUE
    return Recognised(family, is_access_log=True, is_other_api=_is_other_api(of[sign]))


def _in_values(head: str) -> Recognised:
    """Values alone, with commas between them or without."""
    is_access_log = _REQUEST_TIME.search(head) is not None or all(
        form.search(head) for form in (_METHOD, _STATUS, _ID)
    )
    is_csv = is_access_log and head.count(",") >= _FEWEST_COMMAS
    return Recognised(Family.CSV if is_csv else Family.WORDS, is_access_log, is_other_api=False)


def _tells(names: set[str]) -> bool:
    return len(names & _KNOWN) >= _FEWEST_NAMES and not _TELLING.isdisjoint(names)


def _is_other_api(names: set[str]) -> bool:
    has_route_key = "routekey" in names and "resourcepath" not in names
    return has_route_key or not _CONNECTIONS.isdisjoint(names)
