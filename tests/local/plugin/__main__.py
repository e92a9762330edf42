"""`python -m tests.local.plugin ACTION`: the way of migrate-from-the-plugin.md on the local
cloud, which must be running.

start: a stage `migrated` of the demo API, whose access log the stand-in of Aforo's Lambda plugin
bills at an Aforo of its own. calls: some calls, three of them under one x-amzn-RequestId. format:
the stage's format becomes v1. switch, back: its log goes to the group that ours meters, or back.
log, our-log: the plugin's log group, or the one that ours meters, as it stands. stop: all of it is
taken away.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace

import httpx

from tests.local.demo.log_witness import log_lines
from tests.local.demo.traffic import FIXED_REQUEST_ID
from tests.local.endpoints import LOCAL, Endpoints, read_endpoints
from tests.local.plugin import installed
from tests.local.process_list import let_outlive_us, read_processes, remember
from tests.local.server_process import start_server
from tests.local.stage_log import add_stage, format_v1, remove_stage, write_log

STAGE, LOG_GROUP = "migrated", "/aws/apigateway/aforo-access-logs"
AFORO = "aforo-of-the-plugin"
CALLS = 10


def start(endpoints: Endpoints) -> None:
    directory = LOCAL / "plugin"
    directory.mkdir(exist_ok=True)
    url, process = start_server("tests.local.aforo", installed.aforo_options(), directory, {})
    # Beside the other Aforo, which has the name of its module.
    remember(LOCAL, replace(process, name=AFORO))
    let_outlive_us(LOCAL)
    stage_url = add_stage(endpoints, STAGE)
    installed.install(LOG_GROUP, url)
    write_log(endpoints, STAGE, log_group=LOG_GROUP, log_format=installed.LOG_FORMAT)
    print(f"the API            {stage_url}/pets")
    print(f"its access log     {LOG_GROUP}, in the plugin's format")
    print(f"the plugin's bill  {url}/_ledger/events")


def calls(endpoints: Endpoints) -> None:
    headers = dict(endpoints.customers[0].headers)
    chosen = {**headers, "x-amzn-RequestId": FIXED_REQUEST_ID}
    url = f"{endpoints.gateway_url}/{STAGE}"
    asked = [("/pets", headers)] * CALLS + [("/pets", chosen)] * 3 + [("/health", {})]
    for path, given in asked:
        answer = httpx.get(f"{url}{path}", headers=given, timeout=40, trust_env=False)
        print(answer.status_code, path, answer.headers["x-amz-apigw-id"])


def show_log(log_group: str) -> None:
    for line in log_lines(log_group):
        print(line)


def take_format(endpoints: Endpoints) -> None:
    write_log(endpoints, STAGE, log_group=LOG_GROUP, log_format=format_v1())
    print(json.dumps({"stage": STAGE, "logGroup": LOG_GROUP, "format": "v1"}))


def log_to(endpoints: Endpoints, log_group: str) -> None:
    write_log(endpoints, STAGE, log_group=log_group)
    print(json.dumps({"stage": STAGE, "logGroup": log_group}))


def stop(endpoints: Endpoints) -> None:
    remove_stage(endpoints, STAGE)
    installed.remove(LOG_GROUP)
    for process in read_processes(LOCAL):
        if process.name == AFORO:
            process.stop()


ACTIONS: dict[str, Callable[[Endpoints], None]] = {
    "start": start,
    "calls": calls,
    "format": take_format,
    "log": lambda _: show_log(LOG_GROUP),
    "our-log": lambda endpoints: show_log(endpoints.access_log_group),
    "switch": lambda endpoints: log_to(endpoints, endpoints.access_log_group),
    "back": lambda endpoints: log_to(endpoints, LOG_GROUP),
    "stop": stop,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.local.plugin", description=__doc__)
    parser.add_argument("action", choices=sorted(ACTIONS))
    action = parser.parse_args().action
    endpoints = read_endpoints(LOCAL)
    os.environ.update(endpoints.aws_environment)
    ACTIONS[action](endpoints)
    return 0


if __name__ == "__main__":
    sys.exit(main())
