"""The lines about the authorizer: what it returned, whom it verified, when its call is over."""

from functions.metering.authorizer_result import read_result
from functions.metering.execution_facts import ExecutionFacts
from functions.metering.execution_line import ExecutionLine


def result(facts: ExecutionFacts, line: ExecutionLine) -> None:
    facts.informed = True
    label = "Authorizer result body before parsing:"
    if line.text.startswith(label):
        facts.results += 1
        facts.once("result", read_result(line.text[len(label) :].strip(), is_cut=line.is_cut))


def policy(facts: ExecutionFacts, line: ExecutionLine) -> None:
    facts.informed = True
    facts.in_authorizer = False
    _, label, principal = line.text.partition(" policy for principal:")
    if label:
        facts.authorized = True
        if principal.strip():
            facts.once("principal", principal.strip())


def success(facts: ExecutionFacts, line: ExecutionLine) -> None:
    facts.informed = True
    if line.text.startswith("Successfully completed authorizer"):
        facts.in_authorizer = False
