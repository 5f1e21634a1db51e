import { consumeUsage } from 'koa-track-usage/jetstream';
import { openDatabase, openStream } from './stream.js';

const worker = consumeUsage(await openStream(), await openDatabase(), {
  batch: { maxRecords: 2000, maxDelayMs: 200 },
  retention: { records: { days: 90 } },
});
worker.on('recover', ({ storage, failures }) => console.log(`${storage} is back after ${failures} attempts`));
console.log('Working.');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stop());
}

async function stop(): Promise<void> {
  const { stored, spooled, dropped } = await worker.close({ timeoutMs: 5000 });
  console.log(`Stopped: ${stored} records stored, ${spooled} given back, ${dropped} not stored.`);
}
