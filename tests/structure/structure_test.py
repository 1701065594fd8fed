#!/usr/bin/env python3
"""The rules of ARCHITECTURE.md that a machine can check: who may include whom, and what a file may be called."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# What a folder may include of ours, beside itself. The longest folder that fits decides.
ALLOWED = {
    "domain": (),
    "ports": ("domain",),
    "engine": ("domain", "ports"),
    "adapters/blocking": ("ports",),
    "adapters/http": ("domain", "ports"),
    "adapters/icalendar": ("domain", "ports"),
    "adapters/memory": ("domain", "ports"),
    "adapters/postgresql": ("domain", "ports", "adapters/blocking", "adapters/sql", "cmake/embedded_file.h"),
    "adapters/rabbitmq": ("domain", "ports", "adapters/blocking"),
    "adapters/redis": ("domain", "ports", "adapters/blocking"),
    "adapters/sql": ("domain", "ports", "cmake/embedded_file.h"),
    "adapters/sqlite": ("domain", "ports", "adapters/blocking", "adapters/sql", "cmake/embedded_file.h"),
    "adapters/system": ("domain", "ports"),
    "api": ("domain", "ports", "engine"),
    "cli": ("domain", "ports", "adapters/http"),
    "server": ("domain", "ports", "engine", "adapters", "api", "cli", "cmake/embedded_file.h"),
    "platform_simulator/behaviour": ("domain",),
    "platform_simulator": ("domain", "ports", "adapters/http"),
}
OURS = {folder.split("/")[0] for folder in ALLOWED} | {"tests", "benchmark", "cmake"}

# What does I/O has no place in pure code.
IMPURE = ("boost/asio", "boost/beast", "openssl/", "sqlite3.h", "spdlog/", "unistd.h", "sys/", "fstream", "iostream",
          "filesystem", "thread", "mutex", "cstdlib")
PURE = ("domain", "platform_simulator/behaviour")
VAGUE = {"util", "utils", "common", "helper", "helpers", "misc", "manager", "base"}


def files(*folders, suffixes=(".h", ".cpp")):
    for top in folders:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def lies_in(path, folder):
    return path == folder or path.startswith(folder + "/")


def owner(path):
    return max((folder for folder in ALLOWED if lies_in(path, folder)), key=len)


class Structure(unittest.TestCase):
    def assert_none(self, wrong):
        self.assertFalse(wrong, "\n  " + "\n  ".join(wrong))

    def test_every_source_has_an_owner(self):
        self.assertGreater(len(list(files(*ALLOWED))), 100)
        adapters = {path.split("/")[1] for path in files("adapters")}
        self.assertEqual(adapters, {folder.split("/")[1] for folder in ALLOWED if folder.startswith("adapters/")})

    def test_includes_run_one_way(self):
        wrong = []
        for path in files(*sorted({folder.split("/")[0] for folder in ALLOWED})):
            allowed = (owner(path), *ALLOWED[owner(path)])
            for _, included in INCLUDE.findall(read(path)):
                if included.split("/")[0] in OURS and not any(lies_in(included, each) for each in allowed):
                    wrong.append(f"{path} includes {included}")
        self.assert_none(wrong)

    def test_pure_folders_do_no_io(self):
        self.assert_none([f"{path} includes {included}" for path in files(*PURE)
                          for _, included in INCLUDE.findall(read(path)) if included.startswith(IMPURE)])

    def test_the_environment_is_read_in_two_folders_only(self):
        others = [folder for folder in ALLOWED if folder not in ("server", "cli")]
        self.assert_none([path for path in files(*others) if re.search(r"\bgetenv\b|\benviron\b", read(path))])

    def test_headers_say_what_they_are_for_and_are_read_once(self):
        self.assert_none([path for path in files(*ALLOWED, suffixes=(".h",)) if not read(path).startswith("// ")
                          or "#pragma once" not in read(path)])

    def test_names_say_something(self):
        parts = lambda path: set(re.split(r"[/_.]", path))
        self.assert_none([path for path in files(*ALLOWED, "tests", "benchmark", suffixes=(".h", ".cpp", ".py", ".sql"))
                          if parts(path) & VAGUE])


if __name__ == "__main__":
    unittest.main()
