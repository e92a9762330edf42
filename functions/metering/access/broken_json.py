"""A line that begins as JSON and is none comes in; what is wrong with it, and where, leaves.

Only for a line that was refused: it is read once more. Nothing that a client may have written goes
into the answer, but for the names of keys that API Gateway's own variables have.
"""

import json
import re

from functions.metering.field_names import COMMON_NAMES, UNFORGEABLE, common_name

_QUOTES = "put $context values in quotes"
_MESSAGE_STRING = (
    "$context.error.messageString brings quotes of its own and prints a bare `-` without an error: "
    'log "$context.error.message" in quotes instead'
)
# The same value under the names that formats give it.
_MESSAGE_KEYS = frozenset({"messagestring", "errormessage", "errormessagestring", "message"})
_KNOWN = UNFORGEABLE.union(_MESSAGE_KEYS, *COMMON_NAMES.values())
# The key before a value; no key of ours comes near its length.
_KEY = re.compile(r'"([A-Za-z$][\w.$-]{0,63})"[ \t]{0,8}:[ \t]{0,8}\Z')
_QUOTED_TWICE = re.compile(
    r'"([A-Za-z$][\w.$-]{0,63})"[ \t]{0,8}:[ \t]{0,8}"[ \t]{0,8}"[ \t]{0,8}\Z'
)
_LOOK_BACK = 128
_ENDS_VALUE = frozenset(",}] \t")
_BARE_DASH = "-"


def broken_json(line: str) -> str:
    """What is wrong, with the character's number from 1; for any text."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return _told(line, error)
    except RecursionError:
        return "nested too deeply"
    except ValueError:
        return "a number of too many digits"
    return "not an object"


def _told(line: str, error: json.JSONDecodeError) -> str:
    at, where = error.pos, f"at character {error.pos + 1}"
    if error.msg.startswith("Unterminated string"):
        return _unended(line, at)
    if at >= len(line.rstrip()):
        return f"the line ends at character {len(line)}, before the object does: it was cut"
    if error.msg.startswith("Expecting value"):
        return _no_value(line, at)
    if error.msg.startswith("Expecting ','"):
        return _no_comma(line, at)
    told = {
        "Expecting property name": f"no key in quotes {where}",
        "Expecting ':'": f"no colon behind the key, {where}: is a quote missing?",
        "Illegal trailing comma": f"a comma too many {where}",
        "Invalid control character": f"a line break or control character in a text, {where}",
        "Invalid \\": f"a backslash in a text that JSON does not know, {where}",
        "Extra data": f"something stands behind the object, {where}",
        "Unexpected UTF-8 BOM": "a byte order mark before the object",
    }
    return next((said for begin, said in told.items() if error.msg.startswith(begin)), where)


def _unended(line: str, at: int) -> str:
    """A text that begins and does not end; a whole object's end may stand in it."""
    if line.rstrip().endswith("}"):
        return f"a quote is missing: the text that begins at character {at + 1} has no end"
    return f"the line ends within the text that begins at character {at + 1}: it was cut"


def _no_value(line: str, at: int) -> str:
    key = _key_before(line, at, _KEY)
    of = f", as the value of {key}" if key else ""
    sign, behind = line[at], line[at + 1 : at + 2]
    if sign == _BARE_DASH and (not behind or behind in _ENDS_VALUE):
        cure = _MESSAGE_STRING if _is_message(key) else _QUOTES
        return f"`-` bare at character {at + 1}{of}: {cure}"
    if sign in ",}]":
        return f"no value at character {at + 1}{of}: {_QUOTES}"
    return f"a value without quotes at character {at + 1}{of}: {_QUOTES}"


def _no_comma(line: str, at: int) -> str:
    key = _key_before(line, at, _QUOTED_TWICE)
    if _QUOTED_TWICE.search(line, max(0, at - _LOOK_BACK), at):
        of = f" of {key}" if key else ""
        return f"a text in quotes twice at character {at + 1}{of}: {_MESSAGE_STRING}"
    return f"a quote is missing or too many before character {at + 1}: {_QUOTES}"


def _key_before(line: str, at: int, form: "re.Pattern[str]") -> str:
    """The key of the value at a place; empty where it is not one of API Gateway's own: a client
    may have written it.
    """
    found = form.search(line, max(0, at - _LOOK_BACK), at)
    return found[1] if found and common_name(found[1]) in _KNOWN else ""


def _is_message(key: str) -> bool:
    return common_name(key) in _MESSAGE_KEYS
