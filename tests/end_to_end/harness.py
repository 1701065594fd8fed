"""Starts the real programs on free ports, each with a folder of its own, and asks them over HTTP.

Used by the tests beside it and by torture.py. Needs Python's standard library only, and two variables:
ORCHESTRATOR_BIN and SIMULATOR_BIN name the programs. Contains none of the project's code.
"""

import ctypes
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import uuid

BASE = "/api/v1/orchestrator"
SERVICES = ("FORECASTING", "TRAINING", "SALES", "TENANT", "INVENTORY", "PRODUCTION", "PROCUREMENT", "NOTIFICATION",
            "ALERT_PROCESSOR", "DISTRIBUTION")
FINAL = ("completed", "partial", "failed", "cancelled")
DAILY_STEPS = 6
PATIENCE = 60.0  # seconds for what takes one or two: the machine may be busy


def wait_until(ask, what, seconds=PATIENCE, pause=0.05):
    """The first truthy answer of `ask`."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(pause)


def _end_with_parent():
    """In the child: the kernel kills it when we die, however we die."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        text = headers.get("content-type", "")
        self.json = json.loads(body) if "json" in text and body else None

    def __repr__(self):
        return f"HTTP {self.status} {self.body[:500]!r}"


class Program:
    """One process that writes its URL to a ready file."""

    def __init__(self, name, command, folder, environment):
        self.name, self.command, self.folder, self.environment = name, command, folder, environment
        self.ready_file = os.path.join(folder, name + ".url")
        self.log_path = os.path.join(folder, name + ".log")
        self.process, self.url = None, None

    def spawn(self):
        """Starts it without waiting for it to be ready."""
        assert self.process is None, "runs already"
        if os.path.exists(self.ready_file):
            os.remove(self.ready_file)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "--ready-file", self.ready_file], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.environment}, cwd=self.folder,
                preexec_fn=_end_with_parent)

    def start(self):
        self.spawn()
        wait_until(self._is_ready, f"{self.name} gets ready", pause=0.01)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            with open(self.ready_file) as file:
                text = file.read()
        except FileNotFoundError:
            return False
        if not text.endswith("\n"):
            return False
        self.url = text.strip()
        return True

    def send_signal(self, which):
        self.process.send_signal(which)

    def wait(self, seconds=PATIENCE):
        """The exit code."""
        code = self.process.wait(seconds)
        self.process = None
        return code

    def kill(self):
        """kill -9."""
        self.process.kill()
        return self.wait()

    def stop(self, seconds=PATIENCE):
        """SIGTERM; the exit code."""
        self.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def end(self):
        """Whatever state it is in."""
        if self.process is not None:
            self.kill()

    def log_tail(self, lines=30):
        with open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def connect(self, timeout=30):
        where = urllib.parse.urlsplit(self.url)
        return http.client.HTTPConnection(where.hostname, where.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=30):
        """`body`: what is sent as JSON, or bytes that are sent as they are."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, received, response.read())
        finally:
            connection.close()


class Simulator(Program):
    """`name`: tells apart two of one folder. `base_path`: all services lie below it; the URL has it."""

    def __init__(self, folder, tenants, seed=1, address="127.0.0.1", name="simulator", port=0, base_path=None):
        below = ["--base-path", base_path] if base_path else []
        super().__init__(name, [os.environ["SIMULATOR_BIN"], "--address", address, "--port", str(port), "--tenants",
                                str(tenants), "--seed", str(seed), *below], folder, {})

    def set_faults(self, *rules, seed=1):
        answer = self.request("PUT", "/_simulator/faults", {"seed": seed, "rules": list(rules)})
        assert answer.status == 200, answer

    def counts(self):
        """`{requests, requests_by_route, faults, …}` since the start, or the last reset."""
        return self.request("GET", "/_simulator/health").json

    def set_list_flaws(self, **flaws):
        """What is wrong with the list of tenants from now on; nothing unless it is named."""
        answer = self.request("PUT", "/_simulator/list_flaws", flaws)
        assert answer.status == 200, answer

    def set_tenant_status(self, tenant, status):
        answer = self.request("PUT", f"/_simulator/tenants/{tenant}", status)
        assert answer.status == 200, answer

    def tenants(self, status="active"):
        """The ids, as the list has them."""
        ids = []
        while page := self.request("GET", f"/api/v1/tenants?status={status}&skip={len(ids)}&limit=1000").json["tenants"]:
            ids += [each["id"] for each in page]
        return ids

    def effects(self):
        """`{distinct, calls, repeated, without_key, reused_keys, by_route}`"""
        return self.request("GET", "/_simulator/effects").json

    def effects_of(self, execution):
        """`{(tenant id, step name): calls}`; the key is execution:tenant:step."""
        details = self.request("GET", f"/_simulator/effects?detail=true&key_prefix={execution}", timeout=60).json
        return {tuple(each["key"].split(":")[1:]): each["calls"] for each in details}


class Orchestrator(Program):
    def __init__(self, folder, services_url, **settings):
        self.database = os.path.join(folder, "orchestrator.db")
        environment = {name + "_SERVICE_URL": services_url for name in SERVICES}
        # What a test does not start must not start: it may well be eight in the morning in Madrid.
        environment |= {"PORT": "0", "DATABASE_URL": "sqlite:" + self.database, "ORCHESTRATOR_SCHEDULER": "off"}
        environment |= {name: str(value) for name, value in settings.items()}
        super().__init__("orchestrator", [os.environ["ORCHESTRATOR_BIN"], "serve"], folder, environment)

    def api(self, method, path, body=None, headers=None, timeout=30):
        return self.request(method, BASE + path, body, headers, timeout)

    def get(self, path):
        answer = self.api("GET", path)
        assert answer.status == 200, f"GET {path}: {answer}"
        return answer.json

    def list(self, path, name):
        """Every page of a list."""
        separator, items, cursor = "&" if "?" in path else "?", [], ""
        while cursor is not None:
            page = self.get(f"{path}{separator}limit=500" + (f"&cursor={cursor}" if cursor else ""))
            items += page[name]
            cursor = page["next_cursor"]
        return items

    def execute(self, workflow="daily_operations", body=None, key=None):
        """The id of the execution that was started."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.api("POST", f"/workflows/{workflow}/execute", body, headers)
        assert answer.status == 202, answer
        return answer.json["id"]

    def execution(self, id):
        return self.get(f"/executions/{id}")

    def has_ended(self, id):
        execution = self.execution(id)
        return execution if execution["status"] in FINAL else None

    def wait_for_end(self, id, seconds=PATIENCE):
        return wait_until(lambda: self.has_ended(id), f"execution {id} ends", seconds)

    def wait_for_steps(self, id, least):
        """Until so many steps have ended."""
        def ended():
            execution = self.execution(id)
            return execution["steps_completed"] + execution["steps_failed"] + execution["steps_skipped"] >= least
        wait_until(ended, f"{least} steps of {id} have ended", pause=0.01)

    def query(self, sql, *parameters):
        """Rows of the database file, read beside the running program."""
        database = sqlite3.connect(f"file:{urllib.parse.quote(self.database)}?mode=ro", uri=True, timeout=30)
        try:
            return database.execute(sql, parameters).fetchall()
        finally:
            database.close()

    def cli(self, *arguments, stdin="", timeout=PATIENCE, url=None):
        """The finished command line: returncode, stdout, stderr."""
        return subprocess.run([os.environ["ORCHESTRATOR_BIN"], *arguments, "--server", url or self.url], input=stdin,
                              capture_output=True, text=True, timeout=timeout, cwd=self.folder,
                              env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"})


class Platform:
    """A simulator and an orchestrator that calls it. `faults`: rules of the simulator."""

    ADDRESS = "127.0.0.1"  # of the simulator

    def __init__(self, tenants, faults=(), seed=1, **settings):
        # A space, since a clone may lie in a path with one.
        self.folder = tempfile.mkdtemp(prefix="orchestrator end to end ")
        self.simulator = Simulator(self.folder, tenants, seed, self.ADDRESS)
        try:
            self.simulator.start()
            if faults:
                self.simulator.set_faults(*faults, seed=seed)
            self.orchestrator = self.make_orchestrator(**settings)
            self.orchestrator.start()
        except BaseException:
            self.close()
            raise

    def make_orchestrator(self, **settings):
        return Orchestrator(self.folder, self.simulator.url, **settings)

    def close(self, keep=False):
        for program in (getattr(self, "orchestrator", None), self.simulator):
            if program is not None:
                program.end()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class PlatformTest(unittest.TestCase):
    """`self.platform(...)` lives as long as the test; a failed test keeps its folder and shows the log."""

    maxDiff = 4000

    def platform(self, tenants, *faults, **settings):
        made = Platform(tenants, faults, **settings)
        self.addCleanup(self._close, made)
        return made

    def _close(self, made):
        outcome = self._outcome
        # Python 3.11 moved the list of errors into the result.
        errors = getattr(outcome, "errors", None)
        if errors is None:
            errors = outcome.result.failures + outcome.result.errors
        broken = any(test is self and error for test, error in errors)
        if broken:
            print(f"\n{self.id()}: kept {made.folder}; the end of the orchestrator's log:\n"
                  f"{made.orchestrator.log_tail(15)}", flush=True)
        made.close(keep=broken)

    def workflow(self, orchestrator, *steps, **fields):
        """Creates a workflow and returns its name."""
        name = "test_" + uuid.uuid4().hex[:8]
        body = {"workflow_name": name, "max_retries": 0, "retry_delay_seconds": 0, "steps": list(steps), **fields}
        answer = orchestrator.api("POST", "/workflows", body)
        self.assertEqual(answer.status, 201, answer)
        return name

    def assert_adds_up(self, platform, execution):
        """An execution that has ended: the API, the database and the platform's own count agree with each other."""
        check_execution(self, platform, execution)


def step(name, service="forecasting", path="/api/v1/forecasting/generate", **fields):
    return {"name": name, "service": service, "path": path, "body": {"tenant_id": "{{tenant.id}}"}, **fields}


def blob(id):
    return uuid.UUID(id).bytes


def check_execution(test, platform, id):
    """Every promise about an execution that has ended."""
    orchestrator = platform.orchestrator
    shown = orchestrator.execution(id)
    test.assertIn(shown["status"], FINAL)
    tenants = shown["tenants"]
    test.assertEqual(tenants["pending"], 0, shown)
    test.assertEqual(sum(tenants[s] for s in FINAL), tenants["total"], shown)
    test.assertEqual(shown["steps_completed"] + shown["steps_failed"] + shown["steps_skipped"], shown["steps_total"], shown)
    for name in ("completed", "failed", "skipped", "total"):
        test.assertEqual(sum(each[name] for each in shown["step_summaries"]), shown[f"steps_{name}"], (name, shown))

    # What the rows say, counted afresh.
    runs = dict(orchestrator.query(
        "SELECT status, count(*) FROM orchestrator_tenant_runs WHERE execution_id = ? GROUP BY status", blob(id)))
    test.assertEqual(runs, {s: tenants[s] for s in FINAL if tenants[s]})
    rows = orchestrator.query(
        "SELECT r.tenant_id, s.step_index, s.status, s.attempts FROM orchestrator_step_results s "
        "JOIN orchestrator_tenant_runs r ON r.id = s.tenant_run_id WHERE r.execution_id = ? AND s.carried_over = 0",
        blob(id))
    test.assertEqual(len(rows), shown["steps_total"])
    for status in ("completed", "failed", "skipped"):
        test.assertEqual(sum(row[2] == status for row in rows), shown[f"steps_{status}"], status)
    test.assertEqual(sum(max(0, row[3] - 1) for row in rows), shown["retries"])
    counted = orchestrator.query(
        "SELECT coalesce(sum(completed), 0), coalesce(sum(failed), 0), coalesce(sum(skipped), 0), "
        "coalesce(sum(retries), 0) FROM orchestrator_step_counts "
        "WHERE execution_id = ?", blob(id))[0]
    test.assertEqual(counted, (shown["steps_completed"], shown["steps_failed"], shown["steps_skipped"], shown["retries"]))
    latencies = orchestrator.query(
        "SELECT coalesce(sum(count), 0) FROM orchestrator_step_latencies WHERE execution_id = ?", blob(id))[0][0]
    test.assertEqual(latencies, shown["steps_completed"] + shown["steps_failed"])
    # The log of a step's success is written with its outcome, so there is one for each.
    informed = orchestrator.query(
        "SELECT tenant_id, step_index, count(*) FROM orchestrator_execution_logs "
        "WHERE execution_id = ? AND log_level = 'info' GROUP BY 1, 2", blob(id))
    test.assertEqual({row[:2] for row in informed}, {row[:2] for row in rows if row[2] == "completed"})
    test.assertEqual({row[2] for row in informed} - {1}, set())

    # What the platform did: each completed step once, and nothing that we do not know of.
    names = {each["step_index"]: each["step_name"] for each in shown["step_summaries"]}
    ended = {(str(uuid.UUID(bytes=row[0])), names[row[1]]): row[2] for row in rows}
    effects = platform.simulator.effects_of(id)
    completed = {key for key, status in ended.items() if status == "completed"}
    called = {key for key, status in ended.items() if status != "skipped"}
    test.assertEqual(completed - set(effects), set(), "recorded as completed, but never done")
    test.assertEqual(set(effects) - called, set(), "done, but not recorded")
    totals = platform.simulator.effects()
    test.assertEqual((totals["without_key"], totals["reused_keys"]), (0, 0))
