"""What a page of the built site shows as it was typed: an item of a list that is in no list.

The text of a page comes in, each such line leaves. Code may begin its lines as it likes.
"""

import re
from collections.abc import Iterator

_CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
_ITEM = re.compile(r"^(?:\d{1,9}[.)]|[*+-]) \S.*$", re.MULTILINE)


def unbuilt(page: str) -> Iterator[str]:
    yield from _ITEM.findall(_CODE.sub("", page))
