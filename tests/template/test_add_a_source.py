"""add-a-source.md: what it tells to paste is valid, and says the same in every language."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from functions.metering.configuration.document_reading import read_configuration
from functions.metering.configuration.source_declaration import SourceDeclaration
from tests.template.add_a_source import PAGE, blocks
from tests.template.stack import template


def linted(snippet: str, folder: Path) -> str:
    """What cfn-lint says of it, as CI asks it about the template."""
    file = folder / "snippet.yaml"
    file.write_text(snippet)
    command = [Path(sys.executable).with_name("cfn-lint"), file]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_the_sam_snippet_is_a_valid_template(tmp_path: Path) -> None:
    """By cfn-lint, which would find a property that is no property."""
    (snippet,) = blocks("yaml")
    assert linted(snippet, tmp_path) == ""
    wrong = linted(snippet.replace("FilterPattern:", "FilterPatterns:"), tmp_path)
    assert "E3002" in wrong


def test_its_filter_takes_every_line_to_metering() -> None:
    """As the template's own does."""
    (snippet,) = blocks("yaml")
    found: Any = yaml.safe_load(snippet.replace("!Ref ", ""))
    (mine,) = found["Resources"].values()
    own = template()["Resources"]["AccessLogSubscription"]["Properties"]
    assert mine["Type"] == "AWS::Logs::SubscriptionFilter"
    assert mine["Properties"].keys() == own.keys()
    assert mine["Properties"]["FilterPattern"] == own["FilterPattern"] == ""


def test_the_declarations_are_usable() -> None:
    """The whole document as metering reads it; the single source fits into it."""
    whole, one = blocks("json")
    (declared,) = read_configuration(whole.encode()).sources
    source = SourceDeclaration.model_validate_json(one)
    document = json.loads(whole)
    document["sources"].append(json.loads(one))
    assert read_configuration(json.dumps(document).encode()).sources == (declared, source)


def test_each_language_says_the_same() -> None:
    """An empty pattern, to the stack's output."""
    (cdk,), (terraform,) = blocks("ts"), blocks("hcl")
    assert 'filterPattern: ""' in cdk
    assert re.search(r'filter_pattern +=\s""', terraform)
    assert "MeteringFunctionArn" in cdk
    assert 'outputs["MeteringFunctionArn"]' in terraform
    assert "MeteringFunctionArn" in template()["Outputs"]


def test_it_says_what_cloudwatch_takes() -> None:
    """Somebody whose group is full has to know before they begin."""
    assert "two subscription filters on a log group" in PAGE
