"""A format that is not billed comes in; what its owner has to declare or to log leaves."""

from collections.abc import Mapping
from typing import NamedTuple

from functions.metering.access.field_plan import plan_of
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.configuration.version import Configuration
from functions.metering.field_names import FieldName
from functions.operator.explain.advice.advised_declaration import advised_declaration
from functions.operator.explain.advice.format_table import FoundFormat
from functions.operator.explain.advice.held_facts import HeldFacts, held_facts
from functions.operator.explain.advice.misplaced_texts import misplaced_texts
from functions.operator.explain.advice.stage_format import StageFormat, format_v1, stage_format

# Fewer facts make no access log: a program's own JSON is nobody's format.
_FEWEST_FACTS = 2
_UNREADABLE = frozenset({"bad_time", "bad_status"})
# What lines that are there may lack and be billed all the same, by a declaration.
CURED_BY_DECLARING = frozenset({"apiId", "stage", "accountId", "requestTimeEpoch"})


class Advice(NamedTuple):
    """`declaration` is empty where none helps, `stage_format` is None where the format may stay.
    `is_other_api`: neither helps.
    """

    found: FoundFormat
    declaration: str = ""
    stage_format: StageFormat | None = None
    is_other_api: bool = False


def advice_on(found: FoundFormat, configuration: Configuration) -> Advice | None:
    """None where there is nothing to say: the format is whole, or of no access log, or a key of it
    stands twice, which is nobody's format.
    """
    if "unsupported_api" in found.reasons:
        return Advice(found, is_other_api=True)
    if found.shape.skeleton is None:
        return Advice(found, stage_format=format_v1())
    present = _declared(found.log_group, configuration)
    declared = present or AccessLogDeclaration()
    facts = held_facts(found.shape.paths, declared.fields_)
    is_forged = plan_of(found.shape.paths, facts.fields).twice is not None
    if len(facts.held) < _FEWEST_FACTS or is_forged:
        return None
    said = {"apiId": declared.api_id, "stage": declared.stage}
    new = stage_format(found.shape, facts, [name for name in said if said[name]])
    is_v1 = "v" in found.shape.paths and present is None
    fields = _fields_of_v1(facts, new) if is_v1 else _with_added_payers(facts, new)
    is_new = "apiKeyId" in fields and "apiKeyId" not in declared.fields_
    moved = misplaced_texts(
        found.shape.paths,
        fields,
        [name for name in said if said[name]],
        is_v1=is_v1,
        is_tamper="tamper" in found.reasons,
    )
    declaration = advised_declaration(
        facts._replace(fields=fields),
        present,
        found.log_group,
        maps_payer=found.has_unmapped_payer or (is_new and "customerId" not in fields),
    )
    if moved:
        new = stage_format(found.shape, facts, [name for name in said if said[name]], moved)
    changed = new if new.added or moved or _is_wrong(found, facts) else None
    return Advice(found, declaration, changed) if declaration or changed else None


def _fields_of_v1(facts: HeldFacts, new: StageFormat) -> Mapping[FieldName, str]:
    """Format v1 needs a declaration only for what it gets by one."""
    if CURED_BY_DECLARING.isdisjoint(new.added):
        return {}
    payers: list[FieldName] = ["customerId", "apiKeyId"]
    held: dict[FieldName, str] = {
        field: facts.held[field] for field in payers if field in facts.held
    }
    return held or {"status": "status"}


def _with_added_payers(facts: HeldFacts, new: StageFormat) -> Mapping[FieldName, str]:
    """Beside a client's text who pays is declared, also where the format is to log it from now."""
    payers: list[FieldName] = ["customerId", "apiKeyId"]
    added: dict[FieldName, str] = {field: field for field in payers if field in new.added}
    return {**added, **facts.fields} if facts.is_forgeable else facts.fields


def _is_wrong(found: FoundFormat, facts: HeldFacts) -> bool:
    """Whether a key that is there holds something else than what its name says."""
    is_chosen = "no_request_identity" in found.reasons and "extendedRequestId" in facts.held
    is_other_version = "unknown_format" in found.reasons and "v" in found.shape.paths
    return is_chosen or is_other_version or not _UNREADABLE.isdisjoint(found.reasons)


def _declared(log_group: str, configuration: Configuration) -> AccessLogDeclaration | None:
    """What the newest version says of the log group."""
    newest = max(configuration.versions, key=lambda version: version.effective_from_ms)
    return newest.access_logs.get(log_group)
