"""A text that is no JSON comes in; what is wrong with it leaves, in words, with line and column."""

import json

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ENDS = "it ends in the middle: is it cut?"
_TOO_DEEP = "is no JSON: it is nested too deeply: is it a text of yours?"
_TOO_MANY_DIGITS = "is no JSON that can be read: a number in it has more than 4300 digits"
# How Python's reader begins what it says, and what to do about it.
_WORDS = {
    "Illegal trailing comma": "a comma stands before a closing bracket: remove it",
    "Expecting property name": 'a name is expected here, in double quotes, as {"name": 1}',
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing behind a name",
    "Expecting value": "no value begins like this: write texts in double quotes",
    "Extra data": "there is more behind the end: remove it",
    "Unterminated string": "a text begins here, and its closing quote is missing",
    "Invalid control character": "a line break or a control character stands in a text: write \\n",
    "Invalid \\": "a backslash stands alone: write two",
}


def json_words(document: str | bytes) -> str:
    """`line 2, column 44: a comma stands before a closing bracket: remove it`."""
    if not document.strip():
        return "is empty: write a JSON object, as in {}"
    if isinstance(document, bytes):
        if document.startswith(_BYTE_ORDER_MARKS):
            return "begins with a byte order mark: save it as UTF-8 without one"
        try:
            document = document.decode()
        except UnicodeDecodeError as error:
            return f"is no UTF-8 text (byte {error.start + 1}): save it as UTF-8"
    try:
        json.loads(document)
    except json.JSONDecodeError as error:
        return f"is no JSON: line {error.lineno}, column {error.colno}: {_words(error)}"
    except (RecursionError, ValueError) as error:
        return _TOO_DEEP if isinstance(error, RecursionError) else _TOO_MANY_DIGITS
    return "is no JSON: save it again as UTF-8 text"


def _words(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()):
        return _ENDS
    return next((words for said, words in _WORDS.items() if error.msg.startswith(said)), _ENDS)
