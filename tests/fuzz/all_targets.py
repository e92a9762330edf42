"""Every target, by its name."""

from collections.abc import Mapping

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    access_lines,
    aforo_answers,
    client_text,
    configurations,
    credentials,
    deliveries,
    execution_lines,
    orders,
    settled_messages,
    usage_messages,
)

TARGETS: Mapping[str, Target] = {
    module.TARGET.name: module.TARGET
    for module in (
        access_lines,
        aforo_answers,
        client_text,
        configurations,
        credentials,
        deliveries,
        execution_lines,
        orders,
        settled_messages,
        usage_messages,
    )
}
