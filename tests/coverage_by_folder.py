#!/usr/bin/env python3
"""Line coverage by folder from `llvm-cov export -summary-only`; fails below a bound. Called by ./dev coverage."""

import argparse
import collections
import json
import os
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("summary")
    parser.add_argument("--least", type=float, required=True, help="per cent, of each folder at the top")
    chosen = parser.parse_args()
    with open(chosen.summary, encoding="utf-8") as file:
        sources = json.load(file)["data"][0]["files"]

    lines = collections.defaultdict(lambda: [0, 0])
    for source in sources:
        folder = os.path.dirname(os.path.relpath(source["filename"]))
        counted = source["summary"]["lines"]
        # A folder below the top counts for itself and for the one that it lies in.
        for each in {folder, folder.split("/")[0]}:
            lines[each][0] += counted["covered"]
            lines[each][1] += counted["count"]

    below = []
    for folder, (covered, count) in sorted(lines.items()):
        share = 100 * covered / max(1, count)
        wanting = "/" not in folder and share < chosen.least
        if wanting:
            below.append(folder)
        print(f"{folder:<28} {share:5.1f} %  {covered:6d} of {count:6d} lines" + ("  <- too little" if wanting else ""))
    if not lines:
        print("nothing was measured", file=sys.stderr)
    if below:
        print(f"below {chosen.least:g} %: {', '.join(below)}", file=sys.stderr)
    return 1 if below or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
