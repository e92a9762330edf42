"""What the pages tell the aws CLI to do is something that it can do: botocore's models say so."""

from functools import cache

import botocore.session
import pytest
from botocore import xform_name

from tests.local.endpoints import ROOT
from tests.template.shell_commands import commands_of, inline_codes, shell_blocks

PAGES = sorted(
    page for page in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"] if "sources" not in page.parts
)
# Of every operation.
ALWAYS = {"--query", "--output", "--region", "--profile", "--endpoint-url"}
ALWAYS |= {"--cli-binary-format", "--max-items", "--cli-input-json", "--no-paginate"}
# What the CLI calls otherwise than the models do.
MODEL = {"s3api": "s3"}
RENAMED = {"sns subscribe": {"--notification-endpoint"}}
# The CLI's own, which no model has: https://docs.aws.amazon.com/cli/latest/reference/
OWN = {
    "s3 ls": {"--recursive"},
    "s3 cp": {"--recursive"},
    "s3 mv": {"--recursive"},
    "logs tail": {"--since", "--filter-pattern", "--format", "--follow"},
    "sso login": set(),
    "configure list-profiles": set(),
}


@cache
def operations(service: str) -> dict[str, set[str]]:
    """By the CLI's name of each: its options."""
    model = botocore.session.get_session().get_service_model(MODEL.get(service, service))
    return {
        xform_name(name, "-"): _options(model.operation_model(name))
        for name in model.operation_names
    }


def _options(operation: object) -> set[str]:
    shape = getattr(operation, "input_shape", None)
    members = shape.members if shape else {}
    names = {f"--{xform_name(name, '-')}" for name in members}
    flags = {name for name, member in members.items() if member.type_name == "boolean"}
    return names | {f"--no-{xform_name(name, '-')}" for name in flags} | ALWAYS


def commands() -> list[tuple[str, list[str]]]:
    """Of every page, with its name."""
    return [
        (str(page.relative_to(ROOT)), words)
        for page in PAGES
        for text in (*shell_blocks(page.read_text()), *inline_codes(page.read_text()))
        for words in commands_of("aws", text)
        if len(words) > 2
    ]


@pytest.mark.parametrize(
    ("page", "words"),
    commands(),
    ids=lambda one: one if isinstance(one, str) else " ".join(one[:3]),
)
def test_an_aws_command_of_a_page_is_one_that_there_is(page: str, words: list[str]) -> None:
    """Its service, its operation and each option; a page that is wrong costs minutes at night."""
    _, service, operation, *rest = words
    known = OWN.get(f"{service} {operation}")
    if known is None:
        known = operations(service)[operation] | RENAMED.get(f"{service} {operation}", set())
    assert {word for word in rest if word.startswith("--")} <= known, page


def test_the_commands_of_the_pages_are_found() -> None:
    """Those in a variable's `$(...)`, and after a pipe, too."""
    found = {" ".join(words[:3]) for _, words in commands()}
    assert len(commands()) > 40
    assert {
        "aws s3 ls",
        "aws apigateway create-authorizer",
        "aws secretsmanager put-secret-value",
    } <= found
