"""Build and deploy the unmodified template with sam, and do what ministack needs for a deploy.

Listed in architecture.md. Before: ministack lets SAM read the parameters' defaults instead of
what is deployed, so these are made the same where SAM looks at one. Afterwards, through public
APIs: a state machine deployed from YAML is stored as text, so its definition is sent again as JSON;
and the real key is put into the secret, as an operator does.
"""

import fcntl
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import yaml

from tests.local.endpoints import LOCAL, ROOT
from tests.local.reaped_process import ending, start_process

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_BUILD = Path(".aws-sam") / "local"
BUILD_DIRECTORY = ROOT / _BUILD
# What ministack's CloudFormation knows no resource for, and a parameter leaves out.
UNKNOWN_HERE = {"ComposedAlarms": "false"}
# What SAM decides by while it transforms, and CloudFormation not by a condition.
_READ_BY_SAM = ("AuthorizerDeployment",)
_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}


class DeployError(RuntimeError):
    """sam failed; the message is its output."""


def architecture() -> str:
    """This machine's, in Lambda's words: compiled wheels must run in the emulator."""
    return _ARCHITECTURES[platform.machine()]


def build(log_file: Path, root: Path = ROOT) -> bool:
    """`sam build`, all functions at once, into a folder beside the one for AWS. False when nothing
    that goes into an artifact has changed since the last time.
    """
    directory = root / _BUILD
    built = directory / "template.yaml"
    with _alone(directory):
        if built.exists() and built.stat().st_mtime > max(map(_changed_at, _sources(root))):
            return False
        began = time.time()
        arguments = ["build", "--build-dir", str(directory)]
        _sam(arguments, {"ARCHITECTURE": architecture()}, log_file, root)
        # Artifacts are as old as what they were made of: saved during a build is not built.
        os.utime(built, (began, began))
    return True


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One build at a time: a demo and a test may both want the same artifacts."""
    directory.parent.mkdir(exist_ok=True)
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / name for name in ("template.yaml", "Makefile", "uv.lock", "samconfig.toml"))
    yield from (root / "statemachine").iterdir()
    yield from (path for path in (root / "functions").rglob("*") if "__pycache__" not in path.parts)


def _changed_at(path: Path) -> float:
    return path.stat().st_mtime


def deploy(
    stack: str, parameters: Mapping[str, str], environment: Mapping[str, str], log_file: Path
) -> dict[str, str]:
    """`sam deploy` into the cloud that `environment` points at; the stack's outputs."""
    given = {**UNKNOWN_HERE, **parameters}
    overrides = [f"{name}={value}" for name, value in given.items()]
    template = BUILD_DIRECTORY / f"{stack}.yaml"  # paths in it are relative to this folder
    built = (BUILD_DIRECTORY / "template.yaml").read_text()
    template.write_text(with_defaults(built, given))
    arguments = ["deploy", "--template-file", str(template), "--stack-name", stack]
    arguments += ["--parameter-overrides", *overrides]
    _sam(arguments, environment, log_file)
    _send_definitions_as_json(boto3.client("stepfunctions"), stack)
    return stack_outputs(stack)


def with_defaults(template: str, parameters: Mapping[str, str]) -> str:
    """The template with what is given as the default of each parameter that SAM reads."""
    for name in _READ_BY_SAM:
        if name in parameters:
            declared = re.compile(rf"(?m)^(  {name}:\n(?:    .*\n)*?    Default: ).*$")
            template, found = declared.subn(rf"\g<1>{parameters[name]}", template)
            if found != 1:
                raise DeployError(f"the built template has no default of {name}")
    return template


def stack_outputs(stack: str) -> dict[str, str]:
    """The outputs of a deployed stack, by name."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def physical_ids(stack: str, kind: str = "") -> dict[str, str]:
    """The resources of a deployed stack, by logical id; of one kind, or all."""
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=stack)
    return {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for resource in resources["StackResources"]
        if kind in {"", resource["ResourceType"]}
    }


def put_aforo_key(secret_arn: str, key: str) -> None:
    """What an operator does once after the first deploy."""
    boto3.client("secretsmanager").put_secret_value(
        SecretId=secret_arn, SecretString=json.dumps({"apiKey": key})
    )


def _sam(
    arguments: list[str], environment: Mapping[str, str], log_file: Path, root: Path = ROOT
) -> None:
    sam, config = root / ".venv-sam" / "bin" / "sam", root / "samconfig.toml"
    if not sam.exists():
        message = "sam is not installed: run this through make, which installs it"
        raise DeployError(message)
    with log_file.open("ab") as log:
        process = start_process(
            [str(sam), *arguments, "--config-file", str(config), "--config-env", "local"],
            cwd=root,
            env={**os.environ, "SAM_CLI_TELEMETRY": "0", **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    with ending(process):
        process.wait()
    if process.returncode != 0:
        message = f"sam {arguments[0]} failed:\n{log_file.read_text(errors='replace')[-3000:]}"
        raise DeployError(message)


def _send_definitions_as_json(client: "SFNClient", stack: str) -> None:
    for arn in physical_ids(stack, "AWS::StepFunctions::StateMachine").values():
        definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
        if not definition.lstrip().startswith("{"):
            client.update_state_machine(
                stateMachineArn=arn, definition=json.dumps(yaml.safe_load(definition))
            )


def main() -> int:
    """`python -m tests.local.deploy`: build only."""
    log_file = LOCAL / "sam.log"
    log_file.parent.mkdir(exist_ok=True)
    try:
        print("sam build: ok" if build(log_file) else "sam build: nothing has changed")
    except DeployError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
