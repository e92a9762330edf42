"""Credentials taken out of log text before it is kept. Everything else stays, so that the text can
be metered again. Linear in the text: no pattern can start twice in one run of characters.
"""

import re

REDACTED = "[redacted]"

_NAMES = r"(?:proxy-)?authorization|api[-_]?key|cookie|x-amz-security-token"
# The value of a JSON member, at any depth of JSON within JSON: the quotes carry backslashes there.
_MEMBER = re.compile(rf'((?:{_NAMES})\\*"\s*:\s*\\*")(?:[^"\\]|\\[^"\\])*', re.IGNORECASE)
# A header as execution logs print it: `Authorization=Bearer abc, Host=...`.
_HEADER = re.compile(rf'((?:{_NAMES})[ \t]*[=:][ \t]*)[^\s",}}\\][^",}}\\\r\n]*', re.IGNORECASE)
_BEARER = re.compile(r"(\b(?:bearer|basic)[ \t]+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_AFORO_KEY = re.compile(r"(sk_(?:live|test)_)[A-Za-z0-9]+")
_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?")


def redacted(text: str) -> str:
    """`text` with credentials replaced by `[redacted]`: Authorization, API keys and cookies by
    their names, Aforo's keys and JSON Web Tokens by their looks.
    """
    for pattern in (_MEMBER, _HEADER, _BEARER, _AFORO_KEY):
        text = pattern.sub(rf"\1{REDACTED}", text)
    return _TOKEN.sub(REDACTED, text)
