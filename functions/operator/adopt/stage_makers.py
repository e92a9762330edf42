"""Who made an API: its tags come in, and what its stack's template says; the tool leaves.

What a tool made is changed by that tool: a change by hand is gone with its next deploy.
"""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from functions.operator.adopt.adopted_stage import Maker

STACK_TAG = "aws:cloudformation:stack-name"
_SAM = "AWS::Serverless"
_CDK = ("aws:cdk:path", "AWS::CDK::Metadata", "BootstrapVersion")
_TERRAFORM = "terraform"


class MadeBy(NamedTuple):
    """`where` is the stack, or the tag that says it."""

    maker: Maker
    where: str = ""


def made_by(tags: Mapping[str, str], template_of: Callable[[str], object]) -> MadeBy:
    """`template_of`: a stack's template, as text or as an object; None where it is not told."""
    stack = tags.get(STACK_TAG)
    if stack:
        return MadeBy(_by_template(template_of(stack)), f"stack {stack}")
    for name, value in tags.items():
        if _TERRAFORM in f"{name}={value}".lower():
            return MadeBy("terraform", f"tag {name}={value}")
    return MadeBy("hand")


def _by_template(template: object) -> Maker:
    text = template if isinstance(template, str) else json.dumps(template, default=str)
    if any(word in text for word in _CDK):
        return "cdk"
    return "sam" if _SAM in text else "cloudformation"
