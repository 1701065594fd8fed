"""How long Debian's python3-apscheduler takes to find the next run: the median, in nanoseconds, for each expression on
stdin."""

import datetime
import json
import random
import statistics
import sys
import time
import zoneinfo

from apscheduler.triggers.cron import CronTrigger

MADRID = zoneinfo.ZoneInfo("Europe/Madrid")
BEGIN, SPAN = 1_704_067_200, 14 * 365 * 86_400

result = {}
for line in sys.stdin:
    name, expression, calls = line.rstrip("\n").split("\t")
    trigger = CronTrigger.from_crontab(expression, timezone="Europe/Madrid")
    times = []
    for _ in range(int(calls)):
        at = datetime.datetime.fromtimestamp(BEGIN + random.randrange(SPAN), MADRID)
        before = time.perf_counter_ns()
        trigger.get_next_fire_time(None, at)
        times.append(time.perf_counter_ns() - before)
    result[name] = statistics.median(times)
print(json.dumps(result))
