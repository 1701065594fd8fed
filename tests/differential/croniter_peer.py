"""Answers the questions of second_opinion.py with Debian's python3-croniter."""

import datetime
import sys
import zoneinfo

import croniter

for line in sys.stdin:
    zone, expression, after = line.rstrip("\n").split("\t")
    begin = datetime.datetime.fromtimestamp(int(after), zoneinfo.ZoneInfo(zone))
    found = []
    try:
        each = croniter.croniter(expression, begin)
        for _ in range(5):
            found.append(str(int(each.get_next(datetime.datetime).timestamp())))
    except (croniter.CroniterBadDateError, croniter.CroniterBadCronError):
        pass
    print(" ".join(found))
