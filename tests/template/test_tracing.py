"""Lambda's own tracing: by parameter, on in production, and without an SDK in any function."""

import subprocess
import sys
import tomllib

import pytest

from tests.local.endpoints import ROOT
from tests.template.stack import functions, template

CONFIGURATION = tomllib.loads((ROOT / "samconfig.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
# As Lambda starts a function that it traces.
TRACED = {"_X_AMZN_TRACE_ID": "Root=1-0-0;Sampled=1", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000"}
_IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if "aws_xray_sdk" in sys.modules:
        sys.exit(f"{name} imports the X-Ray SDK")
"""


def test_every_function_is_traced_by_one_parameter() -> None:
    """A trace that API Gateway begins goes on through authorizer and walk, or nowhere."""
    assert template()["Globals"]["Function"]["Tracing"] == {"Ref": "LambdaTracing"}
    assert not [name for name, each in functions().items() if "Tracing" in each["Properties"]]
    parameter = template()["Parameters"]["LambdaTracing"]
    assert parameter["AllowedValues"] == ["Active", "PassThrough"]
    assert parameter["Default"] == "PassThrough"


def test_it_is_on_in_production() -> None:
    """By `sam deploy --config-env prod`, and by make, whose parameters replace samconfig's."""
    on = "LambdaTracing=Active"
    assert CONFIGURATION["prod"]["deploy"]["parameters"]["parameter_overrides"] == [on]
    assert f"PARAMETERS_OF_prod := {on}\n" in MAKEFILE
    assert "$(PARAMETERS_OF_$(ENVIRONMENT)) $(PARAMETERS)" in MAKEFILE
    assert "parameter_overrides" not in CONFIGURATION["default"]["deploy"]["parameters"]


@pytest.mark.parametrize("environment", [{}, TRACED], ids=["off", "on"])
def test_no_function_imports_the_sdk(environment: dict[str, str]) -> None:
    """Lambda makes the segments by itself: an import would cost each cold start for nothing."""
    modules = [each["Properties"]["Handler"].rpartition(".")[0] for each in functions().values()]
    assert len(modules) >= 10
    found = subprocess.run(
        [sys.executable, "-c", _IMPORT, *modules],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
