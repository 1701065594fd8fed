"""Holds domain/cron against libraries that others wrote: second_opinion.py OURS PEER [CASES] [SEED].

OURS is cron_differential; PEER a program that answers the same questions: "zone<TAB>expression<TAB>epoch" a line on stdin,
the five instants after it a line on stdout. croniter_peer.py and croner_peer.mjs are such programs. The libraries understand
some things otherwise. Each difference has to be explained by one of the rules below, and an explanation is checked, not
believed: the question is asked once more without what it blames, and then both have to agree.
"""

import collections
import datetime
import itertools
import random
import re
import subprocess
import sys
import zoneinfo

ZONES = ("Europe/Madrid", "Atlantic/Canary", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
def ask(program, questions):
    lines = "".join(f"{zone}\t{expression}\t{after}\n" for zone, expression, after in questions)
    if not questions:
        return []
    done = subprocess.run(program, input=lines, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(questions), f"{program[0]}: {len(answers)} answers to {len(questions)} questions"
    return answers


class Expressions:
    def __init__(self, draws):
        self.draws = draws

    def field(self, lowest, highest, star=0.4):
        draws = self.draws
        kind = draws.random()
        if kind < star:
            return "*"
        if kind < star + 0.1:
            return f"*/{draws.randint(2, max(2, (highest - lowest) // 2))}"
        first = draws.randint(lowest, highest)
        if kind < star + 0.2 and first < highest:
            return f"{first}-{draws.randint(first + 1, highest)}"
        return ",".join(str(each) for each in sorted({first, draws.randint(lowest, highest)}))

    def next(self):
        return " ".join((self.field(0, 59, 0.1), self.field(0, 23, 0.3), self.field(1, 31, 0.6), self.field(1, 12, 0.8),
                         self.field(0, 6, 0.6)))


def day_fields(change):
    """A rewrite of day-of-month and day-of-week."""
    def rewrite(question, *_):
        zone, expression, after = question
        minute, hour, day, month, weekday = expression.split()
        day, weekday = change(day, weekday)
        return zone, " ".join((minute, hour, day, month, weekday)), after
    return rewrite


def has_clock_change(question, mine, theirs):
    """Between the day before the question and the last instant that either gave."""
    zone, _, after = question
    last = max(int(each) for each in (mine + " " + theirs).split())
    if last - after > 400 * 86_400:
        return True
    at, offsets = after - 86_400, set()
    while at <= last + 86_400:
        offsets.add(datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone)).utcoffset())
        at += 6 * 3_600
    return len(offsets) > 1


def first_lacking(mine, theirs):
    """The first instant of ours that they leave out."""
    return next((int(each) for each in mine.split() if each not in theirs.split()), None)


def follows_a_short_month(question, mine, theirs):
    """Do they leave out something of a month before which there is one without a 31st?"""
    lacking = first_lacking(mine, theirs)
    if lacking is None:
        return False
    zone = zoneinfo.ZoneInfo(question[0])
    before = datetime.datetime.fromtimestamp(lacking, zone).replace(day=1) - datetime.timedelta(days=1)
    return before.day < 31 and question[2] < before.replace(hour=23).timestamp()


# What is blamed for a difference: a name, why, to which questions it applies, and the question without it.
EXPLANATIONS = [
    ("star with a step",
     'Vixie cron: a day field that begins with * restricts nothing, so both have to match; they join both by "or" as soon as '
     "there is more than a *",
     lambda q, *_: any(field.startswith("*/") for field in (q[1].split()[2], q[1].split()[4])),
     day_fields(lambda day, weekday: (re.sub(r"^\*/", "1-31/", day), re.sub(r"^\*/", "0-6/", weekday)))),
    ("all days written out",
     "Vixie cron: 0-6 and 1-31 restrict, though to nothing, so that either field may match; they take them for a *",
     lambda q, *_: q[1].split()[2] == "1-31" or q[1].split()[4] == "0-6",
     day_fields(lambda day, weekday: ("*" if day == "1-31" else day, "*" if weekday == "0-6" else weekday))),
    ("clock change",
     "what falls into a gap is due at the first valid instant for us, and shifted, left out or doubled for them; what occurs "
     "twice is due once for us unless it is due in every hour; in UTC both agree",
     lambda q, mine, theirs: q[0] != "UTC" and has_clock_change(q, mine, theirs),
     lambda q, *_: ("UTC", q[1], q[2])),
    ("the end of a short month",
     "they take a day that a month lacks, such as 30 February, for one of the next month, and leave out what comes before it; "
     "asked just before that, they name it; a fault",
     follows_a_short_month,
     lambda q, mine, theirs: (q[0], q[1], (first_lacking(mine, theirs) or q[2] + 1) - 1)),
]


def agreed_without(blamed, cases, ours, peer):
    """The ids of the cases that both answer alike when they are asked without what is blamed, one after the other."""
    open_cases = [(id(case), case) for case in cases]
    for _, _, applies, rewrite in blamed:
        open_cases = [(key, case) for key, case in open_cases if applies(*case)]
        questions = [rewrite(*case) for _, case in open_cases]
        again = zip(questions, ask(ours, questions), ask(peer, questions))
        open_cases = [(key, case) for (key, _), case in zip(open_cases, again)]
    return {key for key, (_, mine, theirs) in open_cases if mine == theirs}


def compare(ours, peer, cases, seed):
    draws = random.Random(seed)
    expressions = Expressions(draws)
    questions = []
    for _ in range(cases):
        after = int(datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) + draws.randint(0, 36 * 365 * 86_400)
        questions.append((draws.choice(ZONES), expressions.next(), after))
    # What we refuse because it is never due is not theirs to answer.
    open_cases = [(question, mine, theirs) for question, mine, theirs in zip(questions, ask(ours, questions), ask(peer, questions))
                  if mine and mine != theirs]
    explained, examples = collections.Counter(), {}
    for size in range(1, len(EXPLANATIONS) + 1):
        for blamed in itertools.combinations(EXPLANATIONS, size):  # in this order: a rewrite may show another fault
            agreed = agreed_without(blamed, open_cases, ours, peer)
            if agreed:
                names = " and ".join(name for name, _, _, _ in blamed)
                explained[names] += len(agreed)
                examples[names] = next(case for case in open_cases if id(case) in agreed)
            open_cases = [case for case in open_cases if id(case) not in agreed]
    return explained, examples, open_cases


def described(case):
    (zone, expression, after), mine, theirs = case
    return f'"{expression}" in {zone} after {after}\n         ours   {mine}\n         theirs {theirs}'


def main():
    ours, peer = [sys.argv[1], "--next"], sys.argv[2].split()
    cases = int(sys.argv[3]) if len(sys.argv) > 3 else 5_000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    explained, examples, unexplained = compare(ours, peer, cases, seed)
    for name, why, _, _ in EXPLANATIONS:
        if any(name in each for each in explained):
            print(f"{name}: {why}")
    for name, count in explained.most_common():
        print(f"{count:6} differ: {name}, as {described(examples[name])}")
    for case in unexplained[:20]:
        print(f"UNEXPLAINED: {described(case)}")
    print(f"{cases - sum(explained.values()) - len(unexplained)} of {cases} questions answered alike, "
          f"{len(unexplained)} differences unexplained, seed {seed}")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
