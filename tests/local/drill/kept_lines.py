"""What the quarantine of a local cloud keeps."""

import boto3

from functions.replay.quarantine_listing import LEFT
from tests.local.endpoints import Endpoints


def kept_objects(endpoints: Endpoints) -> list[str]:
    """Keys; without those that a replay has dealt with."""
    pages = boto3.client("s3").get_paginator("list_objects_v2")
    return [
        one["Key"]
        for page in pages.paginate(Bucket=endpoints.quarantine_bucket)
        for one in page.get("Contents", [])
        if not one["Key"].startswith(LEFT)
    ]
