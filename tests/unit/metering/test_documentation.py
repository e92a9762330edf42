"""logs.md, configuration.md and outcomes.md say what the code does.

Their examples work, and no reason is missing.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import bill
from functions.metering.billing.gateway_refusal import NOT_SERVED
from functions.metering.billing.measuring import ABSENT_QUANTITY, ZERO_QUANTITY
from functions.metering.configuration.document_reading import read_configuration
from functions.metering.configuration.meter import Meter
from functions.metering.configuration.product_fields import PRODUCTS
from functions.metering.configuration.version import Version
from functions.metering.execution.line import Form
from functions.metering.field_names import COMMON_NAMES
from functions.metering.intake import HEARTBEAT, OWN_LOG
from functions.metering.line_text import stain
from functions.metering.request import Request
from functions.metering.sorting import UNFIT_REASONS
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS
from tests.fakes.metering import events_of
from tests.template.stack import template

ROOT = Path(__file__).parents[3]
PAGES = ("logs", "configuration", "outcomes")
PAGE = "\n".join((ROOT / "docs" / "reference" / f"{name}.md").read_text() for name in PAGES)
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
V1, EVERYTHING, V1_MORE, TOKENS = EXAMPLES
MODULES = sorted(
    module for stop in ("metering", "usage") for module in (ROOT / "functions" / stop).rglob("*.py")
)


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"^#+ ", PAGE.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def words(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def first_columns(text: str) -> set[str]:
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return words("\n".join(rows))


def test_format_v1_is_the_template_s() -> None:
    """Whoever copies it from here has what the demo runs with."""
    settings = template()["Resources"]["DemoApiGateway"]["Properties"]["AccessLogSetting"]
    assert json.loads(settings["Format"]) == V1
    assert set(V1) == set(FIELDS)


def test_the_examples_are_usable_configurations() -> None:
    """The first one has every field that there is."""
    configuration = read_configuration(json.dumps(EVERYTHING).encode())
    documented = {Version.model_fields[name].alias for name in Version.model_fields}
    assert set(EVERYTHING["versions"][0]) == documented
    assert configuration.declares("/aws/apigateway/orders/prod")


def test_the_fields_of_the_tables_are_those_of_the_configuration() -> None:
    """None is missing, none is made up."""
    for title, model in (("A version", Version), ("A meter", Meter)):
        documented = first_columns(section(title).replace("\\|", ""))
        assert documented == {field.alias for field in model.model_fields.values()}
    assert set(COMMON_NAMES) <= words(section("accessLogs"))
    assert set(PRODUCTS) == first_columns(section("Product types")) - {"productType"}


def test_the_example_with_tokens_and_tools_gives_the_events_that_it_says() -> None:
    """Format and configuration fit together: five events, to the verified customer."""
    assert V1.items() - V1_MORE.items() == {("xrayTraceId", "$context.xrayTraceId")}
    said = {"inputTokens": "812", "outputTokens": "96", "model": "m-1", "toolCalls": "search,fetch"}
    said |= {"agentId": "agent_1", "sessionId": "ses_1"}
    line = {name: FIELDS.get(name, "-") for name in V1_MORE} | said
    request = read_line(json.dumps(line), REGION)
    assert isinstance(request, Request)
    configuration = read_configuration(json.dumps(TOKENS).encode())
    moment = REQUEST_TIME_MS + 150 * 86_400_000
    outcome = events_of(bill(request._replace(time_ms=moment), configuration, moment))
    assert [(event["metricName"], event["quantity"]) for event in outcome] == [
        ("API Calls", 1),
        ("Input Tokens", 812),
        ("Output Tokens", 96),
        ("MCP Tool Calls", 1),
        ("MCP Tool Calls", 1),
    ]
    assert {event["customerId"] for event in outcome} == {"cus_7Qm2"}
    assert outcome[1]["metadata"]["model"] == "m-1"


def reasons_in_code(kind: str) -> set[str]:
    """The first argument of every `Excluded(...)` or `Quarantined(...)`: its text, that of the
    constant that it names, or what it is computed by.
    """
    return {reason for module in MODULES for reason in _reasons(module, kind)}


def _reasons(module: Path, kind: str) -> Iterator[str]:
    tree = ast.parse(module.read_text())
    constants = {
        ast.unparse(node.targets[0]): str(node.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == kind:
            match node.args[0]:
                case ast.Constant(value=str() as text):
                    yield text
                case other:
                    yield constants.get(ast.unparse(other), ast.unparse(other))


# What is computed, and what it can come to.
COMPUTED = {
    "reason": {stain("x" * 9999), stain("\x00")},
    "NO_QUANTITY.reason": {"no_quantity"},
    "min(omitted)": {ZERO_QUANTITY, ABSENT_QUANTITY},
    "group.form.value": {form.value for form in Form} - {Form.PREFIXED.value},
    "facts.refused": {"throttled", "unauthorized"},
}


def resolved(reasons: set[str]) -> set[str]:
    return {one for reason in reasons for one in COMPUTED.get(reason, {reason})}


def test_every_excluded_reason_is_documented_and_none_is_made_up() -> None:
    """A reason in a metric can be looked up."""
    in_code = resolved(reasons_in_code("Excluded")) | {OWN_LOG, HEARTBEAT}
    assert first_columns(section("Excluded")) == in_code


def test_every_quarantined_reason_is_documented_and_none_is_made_up() -> None:
    """On this page; and here those that count as drift are marked."""
    assert first_columns(section("Quarantined")) == resolved(reasons_in_code("Quarantined"))
    rows = [row for row in section("Quarantined").splitlines() if row.endswith("Drift |")]
    assert first_columns("\n".join(rows)) == UNFIT_REASONS


def test_every_gateway_response_type_is_documented_with_its_reason() -> None:
    """The table is the code's."""
    table = section("What API Gateway itself answered")
    for response_type, why in NOT_SERVED.items():
        (row,) = (row for row in table.splitlines() if f"`{response_type}`" in row)
        assert f"`{why.reason}`" in row


def test_the_operators_table_has_every_reason_that_lines_are_quarantined_for() -> None:
    """The alarm leads there."""
    operations = (ROOT / "docs" / "how-to" / "meter-again.md").read_text()
    quarantine = operations.split("## Meter again", 1)[0]
    deliveries = words(section("Quarantined").splitlines()[-1])
    assert first_columns(section("Quarantined")) - deliveries <= first_columns(quarantine)
