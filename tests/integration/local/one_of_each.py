"""One server of each kind, all of them busy or waiting: what runs in the middle of a test run.

A Valkey, the environment of a ministack and an empty folder come in. Guaranteed when `start` comes
back: a Lambda process of the emulator sleeps, and its number is in `<folder>/function`. A
reconciler is about to wait for a Redis that is frozen.
"""

import io
import json
import zipfile
from pathlib import Path
from threading import Thread

import boto3

from tests.fakes.cutting_proxy import CuttingProxy
from tests.integration.reconciliation.fire import MortalReconcilers
from tests.integration.reconciliation.tenant import START_MS, event, settled
from tests.local.server_process import start_server
from tests.local.valkey import Valkey
from tests.local.waiting import until

STACK = "one-of-each"
GATEWAY_TEMPLATE = Path(__file__).parents[1] / "gateway" / "template.yaml"
BUSY_SECONDS = 60
BUSY = f"""
import os, pathlib, time
def handle(event, context):
    pathlib.Path(event["file"]).write_text(str(os.getpid()))
    time.sleep({BUSY_SECONDS})
"""


def start(valkey: Valkey, folder: Path) -> None:
    function = folder / "function"
    _call_busy_function(function)
    _make_stack()
    for name, options in (
        ("aforo", []),
        ("alarms", ["--stack", STACK]),
        ("gateway", ["--stack", STACK]),
    ):
        start_server(f"tests.local.{name}", options, folder, {})
    valkey.freeze()
    reconcilers = MortalReconcilers(CuttingProxy(valkey.port))
    asked = {"bodies": [json.dumps(settled([event("key")]))], "now_ms": START_MS}
    stuck = {**asked, "die_at": 1_000_000, "is_after": False}
    Thread(target=reconcilers.take, kwargs=stuck, daemon=True).start()
    until(lambda: function.exists() and function.read_text())


def _call_busy_function(file: Path) -> None:
    role = boto3.client("iam").create_role(RoleName=STACK, AssumeRolePolicyDocument="{}")["Role"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("busy.py", BUSY)
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName=STACK,
        Runtime="python3.13",
        Role=role["Arn"],
        Handler="busy.handle",
        Code={"ZipFile": packed.getvalue()},
        Timeout=BUSY_SECONDS,
    )
    called = json.dumps({"file": str(file)}).encode()
    functions.invoke(FunctionName=STACK, InvocationType="Event", Payload=called)


def _make_stack() -> None:
    formation = boto3.client("cloudformation")
    formation.create_stack(
        StackName=STACK,
        TemplateBody=GATEWAY_TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": "BackendUrl", "ParameterValue": "http://127.0.0.1:1"}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    waiter = formation.get_waiter("stack_create_complete")
    waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
