"""What the documentation says about the programs, tried on them."""

import json
import os
import re
import subprocess
import unittest

from harness import PlatformTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def document(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class Documents(PlatformTest):
    def test_the_workflows_of_the_guide_run(self):
        orchestrator = self.platform(10).orchestrator
        examples = re.findall(r"```json\n(.*?)```", document("docs", "workflows.md"), re.DOTALL)
        self.assertGreaterEqual(len(examples), 2)
        for example in examples:
            name = json.loads(example)["workflow_name"]
            done = orchestrator.cli("workflow", "apply", "-", stdin=example)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = orchestrator.cli("workflow", "run", name, "--wait")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_table_of_settings_is_that_of_the_program(self):
        told = subprocess.run([os.environ["ORCHESTRATOR_BIN"], "serve", "--help"], capture_output=True, text=True).stdout
        program = dict(re.findall(r"^  ([A-Z_]+) +.* \[(.*)\]$", told, re.MULTILINE))
        rows = [line.split("|") for line in document("docs", "operations", "configuration.md").splitlines()
                if re.match(r"\| `[A-Z_]+` \|", line)]
        written = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
        self.assertGreater(len(program), 15)
        self.assertEqual(written, program)

    def test_every_decision_has_a_number_of_its_own(self):
        names = sorted(os.listdir(os.path.join(ROOT, "docs", "decisions")))
        self.assertEqual([name[:4] for name in names], [f"{i:04d}" for i in range(1, len(names) + 1)])

    def test_links_lead_somewhere(self):
        for folder, name in [("", "README.md"), ("", "ARCHITECTURE.md"), ("", "CONTRIBUTING.md"), ("docs", "workflows.md"),
                             *(("docs/decisions", each) for each in os.listdir(os.path.join(ROOT, "docs", "decisions")))]:
            for target in re.findall(r"\]\(([^)#:]+)\)", document(folder, name)):
                self.assertTrue(os.path.exists(os.path.join(ROOT, folder, target)), f"{name} links to {target}")


if __name__ == "__main__":
    unittest.main()
