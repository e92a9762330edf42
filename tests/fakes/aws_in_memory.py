"""The clients of AWS that a function makes, in memory: queues by URL, one bucket, a secret."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.s3_objects import FakeBucket
from tests.fakes.secret_store import SecretStore
from tests.fakes.sqs import FakeSqs


@dataclass
class AwsInMemory:
    """`client` stands where `boto3.client` does."""

    secret: SecretStore
    bucket: FakeBucket = field(default_factory=FakeBucket)
    queues: defaultdict[str, FakeSqs] = field(default_factory=lambda: defaultdict(FakeSqs))
    hidden: dict[tuple[str, str], int] = field(default_factory=dict)  # by queue and receipt
    delays: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def client(self, service: str, **_: Any) -> Any:
        return {"sqs": self, "s3": self.bucket, "secretsmanager": self.secret}[service]

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        url = asked["QueueUrl"]
        self.delays[url] += [entry.get("DelaySeconds", 0) for entry in asked["Entries"]]
        return self.queues[url].send_message_batch(**asked)

    def change_message_visibility_batch(self, **asked: Any) -> dict[str, Any]:
        for entry in asked["Entries"]:
            place = asked["QueueUrl"], entry["ReceiptHandle"]
            self.hidden[place] = entry["VisibilityTimeout"]
        return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}
