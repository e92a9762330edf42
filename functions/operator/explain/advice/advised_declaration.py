"""What a configuration would have to say of a format: members of a version, as JSON to paste.

What only its owner knows stands in `<...>`: a configuration that still holds one is refused, so
that nothing is billed under a name that nobody filled in.
"""

import json
from collections.abc import Mapping
from typing import Any

from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.operator.explain.advice.held_facts import HeldFacts

LOG_GROUP = "<your log group>"
API_ID = "<your API's id>"
STAGE = "<your stage>"
CUSTOMER = "<its customer at Aforo>"


def advised_declaration(
    facts: HeldFacts, present: AccessLogDeclaration | None, log_group: str, *, maps_payer: bool
) -> str:
    """Empty where there is nothing to say. `maps_payer`: values of the payer's key are to be named
    in the customer map.
    """
    entry = _entry(facts, present)
    said: dict[str, Any] = {}
    if maps_payer:
        said["customers"] = {f"<each {facts.held.get('apiKeyId', 'apiKeyId')}>": CUSTOMER}
    if entry != _present(present):  # nothing new is nothing to paste
        said["accessLogs"] = {log_group or LOG_GROUP: entry}
    return json.dumps(said) if said else ""


def _entry(facts: HeldFacts, present: AccessLogDeclaration | None) -> Mapping[str, Any]:
    entry = _present(present)
    entry |= {"fields": dict(facts.fields)} if facts.fields else {}
    lacking = (("apiId", API_ID), ("stage", STAGE))
    return entry | {
        name: stands_for
        for name, stands_for in lacking
        if name not in facts.held and name not in entry
    }


def _present(present: AccessLogDeclaration | None) -> dict[str, Any]:
    if present is None:
        return {}
    said = present.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {name: said[name] for name in said if said[name]}
