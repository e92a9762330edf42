// Aforo's published metering Lambda, as it is: `node run_aforo.cjs <its index.js>`. Its last line replaces
// module.exports, so the handler is taken from the `exports` that the source was given.
// In: a line with the number of runs, then a line with a payload. Out, on descriptor 3: the CPU that
// the runs took, in microseconds. What it logs goes to its stdout, as in Lambda.
const { readFileSync, writeSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { createRequire } = require('node:module');

const file = process.argv[2];
const kept = {};
const module_ = { exports: kept };
new Function('exports', 'module', 'require', readFileSync(file, 'utf8'))(kept, module_, createRequire(file));

async function main() {
  let runs = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    if (runs === 0) { runs = Number(line); continue; }
    const payload = JSON.parse(line);
    const before = process.cpuUsage();
    for (let run = 0; run < runs; run += 1) await kept.handler(payload);
    const used = process.cpuUsage(before);
    writeSync(3, `${used.user + used.system}\n`);
    runs = 0;
  }
}

main();
