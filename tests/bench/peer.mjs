// A minimal metering Lambda of the shape of Aforo's (its code is not copied): gunzip, each line parsed,
// one event a line, POSTs of 50 in turn; no ledger, no queue, no key of its own, nothing kept on failure.
// Payloads come in on stdin, one a line after the number of runs; CPU microseconds of the runs leave.
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';

const [url, key, tenant] = process.argv.slice(2);
const PER_POST = 50;

function eventOf(line, region) {
  const entry = JSON.parse(line);
  const status = Number.parseInt(entry.status, 10);
  return {
    customerId: entry.customerId,
    metricName: 'API Calls',
    quantity: 1,
    occurredAt: new Date(Number(entry.requestTimeEpoch)).toISOString(),
    idempotencyKey: `apigw-${entry.requestId}`,
    productType: 'API',
    endpointPath: entry.resourcePath,
    httpMethod: entry.httpMethod,
    statusCode: status,
    responseTimeMs: Number.parseInt(entry.responseLatency, 10),
    metadata: {
      api_id: entry.apiId, stage: entry.stage, region, request_id: entry.requestId,
      response_size: Number.parseInt(entry.responseLength, 10), is_error: status >= 400,
    },
  };
}

async function post(events) {
  const response = await fetch(`${url}/v1/ingest/batch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}`, 'X-Tenant-Id': tenant },
    body: JSON.stringify({ events }),
  });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return (await response.json()).accepted;
}

async function handler(payload) {
  const envelope = JSON.parse(gunzipSync(Buffer.from(payload.awslogs.data, 'base64')).toString('utf8'));
  const events = envelope.logEvents.map((entry) => eventOf(entry.message, 'eu-west-1'));
  let accepted = 0;
  for (let first = 0; first < events.length; first += PER_POST) {
    accepted += await post(events.slice(first, first + PER_POST));
  }
  return accepted;
}

let runs = 0;
for await (const line of createInterface({ input: process.stdin })) {
  if (runs === 0) { runs = Number(line); continue; }
  const payload = JSON.parse(line);
  let accepted = 0;
  const before = process.cpuUsage();
  for (let run = 0; run < runs; run += 1) accepted += await handler(payload);
  const used = process.cpuUsage(before);
  process.stdout.write(`${used.user + used.system} ${accepted}\n`);
  runs = 0;
}
