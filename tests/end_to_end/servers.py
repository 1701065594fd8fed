"""The real servers that tests/with_servers started: how to hurt them, a database on one of them, a consumer of another."""

import collections
import json
import os
import subprocess
import threading
import time
import uuid

import pika

LOCAL_SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "local_servers")


class Servers:
    folder = os.environ.get("TEST_SERVERS")
    urls = {name: os.environ.get(f"TEST_{name}_URL") for name in ("DATABASE", "REDIS", "RABBITMQ")}

    @classmethod
    def _run(cls, verb, *arguments):
        done = subprocess.run([LOCAL_SERVERS, verb, cls.folder, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, f"local_servers {verb} {arguments}: {done.stderr}"
        return done.stdout

    @classmethod
    def start(cls, server):
        """`standby`, too: from then on DATABASE has two hosts."""
        for line in cls._run("start", server).splitlines():
            name, url = line.split("=", 1)
            cls.urls[name.removesuffix("_URL")] = url

    @classmethod
    def stop(cls, server):
        cls._run("stop", server)

    @classmethod
    def kill(cls, server):
        cls._run("kill", server)

    @classmethod
    def promote(cls):
        """The standby is the database from now on."""
        cls._run("promote")

    @classmethod
    def alarm(cls, state):
        """`on`: RabbitMQ takes no messages."""
        cls._run("alarm", state)

    @classmethod
    def rights(cls, which):
        """What RabbitMQ's user may do from now on: `all` or `none`."""
        cls._run("rights", which)

    @classmethod
    def signal(cls, server, which):
        os.kill(int(cls._run("pid", server)), which)

    @classmethod
    def flush_redis(cls):
        subprocess.run(["redis-cli", "-u", cls.urls["REDIS"], "flushall"], check=True, capture_output=True)

    @classmethod
    def bytes_unread(cls):
        """What RabbitMQ was sent and has not read, over all connections: a stopped one reads nothing."""
        port = int(cls.urls["RABBITMQ"].rstrip("/").rsplit(":", 1)[1])
        with open("/proc/net/tcp") as sockets:
            fields = [line.split() for line in sockets.readlines()[1:]]
        return sum(int(each[4].split(":")[1], 16) for each in fields
                   if int(each[1].split(":")[1], 16) == port and each[3] == "01")  # ESTABLISHED


class Database:
    """One of its own on the server, whichever of two takes writes; gone at the end."""

    def __init__(self):
        self.name = "test_" + uuid.uuid4().hex[:12]
        # A standby has it, too, before anybody looks for it there.
        self._psql("postgres", "SET synchronous_commit = remote_apply", f"CREATE DATABASE {self.name}")

    @property
    def url(self):
        return self._url(self.name)

    def drop(self):
        self._psql("postgres", f"DROP DATABASE {self.name} WITH (FORCE)")

    @staticmethod
    def _url(database):
        return f"{Servers.urls['DATABASE'].rsplit('/', 1)[0]}/{database}"

    def _psql(self, database, *statements):
        commands = [word for each in statements for word in ("-c", each)]
        done = subprocess.run(["psql", "-XqtA", "-v", "ON_ERROR_STOP=1", "-F", "\t", self._url(database), *commands],
                              env={**os.environ, "PGTARGETSESSIONATTRS": "read-write", "PGCONNECT_TIMEOUT": "10"},
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def query(self, *statements):
        """The rows of all of them; each is a transaction."""
        return self._psql(self.name, *statements)

    def number(self, sql):
        return int(self.query(sql)[0][0])

    def backends(self, condition="true"):
        """The processes that serve the instances."""
        return [int(row[0]) for row in self.query(
            f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.name}' AND application_name <> 'psql' "
            f"AND backend_type = 'client backend' AND {condition}")]


class Consumer(threading.Thread):
    """Another service: a durable queue bound to the exchange. Counts how often each message arrived."""

    def __init__(self, virtual_host_key):
        super().__init__(daemon=True)
        self.queue = "listener_" + virtual_host_key
        self.arrived = collections.Counter()  # by message id
        self.payloads = {}
        self.stopping, self.bound = threading.Event(), threading.Event()
        self.start()
        assert self.bound.wait(30), "the consumer could not bind its queue"

    def run(self):
        while not self.stopping.is_set():
            try:
                with self._connect() as connection:
                    channel = connection.channel()
                    channel.exchange_declare("orchestrator", "topic", durable=True)
                    # Not a quorum queue: of one node that was killed, RabbitMQ 3.10 may never elect a leader for it again.
                    channel.queue_declare(self.queue, durable=True)
                    channel.queue_bind(self.queue, "orchestrator", "orchestrator.#")
                    self.bound.set()
                    for method, properties, body in channel.consume(self.queue, inactivity_timeout=0.1):
                        if method:
                            self.payloads[properties.message_id] = json.loads(body)
                            self.arrived[properties.message_id] += 1
                            channel.basic_ack(method.delivery_tag)
                        if self.stopping.is_set():
                            return
            except (pika.exceptions.AMQPError, OSError):
                time.sleep(0.2)

    @staticmethod
    def _connect():
        return pika.BlockingConnection(pika.URLParameters(Servers.urls["RABBITMQ"]))

    def unbind(self):
        with self._connect() as connection:
            connection.channel().queue_unbind(self.queue, "orchestrator", "orchestrator.#")

    def bind(self):
        with self._connect() as connection:
            connection.channel().queue_bind(self.queue, "orchestrator", "orchestrator.#")

    def stop(self):
        self.stopping.set()
        self.join(10)
        with self._connect() as connection:
            connection.channel().queue_delete(self.queue)
