"""A deployment, as the commands of customers need it: its register, its counters, API Gateway."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from functions.adapters.message_queue import MessageQueue
from functions.operator.aws_session import aws_session
from functions.operator.counter_commands.stack import Stack
from functions.operator.customers.comparing_customers import CustomerComparison, usage_plan_faults
from functions.operator.customers.counters_word import ask_counters
from functions.operator.customers.gateway_keys import GatewayKeys, ids_named, read_gateway_keys
from functions.operator.customers.known_customers import KnownCustomers
from functions.operator.customers.reading_customers import CustomerFileError, ReadCustomers
from functions.operator.customers.stating_changes import ChangeTools
from functions.reconciliation.inbox import faults_of
from functions.usage.errors import Permanent

type Tell = Callable[[str], None]


class OpenedCustomers(NamedTuple):
    """`tell` hears what is being done; `clock` gives epoch milliseconds."""

    stack: Stack
    tell: Tell
    clock: Callable[[], int]

    def known(self) -> KnownCustomers:
        """What the register has of customers. Permanent where a command in it is none to us."""
        self.tell("reading the register")
        try:
            return KnownCustomers(self.stack.register.commands())
        except ValidationError as error:
            why = f"a command of the register cannot be read: {faults_of(error)}"
            raise Permanent(f"{why}: was it recorded by a newer version?") from None

    def compare(self, read: ReadCustomers, *, is_all: bool) -> CustomerComparison:
        """The file beside the register and the counters. CustomerFileError names what of it cannot
        be found.
        """
        gateway = self._gateway_keys(read)
        known = self.known()
        faults = [
            f"{read.document.place(('customers', at))}: {fault}"
            for at, fault in usage_plan_faults(read.file, known)
        ]
        if faults:
            raise CustomerFileError(read.name, faults)
        stated = {entry.customer_id for entry in read.file.customers}
        # Of somebody new there is nothing to look up.
        customers = [who for who in known if is_all or who in stated]
        named = {gateway.digest(key) for one in read.file.customers for key in one.api_keys}
        keys = {digest for who in customers for digest in known[who].keys}
        keys |= named & known.owners.keys()
        many = len(customers) + len(keys)
        word = ask_counters(
            self.ask,
            customers,
            keys,
            lambda done: self.tell(f"{done:,} of {many:,} looked up in the counters"),
        )
        return CustomerComparison(read.file, known, word, gateway, self.clock(), is_all)

    def ask(self, question: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, object]]:
        """The counters, through the reconciliation function."""
        found: Mapping[str, Mapping[str, object]] = json.loads(self.stack.in_force(question))
        return found

    def tools(self) -> ChangeTools:
        """For stating changes."""
        queue = MessageQueue(aws_session().client("sqs"), self.stack.queue_url)
        return ChangeTools(self.stack.register.record_all, queue.send, self.ask, self.tell)

    def _gateway_keys(self, read: ReadCustomers) -> GatewayKeys:
        named = list(ids_named(read.file))
        if not named:
            return GatewayKeys()
        self.tell(f"reading {len(named):,} keys from API Gateway")
        found = read_gateway_keys(aws_session().client("apigateway"), {one for _, one in named})
        faults = [
            f"{read.document.place(place)}: {place[-1]}: API Gateway has no key {key_id} here"
            for place, key_id in named
            if key_id not in found.values
        ]
        if faults:
            raise CustomerFileError(read.name, faults)
        return found
