"""A line in the Common Log Format, as API Gateway's console offers it: the facts that it holds.

    ip caller user [requestTime] "httpMethod resourcePath protocol" status responseLength requestId

It names no customer and no API. Values are not escaped, an error text may follow, and where
`routeKey` stands for the path the method stands twice (gateway-logs.md 2.3). Linear: no pattern.
"""

_UUID_CHARS = 36
_GATEWAY_ID_CHARS = 16
_HEAD_WORDS = 3  # ip, caller, user
_FIGURE_CHARS = 15
_PREFIX_CHARS = 2048


def read_clf(line: str) -> dict[str, str] | None:
    """The fields under the names of our format; None where the line is not in this form."""
    head, bracket, rest = line.partition(" [")
    time, closing, rest = rest.partition('] "')
    request, quote, tail = rest.partition('" ')
    if not (bracket and closing and quote) or len(head.split(" ")) != _HEAD_WORDS:
        return None
    asked, words = request.split(" "), tail[:_PREFIX_CHARS].split()
    if len(asked) < _HEAD_WORDS or "/" not in asked[-1] or not _are_figures(words[:2]):
        return None
    return {
        "requestTime": time,
        "httpMethod": asked[0],
        **_where(asked[1:-1]),
        "status": words[0],
        "responseLength": words[1],
        **_ids(words[2:4]),
    }


def _are_figures(words: list[str]) -> bool:
    return len(words) == 2 and all(  # noqa: PLR2004 - status and length
        word == "-" or (len(word) < _FIGURE_CHARS and word.isascii() and word.isdigit())
        for word in words
    )


def _where(asked: list[str]) -> dict[str, str]:
    if len(asked) > 1 or asked[0].startswith("$"):
        return {"routeKey": " ".join(asked)}
    return {"resourcePath": asked[0]}


def _ids(words: list[str]) -> dict[str, str]:
    """What follows may be an id, two, or the words of an error text."""
    found = [word for word in words if _is_uuid(word) or _is_gateway_id(word)]
    if not words or words[:1] != found[:1]:
        return {}
    first, *more = found
    extended = {"extendedRequestId": more[0]} if more and _is_gateway_id(more[0]) else {}
    return {"requestId": first, **extended}


def _is_uuid(word: str) -> bool:
    digits = word.replace("-", "")
    return len(word) == _UUID_CHARS and digits.isascii() and digits.isalnum()


def _is_gateway_id(word: str) -> bool:
    """`KyDfdgZ9oAMEYpA=`: made by API Gateway (gateway-logs.md 2.4)."""
    letters = word.replace("-", "").replace("_", "")[:-1]
    return (
        len(word) == _GATEWAY_ID_CHARS
        and word[-1] == "="
        and letters.isascii()
        and letters.isalnum()
    )
