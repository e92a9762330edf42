"""`python -m tests.template.parameters_page`: the template's parameters, as a page of the docs.

template.yaml comes in, docs/reference/parameters.md leaves. A test says that it is current.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tests.local.endpoints import ROOT
from tests.template.stack import template
from tests.template.written_page import in_a_cell, write_page

PAGE = ROOT / "docs" / "reference" / "parameters.md"
INTERFACE = "AWS::CloudFormation::Interface"
LONGEST_PATTERN = 40
HEAD = """\
# Parameters

Made from `template.yaml` by `make reference`. A test fails when this page is behind it.

A first deploy needs `AforoTenantId`, `VpcId` and `SubnetIds`;
with [a Redis of your own](../how-to/use-your-own-redis.md), `RedisUrl` too.
A later deploy needs only what changes: the others keep their values.

```sh
make deploy PARAMETERS='AlarmEmail=oncall@example.com HeadroomCapPercent=10'
```

`aforo-metering preflight` takes the same words and says what a deploy would stumble over.
"""


def page() -> str:
    """The whole page: a section for each group, in the order in which the console asks."""
    return "\n".join([HEAD, *(line for label, names in groups() for line in section(label, names))])


def groups() -> list[tuple[str, list[str]]]:
    """The label of each group, and its parameters."""
    listed = template()["Metadata"][INTERFACE]["ParameterGroups"]
    return [(one["Label"]["default"], one["Parameters"]) for one in listed]


def section(label: str, names: list[str]) -> Iterator[str]:
    yield f"## {label}\n"
    yield "| parameter | default | allowed | |"
    yield "|---|---|---|---|"
    for name in names:
        one = template()["Parameters"][name]
        yield f"| `{name}` | {default_of(one)} | {allowed(one)} | {text_of(one)} |"
    yield ""


def default_of(parameter: Mapping[str, Any]) -> str:
    if "Default" not in parameter:
        return "*needed*"
    value = str(parameter["Default"])
    return f"`{value}`" if value else "none"


def allowed(parameter: Mapping[str, Any]) -> str:
    """The values, or the type with its bounds."""
    if values := parameter.get("AllowedValues"):
        return ", ".join(f"`{value}`" for value in values)
    if parameter["Type"] == "CommaDelimitedList":
        return "a list, with commas"
    if parameter["Type"] != "Number":
        return text_like(parameter)
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    ends = [f"from {least}" if least is not None else "", f"to {most}" if most is not None else ""]
    return " ".join(["a number", *filter(None, ends)])


def text_like(parameter: Mapping[str, Any]) -> str:
    """A short pattern as it is, a long one in words."""
    pattern = str(parameter.get("AllowedPattern", ""))
    if not pattern:
        return "text"
    if len(pattern) <= LONGEST_PATTERN:
        return f"text like `{in_a_cell(pattern)}`"
    return in_a_cell(str(parameter.get("ConstraintDescription", "text in a fixed form")))


def text_of(parameter: Mapping[str, Any]) -> str:
    """Its description, with links to the pages that it names."""
    text = in_a_cell(" ".join(str(parameter["Description"]).split()))
    return re.sub(r"docs/([\w/-]+/([\w-]+\.md))", r"[\2](../\1)", text)


def main() -> int:
    return write_page(PAGE, page())


if __name__ == "__main__":
    sys.exit(main())
