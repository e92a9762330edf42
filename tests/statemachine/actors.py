"""Actors: Lambda functions that answer from a script and write down what they were asked."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

TRUST = {"Version": "2012-10-17", "Statement": []}  # the emulator asks only that it exists
# `raise` in an answer raises; the last answer of a step is given for ever.
_CODE = """
import json, pathlib
def handler(event, context):
    step = STEP
    book = pathlib.Path(BOOK) / (step + ".jsonl")
    played = len(book.read_text().splitlines()) if book.exists() else 0
    with book.open("a") as page:
        page.write(json.dumps({**event, "function": context.function_name}) + chr(10))
    print("played", step, played)  # a silent handler costs 50 ms in the emulator
    answers = SCRIPT[step]
    answer = answers[min(played, len(answers) - 1)]
    if "raise" in answer:
        raise RuntimeError(answer["raise"])
    return answer
"""

type Script = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Actors:
    """All that play one script. `step` is the expression that tells the step from an `event`."""

    name: str
    folder: Path
    script: Script
    step: str

    def role(self) -> str:
        """A role for them and their machine."""
        created = boto3.client("iam").create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        arn: str = created["Role"]["Arn"]
        return arn

    def hire(self, part: str, role: str) -> str:
        """The ARN of one more."""
        lines = f"BOOK = {str(self.folder)!r}\nSCRIPT = {dict(self.script)!r}\n"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("actor.py", lines + _CODE.replace("STEP", self.step, 1))
        arn: str = boto3.client("lambda").create_function(
            FunctionName=f"{self.name}-{part}",
            Runtime="python3.13",
            Role=role,
            Handler="actor.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=60,
        )["FunctionArn"]
        return arn

    def asked(self, step: str) -> list[dict[str, Any]]:
        """What they were asked, in order."""
        book = self.folder / f"{step}.jsonl"
        return [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
