// Answers the questions of second_opinion.py with npm's croner.
import { createInterface } from "node:readline";
import { Cron } from "croner";

const answers = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [zone, expression, after] = line.split("\t");
  let at = new Date(Number(after) * 1000);
  const found = [];
  try {
    const cron = new Cron(expression, { timezone: zone, paused: true });
    for (let i = 0; i < 5; ++i) {
      at = cron.nextRun(at);
      if (at === null) break;
      found.push(Math.floor(at.getTime() / 1000));
    }
  } catch {
    // What it refuses, it does not answer.
  }
  answers.push(found.join(" "));
}
console.log(answers.join("\n"));
