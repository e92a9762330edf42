"""The lines about the authorizer: what it returned, whom it verified, when its call is over."""

from functions.metering.execution.authorizer_result import read_result
from functions.metering.execution.facts import ExecutionFacts


def result(facts: ExecutionFacts, text: str) -> None:
    facts.informed = True
    label = "Authorizer result body before parsing:"
    if text.startswith(label):
        facts.results += 1
        facts.once("result", read_result(text[len(label) :].strip(), is_cut=facts.is_cut))


def policy(facts: ExecutionFacts, text: str) -> None:
    facts.informed = True
    facts.in_authorizer = False
    _, label, principal = text.partition(" policy for principal:")
    if label:
        facts.authorized = True
        if principal.strip():
            facts.once("principal", principal.strip())


def success(facts: ExecutionFacts, text: str) -> None:
    facts.informed = True
    if text.startswith("Successfully completed authorizer"):
        facts.in_authorizer = False
