"""What the documents name is there: parameters, resources, outputs, metrics, make targets."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.usage.metric import Metric
from tests.local.endpoints import ROOT
from tests.template import doc_pages
from tests.template.doc_pages import prose
from tests.template.stack import template
from tests.template.transformed import transformed

# Sources, decisions and the changelog tell of the past.
PAGES = [
    page
    for page in doc_pages.PAGES
    if page.name != "CHANGELOG.md" and not {"sources", "decisions"} & set(page.parts)
]
CODE = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("statemachine/*.yaml")]
# Words of AWS, of others' tools, or of a value; whoever adds one says whose it is.
OTHERS = {
    "AccessDenied": "AWS: an IAM error",
    "AccessDeniedException": "AWS: an IAM error",
    "ApiName": "AWS: API Gateway's dimension in CloudWatch",
    "CfnSubscriptionFilter": "CDK",
    "ConcurrentExecutions": "AWS: Lambda's metric",
    "ExecutionFailed": "AWS: an event of Step Functions",
    "FilterLogEvents": "AWS: CloudWatch Logs",
    "FilterPattern": "CloudFormation: of a SubscriptionFilter",
    "FunctionError": "AWS: Lambda's answer",
    "InvalidObjectState": "AWS: an S3 error",
    "LifecycleConfiguration": "CloudFormation: of a bucket",
    "ListStackResources": "AWS: CloudFormation",
    "NaN": "a value that is no number",
    "PurgeQueue": "AWS: SQS",
    "SubscriptionFilter": "CloudFormation: AWS::Logs::SubscriptionFilter",
    "UpdateStage": "AWS: API Gateway",
}
CAMEL_CASE = r"[A-Z][a-z0-9]+(?:[A-Z0-9][a-z0-9]*)+"
# Written without backticks too: whatever is called so is a resource of the template.
RESOURCE = r"[A-Z]\w*[a-z](?:Alarm|Queue|Bucket|StateMachine|Function|LogGroup)"


def names_of_the_stack() -> set[str]:
    """As a person meets them in the console, and in a deploy's words."""
    stack = template()
    found = {name for part in ("Parameters", "Conditions", "Resources") for name in stack[part]}
    found |= set(stack["Outputs"]) | set(transformed()["Resources"]) | set(map(str, Metric))
    values = (one.get("AllowedValues", []) for one in stack["Parameters"].values())
    return found | {str(value) for some in values for value in some}


def names_of_the_code() -> set[str]:
    """Classes, and the errors with which a state machine ends."""
    text = "\n".join(page.read_text() for page in CODE)
    return set(re.findall(rf"(?:class|Error:|name=|^) *\"?({CAMEL_CASE})\b", text, re.MULTILINE))


KNOWN = names_of_the_stack() | names_of_the_code() | OTHERS.keys()


def fences(page: Path) -> Iterator[str]:
    yield from re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_name_is_the_name_of_something(page: Path) -> None:
    """A parameter, a metric, a resource, an output: a reader will look for it."""
    text = prose(page)
    named = set(re.findall(rf"`({CAMEL_CASE})`", text))
    named |= set(re.findall(rf"(?<![\w$./:-])({RESOURCE})(?![\w(-])", text))
    assert sorted(named - KNOWN) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_value_is_given_to_a_parameter_that_there_is(page: Path) -> None:
    """`Name=value` in a deploy's words, or in prose."""
    given = re.findall(rf"(?<=[ '`\"])({CAMEL_CASE})=(?=\w)", page.read_text())
    assert sorted(set(given) - set(template()["Parameters"]) - OTHERS.keys()) == []


TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_target_of_make_is_in_the_makefile(page: Path) -> None:
    """In a sentence or in a command."""
    called = re.findall(r"`make ([a-z][\w-]*)", prose(page))
    for fence in fences(page):
        called += re.findall(r"^(?:\$ )?make ([a-z][\w-]*)", fence, re.MULTILINE)
    assert sorted(set(called) - TARGETS) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_path_leads_to_something(page: Path) -> None:
    """A test that shows a claim, a module that does what a page says."""
    named = re.findall(r"`((?:tests|functions|statemachine|docs)/[\w./*-]*)`", prose(page))
    assert [path for path in sorted(set(named)) if not list(ROOT.glob(path.rstrip("/")))] == []


def test_what_is_allowed_is_used() -> None:
    """A word of others that no page names any more hides the next slip."""
    text = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in OTHERS if not re.search(rf"\b{name}\b", text)] == []
