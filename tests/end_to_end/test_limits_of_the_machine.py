"""File descriptors: the usual soft limit, a hard limit that is too low, and what is open when nothing goes on."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import time
import urllib.parse

from harness import BASE, PATIENCE, Orchestrator, Platform, PlatformTest, step, wait_until

USUAL_SOFT_LIMIT = 1024
ADDRESSES = 10  # services, each at an address of its own
LONG_SHORTAGE = 7  # seconds; longer than a call waits for its connection before it gives its place back
CLOSE_WAIT, ESTABLISHED = "08", "01"


class LimitedOrchestrator(Orchestrator):
    """Starts under `limit`, as prlimit writes it: SOFT:HARD."""

    def __init__(self, folder, services_url, limit, **settings):
        super().__init__(folder, services_url, **settings)
        self.command = ["prlimit", f"--nofile={limit}", *self.command]


class SpreadPlatform(Platform):
    """The simulator listens at all addresses, and each of ten services is called at one of its own."""

    ADDRESS = "0.0.0.0"

    def make_orchestrator(self, limit, **settings):
        self.port = urllib.parse.urlsplit(self.simulator.url).port
        spread = {f"NEIGHBOUR_{n}_SERVICE_URL": f"http://127.0.0.{n + 2}:{self.port}" for n in range(ADDRESSES)}
        return LimitedOrchestrator(self.folder, f"http://127.0.0.1:{self.port}", limit, **spread, **settings)


def sockets_of(process):
    """`[(state, remote port)]` of its TCP sockets."""
    inodes = set()
    for descriptor in os.listdir(f"/proc/{process.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(f"/proc/{process.pid}/fd/{descriptor}")
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    with open("/proc/net/tcp") as table:
        lines = [line.split() for line in table.readlines()[1:]]
    return [(line[3], int(line[2].split(":")[1], 16)) for line in lines if line[9] in inodes]


def soft_limit_of(process):
    with open(f"/proc/{process.pid}/limits") as limits:
        return next(line.split()[3] for line in limits if line.startswith("Max open files"))


@contextlib.contextmanager
def idle_clients(orchestrator, count):
    """Clients that asked once and keep their connections."""
    where = urllib.parse.urlsplit(orchestrator.url)
    with contextlib.ExitStack() as open_sockets:
        clients = []
        for _ in range(count):
            client = open_sockets.enter_context(socket.create_connection((where.hostname, where.port), 30))
            client.sendall(b"GET /api/v1/orchestrator/health/live HTTP/1.1\r\nHost: a\r\n\r\n")
            clients.append(client)
        for client in clients:
            client.recv(4096)
        yield clients


class LimitsOfTheMachine(PlatformTest):
    def setUp(self):
        held = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (held[1], held[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, held)

    def spread_platform(self, tenants, limit, *faults, **settings):
        made = SpreadPlatform(tenants, faults, limit=limit, **settings)
        self.addCleanup(self._close, made)
        return made

    def chain(self, orchestrator):
        """A workflow that calls every neighbour, one after the other."""
        steps = [step(f"call_{n}", f"neighbour_{n}", **({"depends_on": [f"call_{n - 1}"]} if n else {}))
                 for n in range(ADDRESSES)]
        return self.workflow(orchestrator, *steps, max_retries=3)

    def assert_all_went_well(self, platform, execution):
        shown = platform.orchestrator.wait_for_end(execution, 2 * PATIENCE)
        messages = platform.orchestrator.query("SELECT DISTINCT error_message FROM orchestrator_step_results "
                                               "WHERE error_message <> ''")
        self.assertEqual(messages, [])
        self.assertEqual((shown["status"], shown["retries"]), ("completed", 0), shown)
        return shown

    def test_usual_soft_limit_with_many_services_and_idle_clients(self):
        platform = self.spread_platform(1_500, f"{USUAL_SOFT_LIMIT}:",
                                        {"kind": "latency", "distribution": "constant", "delay_ms": 60})
        orchestrator = platform.orchestrator
        self.assertNotEqual(soft_limit_of(orchestrator.process), str(USUAL_SOFT_LIMIT))
        workflow = self.chain(orchestrator)
        with idle_clients(orchestrator, 1_000):
            execution = orchestrator.execute(workflow)
            while not orchestrator.has_ended(execution):
                self.assertEqual(orchestrator.api("GET", "/health/live", timeout=5).status, 200)
                time.sleep(0.2)
            self.assert_all_went_well(platform, execution)
            self.assertNotIn("Too many open files", orchestrator.log_tail(1_000))
        self.assert_nothing_half_closed(platform)

    def assert_nothing_half_closed(self, platform):
        """Neither in operation nor after the services have gone."""
        process = platform.orchestrator.process
        wait_until(lambda: CLOSE_WAIT not in {state for state, _ in sockets_of(process)}, "no socket is in CLOSE-WAIT", 5)
        platform.simulator.stop()
        wait_until(lambda: not [port for _, port in sockets_of(process) if port == platform.port],
                   "no connection to the services is left", 10)
        self.assertEqual(platform.orchestrator.api("GET", "/health/live").status, 200)

    def test_hard_limit_of_1024_is_enough_for_the_defaults(self):
        platform = self.spread_platform(600, "1024:1024",
                                        {"kind": "latency", "distribution": "constant", "delay_ms": 60})
        orchestrator = platform.orchestrator
        workflow = self.chain(orchestrator)
        # More than the API may have: those that are idle longest make way.
        with idle_clients(orchestrator, 500):
            execution = orchestrator.execute(workflow)
            self.assertEqual(orchestrator.api("GET", "/health/live", timeout=5).status, 200)
            self.assert_all_went_well(platform, execution)
        self.assert_nothing_half_closed(platform)

    def test_idle_connections_are_closed_when_the_services_close_them(self):
        platform = self.spread_platform(50, "1024:")
        orchestrator = platform.orchestrator
        execution = orchestrator.execute(self.chain(orchestrator))
        self.assert_all_went_well(platform, execution)
        kept = [state for state, port in sockets_of(orchestrator.process) if port == platform.port]
        self.assertGreaterEqual(kept.count(ESTABLISHED), ADDRESSES)
        self.assert_nothing_half_closed(platform)

    def test_descriptors_that_run_out_are_told_and_waited_for(self):
        platform = self.spread_platform(60, "1024:")
        orchestrator = platform.orchestrator
        workflow = self.chain(orchestrator)
        kept = KeptConnection(orchestrator)
        self.addCleanup(kept.close)
        self.assertEqual(kept.ask("GET", "/health")["status"], "healthy")
        process = orchestrator.process.pid
        _, hard = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (1, hard))
        execution = kept.ask("POST", f"/workflows/{workflow}/execute")["id"]
        health = wait_until(lambda: self.degraded(kept), "health says what is wrong", 10)
        time.sleep(LONG_SHORTAGE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (hard, hard))
        self.assertEqual([each["kind"] for each in health["problems"]], ["descriptors"], health)
        self.assertIn("Too many open files", health["problems"][0]["message"])
        self.assert_all_went_well(platform, execution)
        wait_until(lambda: kept.ask("GET", "/health")["status"] == "healthy", "it is well again", 15)

    @staticmethod
    def degraded(kept):
        health = kept.ask("GET", "/health")
        return health if health["status"] == "degraded" else None


class KeptConnection:
    """A client whose connection is there before descriptors run out."""

    def __init__(self, orchestrator):
        self._connection = orchestrator.connect()

    def ask(self, method, path):
        self._connection.request(method, BASE + path)
        return json.loads(self._connection.getresponse().read())

    def close(self):
        self._connection.close()


class HardLimitTooLow(PlatformTest):
    """A setting that needs more descriptors than the system grants is refused by every command that reads it."""

    def program(self, *arguments, limit, **settings):
        return subprocess.run(["prlimit", f"--nofile={limit}:{limit}", os.environ["ORCHESTRATOR_BIN"], *arguments],
                              capture_output=True, text=True, timeout=PATIENCE,
                              env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PORT": "0", "DATABASE_URL": "memory:",
                                   "ORCHESTRATOR_SCHEDULER": "off", **settings})

    def test_serve_and_config_check_refuse_the_setting_and_say_what_would_fit(self):
        for command in (("serve",), ("config", "check")):
            done = self.program(*command, limit=512)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("ORCHESTRATOR_MAX_CALLS: 512 needs", done.stderr)
            self.assertIn("this process may have 512", done.stderr)
            self.assertIn("or set 240 at most", done.stderr)

    def test_the_value_that_would_fit_fits(self):
        self.assertEqual(self.program("config", "check", limit=512, ORCHESTRATOR_MAX_CALLS="240").returncode, 0)
        self.assertEqual(self.program("config", "check", limit=512, ORCHESTRATOR_MAX_CALLS="241").returncode, 2)

    def test_connections_of_the_api_count_too(self):
        done = self.program("config", "check", limit=1_024, ORCHESTRATOR_MAX_API_CONNECTIONS="1000")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("ORCHESTRATOR_MAX_API_CONNECTIONS: 1000 needs", done.stderr)

    def test_doctor_says_so_as_well(self):
        done = self.program("doctor", limit=512)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, r"bad +file descriptors +ORCHESTRATOR_MAX_CALLS: 512 needs")
        self.assertRegex(self.program("doctor", limit=4_096).stdout, r"good +file descriptors +the settings need 1792")
