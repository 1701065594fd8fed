"""The peers of a benchmark: nginx as the instant platform, the orchestrator under test, and wrk as the yardstick.

Everything runs on 127.0.0.1 on free ports, in a folder of its own, and is stopped by the process that was started.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ORCHESTRATOR = pathlib.Path(os.environ.get("ORCHESTRATOR_BIN", ROOT / "build/release/server/orchestrator"))
ANSWER = json.dumps({"count": 42, "batches": 12, "needs_count": 7, "status": "ok", "detail": "x" * 110})
PAGE = 500  # tenants to a page, as the planner asks; each page begins with the last tenant of the one before


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, seconds, check):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready within {seconds} s")
        time.sleep(0.005)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Nginx:
    """One worker that answers every POST with the same JSON, after `delay` seconds, and lists `tenants` tenants. `logs`: when
    each call was answered."""

    def __init__(self, folder, tenants, delay=0.0, logs=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.port = free_port()
        for skip in {*range(0, tenants, PAGE - 1), max(tenants - 1, 0), tenants}:
            page = [self.tenant(i) for i in range(skip, min(skip + PAGE, tenants))]
            (self.folder / f"tenants_{skip}.json").write_text(json.dumps({"tenants": page, "total": tenants}))
        echo = f"echo_sleep {delay}; echo -n '{ANSWER}';" if delay else f"return 200 '{ANSWER}';"
        modules = "/usr/lib/nginx/modules/ngx_http_echo_module.so"
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(f"""
{user} daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log warn;
{f'load_module {modules};' if delay else ''}
events {{ worker_connections 8192; }}
http {{
  log_format moment '$msec $request_method';
  access_log {f'{self.folder}/calls moment' if logs else 'off'}; keepalive_requests 100000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;
  server {{
    listen 127.0.0.1:{self.port} backlog=4096;
    location = /api/v1/tenants {{ root {self.folder}; try_files /tenants_$arg_skip.json =404; }}
    location ~ ^/api/v1/tenants/([-0-9a-f]+)$ {{ return 200 '{{"id":"$1","name":"Panadería","status":"active"}}'; }}
    location / {{ {echo} }}
  }}
}}
""")
        self.process = subprocess.Popen(["nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("nginx", 10, self.answers)

    @staticmethod
    def tenant(i):
        return {"id": f"{i:08x}-0000-7000-8000-{i:012x}", "name": f"Panadería {i}", "status": "active",
                "subscription_tier": ("starter", "professional", "enterprise")[i % 3], "timezone": "Europe/Madrid"}

    def first_call_after(self, moment):
        """When the first POST after `moment` was answered; None: there was none."""
        with open(self.folder / "calls") as calls:
            times = (float(line.split()[0]) for line in calls if line.endswith(" POST\n"))
            return next((at for at in times if at > moment), None)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        stop(self.process)


class Orchestrator:
    """The release binary, on a fresh SQLite file unless the settings name another store."""

    def __init__(self, folder, platform_url, calls, **settings):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.database = self.folder / "orchestrator.db"
        services = ("FORECASTING", "PRODUCTION", "PROCUREMENT", "INVENTORY", "TENANT", "NOTIFICATION")
        environment = {"PATH": os.environ["PATH"], "PORT": "0", "DATABASE_URL": f"sqlite:{self.database}",
                       "ORCHESTRATOR_SCHEDULER": "off",  # only what is measured may run
                       "ORCHESTRATOR_MAX_CALLS": str(calls), "ORCHESTRATOR_MAX_CALLS_PER_SERVICE": str(calls),
                       **{f"{name}_SERVICE_URL": platform_url for name in services},
                       **{name: str(value) for name, value in settings.items()}}
        ready = self.folder / "ready"
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen([ORCHESTRATOR, "serve", "--ready-file", ready], env=environment,
                                            stdout=log, stderr=log)
        wait_until("the orchestrator", 10, lambda: ready.exists() and ready.read_text().endswith("\n"))
        self.base = ready.read_text().strip() + "/api/v1/orchestrator"

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method,
                                         data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Content-Type": "application/json"} if body is not None else {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def run(self, workflow, body=None, ask_every=0.5):
        """Executes and waits; returns the finished execution. `ask_every`: seconds; each question costs as much as a dozen
        steps."""
        execution = self.ask("POST", f"/workflows/{workflow}/execute", body)
        while execution["status"] in ("pending", "running"):
            time.sleep(ask_every)
            execution = self.ask("GET", f"/executions/{execution['id']}")
        return execution

    def peak_memory_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def stop(self):
        stop(self.process)


def chain_of_six():
    """Six POSTs, each after the one before: the shape of the daily run at its longest."""
    services = ("forecasting", "production", "procurement", "inventory", "forecasting", "notification")
    return {"workflow_name": "chain_of_six", "retry_delay_seconds": 1,
            "steps": [{"name": f"step_{i}", "service": service, "path": f"/api/v1/step/{i}",
                       "body": {"tenant_id": "{{tenant.id}}", "days_ahead": 7},
                       "message": "Generated {{result.count}} forecasts",
                       **({"depends_on": [f"step_{i - 1}"]} if i else {})} for i, service in enumerate(services)]}


def wrk(folder, url, seconds, connections=64):
    """Requests per second of the same POST."""
    script = pathlib.Path(folder) / "post.lua"
    script.write_text('wrk.method = "POST"\n'
                      'wrk.body = \'{"tenant_id":"00000001-0000-7000-8000-000000000001","days_ahead":7}\'\n'
                      'wrk.headers["Content-Type"] = "application/json"\n'
                      'wrk.headers["Idempotency-Key"] = "01a20a43-bcf1-7ccf-b4b5-f57ca4dfe16a:'
                      '00000001-0000-7000-8000-000000000001:step_0"\n')
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url + "/api/v1/step/0"],
                         capture_output=True, text=True, check=True).stdout
    return float(next(line.split()[1] for line in out.splitlines() if line.startswith("Requests/sec:")))


def scratch():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench_", dir=ROOT / "build"))
    return folder


def discard(folder):
    shutil.rmtree(folder, ignore_errors=True)
