// How long npm's croner takes to find the next run: the median of blocks, in nanoseconds, for each expression on stdin.
import { createInterface } from "node:readline";
import { Cron } from "croner";

const begin = Date.UTC(2024, 0, 1), span = Date.UTC(2038, 0, 1) - begin;
const result = {};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, expression, calls] = line.split("\t");
  const cron = new Cron(expression, { timezone: "Europe/Madrid", paused: true });
  const times = [];
  for (let i = 0; i < Number(calls); ++i) {
    const at = new Date(begin + Math.floor(Math.random() * span));
    const before = process.hrtime.bigint();
    cron.nextRun(at);
    times.push(Number(process.hrtime.bigint() - before));
  }
  times.sort((a, b) => a - b);
  result[name] = times[Math.floor(times.length / 2)];
}
console.log(JSON.stringify(result));
