"""boto3's client of SQS: calls come in as our code makes them, of all queues by their URL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.aws_place import AwsCalls, AwsPlace, client_error
from tests.simulation.aws.simulated_queue import Message, SimulatedQueue

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/"
MOST_ENTRIES, MOST_BYTES = 10, 1_048_576


@dataclass
class SqsCalls:
    """`fails` says of an entry of a send whether it alone is refused, within a 200."""

    calls: AwsCalls
    queues: dict[str, SimulatedQueue] = field(default_factory=dict)  # by URL
    places: dict[str, AwsPlace] = field(default_factory=dict)
    fails: Callable[[], bool] = lambda: False

    def add(self, queue: SimulatedQueue) -> str:
        """The queue's URL."""
        url = URL + queue.name.replace(" ", "-")
        self.queues[url], self.places[url] = queue, AwsPlace(queue.name)
        return url

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        entries = asked["Entries"]
        _check(entries)
        return self._batch("SendMessageBatch", asked, self._send)

    def send_message(self, **asked: Any) -> dict[str, Any]:
        def effect(queue: SimulatedQueue) -> dict[str, Any]:
            delay = float(asked.get("DelaySeconds", 0))
            return {"MessageId": queue.send(asked["MessageBody"], delay)}

        return self._call("SendMessage", asked, effect)

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        def effect(queue: SimulatedQueue) -> dict[str, Any]:
            found = queue.receive(asked["MaxNumberOfMessages"], asked.get("VisibilityTimeout"))
            return {"Messages": [as_received(one) for one in found]} if found else {}

        return self._call("ReceiveMessage", asked, effect)

    def delete_message_batch(self, **asked: Any) -> dict[str, Any]:
        def delete(queue: SimulatedQueue, entry: Mapping[str, Any]) -> bool:
            queue.delete(entry["ReceiptHandle"])
            return True

        return self._batch("DeleteMessageBatch", asked, delete)

    def change_message_visibility_batch(self, **asked: Any) -> dict[str, Any]:
        def hide(queue: SimulatedQueue, entry: Mapping[str, Any]) -> bool:
            return queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])

        return self._batch("ChangeMessageVisibilityBatch", asked, hide)

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        def effect(queue: SimulatedQueue) -> dict[str, Any]:
            visible, in_flight, delayed = map(str, queue.counts())
            known = {
                "ApproximateNumberOfMessages": visible,
                "ApproximateNumberOfMessagesNotVisible": in_flight,
                "ApproximateNumberOfMessagesDelayed": delayed,
            }
            return {"Attributes": known}

        return self._call("GetQueueAttributes", asked, effect)

    def _send(self, queue: SimulatedQueue, entry: Mapping[str, Any]) -> bool:
        if self.fails():
            return False
        queue.send(entry["MessageBody"], float(entry.get("DelaySeconds", 0)))
        return True

    def _batch(
        self,
        operation: str,
        asked: Mapping[str, Any],
        one: Callable[[SimulatedQueue, Mapping[str, Any]], bool],
    ) -> dict[str, Any]:
        def effect(queue: SimulatedQueue) -> dict[str, Any]:
            done = {entry["Id"]: one(queue, entry) for entry in asked["Entries"]}
            failed = [{"Id": name, "Code": "InternalError"} for name, ok in done.items() if not ok]
            answer: dict[str, Any] = {"Successful": [{"Id": n} for n, ok in done.items() if ok]}
            return {**answer, "Failed": failed} if failed else answer

        return self._call(operation, asked, effect)

    def _call(
        self,
        operation: str,
        asked: Mapping[str, Any],
        effect: Callable[[SimulatedQueue], dict[str, Any]],
    ) -> dict[str, Any]:
        url = asked["QueueUrl"]
        queue = self.queues[url]
        return self.calls.make(self.places[url], operation, lambda: effect(queue))


def _check(entries: list[dict[str, Any]]) -> None:
    if not 1 <= len(entries) <= MOST_ENTRIES or len({e["Id"] for e in entries}) < len(entries):
        raise client_error("BatchEntryIdsNotDistinct", "SendMessageBatch")
    if sum(len(entry["MessageBody"].encode()) for entry in entries) > MOST_BYTES:
        raise client_error("BatchRequestTooLong", "SendMessageBatch")


def as_received(message: Message) -> dict[str, Any]:
    """As ReceiveMessage answers."""
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "Attributes": attributes_of(message),
    }


def attributes_of(message: Message) -> dict[str, str]:
    """What SQS says of a message, to whoever receives it."""
    return {
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
    }
