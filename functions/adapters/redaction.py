"""Credentials taken out of log text before it is kept. Everything else stays, so that the text can
be metered again. Linear in the text: no pattern can start twice in one run of characters.

Metering redacts what it keeps; the audit redacts a line of the log to find it among what is kept.
"""

import re

from functions.usage.vended_line import Wrapped, unwrapped

REDACTED = "[redacted]"

_NAMES = r"(?:proxy-)?authorization|api[-_]?key|cookie|x-amz-security-token"
# The value of a JSON member, at any depth of JSON within JSON: the quotes carry backslashes there.
_MEMBER = re.compile(rf'((?:{_NAMES})\\*"\s*:\s*\\*")(?:[^"\\]|\\[^"\\])*', re.IGNORECASE)
# A header as execution logs print it: `Authorization=Bearer abc, Host=...`.
_HEADER = re.compile(
    rf"""((?:{_NAMES})[ \t]*[=:][ \t]*)(?!'\[redacted\])[^\s",}}\\][^",}}\\\r\n]*""", re.IGNORECASE
)
_BEARER = re.compile(r"(\b(?:bearer|basic)[ \t]+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_AFORO_KEY = re.compile(r"(sk_(?:live|test)_)[A-Za-z0-9]+")
# An attribute of XML, or what a program wrote as its own text: `apiKey="abc"`, `'apiKey': 'abc'`.
_QUOTED = re.compile(
    rf"((?:{_NAMES})[\"']?[ \t]{{0,8}}[=:][ \t]{{0,8}}([\"']))(?:(?!\2)[^<>\r\n]){{1,4096}}",
    re.IGNORECASE,
)
# An XML format. Up to 200 characters of attributes, so that a tag that never ends costs no more.
_ELEMENT = re.compile(
    rf"(<[\w.:-]{{0,40}}(?:{_NAMES})(?:\s[^<>]{{0,200}})?>(?:\s{{0,20}}<!\[CDATA\[)?)(?:(?!\]\]>)[^<])+",
    re.IGNORECASE,
)
# The value of an API key has no name in CSV, common log format or words: 20 to 128 letters and
# digits, mixed. Ids of AWS are of one case; those of JSON and execution logs may say who pays.
_UNNAMED_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Z0-9]{0,127}[a-z])(?=[a-z0-9]{0,127}[A-Z])(?=[A-Za-z]{0,127}[0-9])"
    r"[A-Za-z0-9]{20,128}(?![A-Za-z0-9=])"
)
_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?")


def redacted(text: str) -> str:
    """`text` with credentials replaced by `[redacted]`: Authorization, API keys and cookies by
    their names, Aforo's keys and JSON Web Tokens by their looks, and where values have no names,
    what looks like an API key.
    """
    for pattern in (_MEMBER, _QUOTED, _HEADER, _BEARER, _AFORO_KEY, _ELEMENT):
        text = pattern.sub(rf"\1{REDACTED}", text)
    if "{" not in text and not text.startswith("("):
        text = _UNNAMED_KEY.sub(REDACTED, text)
    return _TOKEN.sub(REDACTED, text)


def redacted_line(message: str) -> str:
    """A line of a log, redacted. Columns one by one: `/plans/basic`, a tab and GET look like a
    password, and without its method no such line could be read again.
    """
    found = None if message.startswith("{") else unwrapped(message)
    if not isinstance(found, Wrapped):
        return redacted(message)
    head = message.removesuffix(found.line)
    blank = head[-1:] or " "
    return blank.join(map(redacted, head.split(blank))) + redacted(found.line)
