"""Credentials taken out of log text before it is kept. Everything else stays, so that the text can
be metered again. Linear in the text: no pattern can start twice in one run of characters.
Cheap, too: a delivery of 64 MB that nobody can read is redacted within metering's 60 seconds.

Metering redacts what it keeps; the audit redacts a line of the log to find it among what is kept.
"""

import re

from functions.usage.vended_line import Wrapped, unwrapped

REDACTED = "[redacted]"

# Which header or field a value is of: authorization, cookie, api-key, x-amz-security-token, after
# whatever may stand before it (proxy-). Looked for by its z or k, which are rare in any text: from
# its beginning, in small and large letters, each character of a text costs twenty times as much.
_NAME = (
    r"[zZkK\u212a](?:[aA](?i:(?<=authoriza)tion)|[iI\u0130\u0131](?i:(?<=cooki)e)"
    r"|[eE](?:[yY](?i:(?<=apikey)|(?<=api[-_]key))|[nN](?i:(?<=x-amz-security-token))))"
)
# The value of a JSON member, at any depth of JSON within JSON: the quotes carry backslashes there.
_MEMBER = re.compile(rf'({_NAME}\\*"\s*:\s*\\*")(?:[^"\\]|\\[^"\\])*')
# A header as execution logs print it: `Authorization=Bearer abc, Host=...`.
_HEADER = re.compile(
    rf"""({_NAME}[ \t]*[=:][ \t]*)(?!(?i:'\[redacted\]))[^\s",}}\\][^",}}\\\r\n]*"""
)
_BEARER = re.compile(r"([bB](?i:(?<=\bb)(?:earer|asic))[ \t]+)(?i:[A-Z0-9._~+/=-]+)")
_AFORO_KEY = re.compile(r"(sk_(?:live|test)_)[A-Za-z0-9]+")
# An attribute of XML, or what a program wrote as its own text: `apiKey="abc"`, `'apiKey': 'abc'`.
_QUOTED = re.compile(
    rf"({_NAME}[\"']?[ \t]{{0,8}}[=:][ \t]{{0,8}}([\"']))(?:(?!\2)[^<>\r\n]){{1,4096}}"
)
# An XML format. Up to 40 characters before a name, of which the longest has 17 before its k; up to
# 200 of attributes, so that a tag that never ends costs no more.
_ELEMENT = re.compile(
    rf"(<[\w.:-]{{0,57}}{_NAME}(?:\s[^<>]{{0,200}})?>(?:\s{{0,20}}<!\[CDATA\[)?)(?:(?!\]\]>)[^<])+"
)
# The value of an API key has no name in CSV, common log format or words: 20 to 128 letters and
# digits, mixed. Ids of AWS are of one case; those of JSON and execution logs may say who pays.
_UNNAMED_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9]{20})"  # most words are shorter, and cost no more than this
    r"(?=[A-Z0-9]{0,127}[a-z])(?=[a-z0-9]{0,127}[A-Z])(?=[A-Za-z]{0,127}[0-9])"
    r"[A-Za-z0-9]{20,128}(?![A-Za-z0-9=])"
)
_TOKEN = re.compile(r"eyJ(?<![\w-]eyJ)[\w-]*\.[\w-]+(?:\.[\w-]*)?")


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
