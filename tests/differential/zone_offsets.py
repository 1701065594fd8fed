"""Reads `zone instant offset abbreviation` lines and holds each against Python's zoneinfo, which reads the same files with
another program. Usage: cron_differential --offsets | zone_offsets.py"""

import datetime
import sys
import zoneinfo

compared, different = 0, 0
for line in sys.stdin:
    name, instant, offset, abbreviation = line.split()
    at = datetime.datetime.fromtimestamp(int(instant), zoneinfo.ZoneInfo(name))
    compared += 1
    if at.utcoffset() != datetime.timedelta(seconds=int(offset)) or at.tzname() != abbreviation:
        different += 1
        print(f"{name} at {instant}: {offset} {abbreviation}, zoneinfo says {at.utcoffset()} {at.tzname()}")
print(f"{compared} offsets, {different} differences")
sys.exit(1 if different or compared < 100_000 else 0)
