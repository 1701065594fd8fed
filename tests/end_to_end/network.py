"""Instances in network namespaces of their own, and cuts between one of them and one server, in one direction or in both.
What is cut disappears without an answer, as in a network that is broken: nobody is told.

Works in the namespace that `tests/with_servers --network` makes, where the machine allows it; everything ends with it."""

import itertools
import os
import subprocess

BASE = os.environ.get("TEST_NETWORK")  # such as 10.77.0; None: no namespaces
IN_NETWORK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "in_network")
SERVERS = ("postgresql", "redis", "rabbitmq", "simulator")
_numbers = itertools.count()


def address_of(server):
    """As tests/with_servers and deploy/local_servers have it."""
    return f"{BASE}.{SERVERS.index(server) + 1}" if BASE else "127.0.0.1"


def move_out(instance):
    """Into a namespace and to an address of its own, before it starts."""
    number = next(_numbers)
    instance.address = f"{BASE.rsplit('.', 1)[0]}.{1 + number // 250}.{1 + number % 250}"
    instance.environment["ORCHESTRATOR_ADDRESS"] = instance.address
    instance.command = ["unshare", "--net", IN_NETWORK, instance.address, str(os.getpid()), *instance.command]


class Cut:
    """`with Cut(instance, servers, requests=True, answers=False): …`"""

    def __init__(self, instance, servers=SERVERS, requests=True, answers=True):
        self.instance, self.servers, self.requests, self.answers = instance, servers, requests, answers

    def __enter__(self):
        self._each("add")
        return self

    def __exit__(self, *_):
        self._each("del")

    def _each(self, verb):
        inside = f"--net=/proc/{self.instance.process.pid}/ns/net" if self.instance.process else None
        for server in map(address_of, self.servers):
            if self.requests and inside:  # the routes of one that was killed are gone with it
                _run("nsenter", inside, "ip", "route", verb, server + "/32", "dev", "void", "src", self.instance.address)
            if self.answers:
                _run("ip", "rule", verb, "from", server, "to", self.instance.address, "lookup", "77")


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True)
