"""A name server that does not answer: whoever calls a service by such a name waits, and nobody else."""

import os
import socket
import subprocess
import time
import unittest

from harness import Orchestrator, Platform, PlatformTest, step, wait_until

TELLS_WITHIN = 10  # seconds


def can_change_resolver():
    """For one process: in a network of its own, where port 53 is free, and with a file in place of /etc/resolv.conf."""
    tried = ["unshare", "--mount", "sh", "-ec", "mount --bind /dev/null /etc/resolv.conf"]
    return bool(os.environ.get("TEST_NETWORK")) and subprocess.run(tried, capture_output=True).returncode == 0


class ByNames(Platform):
    """The orchestrator asks a name server at 127.0.0.1 that never answers."""

    def make_orchestrator(self, **settings):
        resolver = os.path.join(self.folder, "resolv.conf")
        with open(resolver, "w") as file:
            file.write("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
        made = Orchestrator(self.folder, self.simulator.url, **settings)
        made.command = ["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /etc/resolv.conf; exec "$@"', resolver, *made.command]
        return made


@unittest.skipUnless(can_change_resolver(), "needs a network of its own and mounts, and so root")
class NameLookups(PlatformTest):
    def setUp(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 53))
        self.made = ByNames(60, POS_SERVICE_URL="http://pos.bakery.example:8000")
        self.addCleanup(self._close, self.made)

    def test_one_that_hangs_delays_no_other_service(self):
        orchestrator = self.made.orchestrator
        hanging = orchestrator.execute(self.workflow(orchestrator, step("sell", service="pos", timeout_seconds=60)))

        def told():
            health = orchestrator.get("/health")
            return any(each["subject"] == "pos" for each in health["problems"])
        wait_until(told, "health tells of it", TELLS_WITHIN)
        began = time.monotonic()
        beside = orchestrator.wait_for_end(orchestrator.execute(self.workflow(orchestrator, step("forecast"))))
        self.assertEqual(beside["status"], "completed")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(orchestrator.execution(hanging)["status"], "running")
        self.assertEqual(orchestrator.api("POST", f"/executions/{hanging}/cancel").status, 202)
        self.assertEqual(orchestrator.wait_for_end(hanging, 15)["status"], "cancelled")


if __name__ == "__main__":
    unittest.main()
