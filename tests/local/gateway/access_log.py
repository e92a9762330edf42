"""The access log: a stage's format and an exchange's variables come in, one line leaves. Pure.

Absent values print `-`. In a JSON format quotes, backslashes and control characters of a value are
escaped, as REST APIs do since 2024; other formats get the value as it is. `error.messageString`
brings its own quotes.
"""

import json
from collections.abc import Mapping

from tests.local.gateway.substitution import fill

ABSENT = "-"


def access_line(template: str, variables: Mapping[str, str]) -> str:
    """The line that the stage's format makes of a request."""
    is_json = template.lstrip().startswith(("{", "["))

    def value_of(name: str) -> str:
        if name == "error.messageString":
            message = variables.get("error.message")
            return ABSENT if message is None else json.dumps(message, ensure_ascii=False)
        value = variables.get(name, ABSENT)
        return json.dumps(value, ensure_ascii=False)[1:-1] if is_json else value

    return fill(template, value_of)
