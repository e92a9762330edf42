"""Lines that are no JSON: whether a stage of API Gateway may have written them all the same.

The console offers access logs as XML, CSV and CLF too, and frameworks write words of their own. No
such line can be billed, but it is an access log, and is not to be called anything else.
"""

import re

# `$context.requestTime`, which every format that AWS offers holds.
_REQUEST_TIME = re.compile(r"\b[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(?::[0-9]{2}){3} [+-][0-9]{4}\b")
# XML, and the Serverless Framework's words.
_OPENINGS = ("<request", "requestId")
_QUOTED_OBJECTS = (('"{', '}"'), ("'{", "}'"))


def is_unknown_text(line: str) -> bool:
    """Whether nothing in the line says that it is of an access log."""
    text = line.strip()
    if text.startswith(("{", *_OPENINGS)):
        return False
    if any(text.startswith(first) and text.endswith(last) for first, last in _QUOTED_OBJECTS):
        return False
    return _REQUEST_TIME.search(text) is None
