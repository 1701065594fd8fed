"""kill -9 at random moments, as torture.py does it, with few kills: TORTURE_KILLS (15), TORTURE_SEED."""

import os
import unittest

from harness import Orchestrator, PlatformTest
from torture import torture


class Crashes(unittest.TestCase):
    def test_killed_at_random_moments(self):
        kills = int(os.environ.get("TORTURE_KILLS", "15"))
        seed = int(os.environ.get("TORTURE_SEED", str(int.from_bytes(os.urandom(3), "big"))))
        done = torture(kills, seed, lambda line: None)
        self.assertGreaterEqual(done.kills, kills)


class OneInstance(PlatformTest):
    def test_a_second_instance_on_the_same_database_is_refused(self):
        platform = self.platform(1)
        second = Orchestrator(platform.folder, platform.simulator.url)
        second.ready_file += ".second"
        second.log_path += ".second"
        second.spawn()
        self.assertEqual(second.wait(), 6)
        self.assertIn("another instance", second.log_tail())
        self.assertEqual(platform.orchestrator.get("/health")["status"], "healthy")


if __name__ == "__main__":
    unittest.main()
