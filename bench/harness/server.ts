// The program of a child process: one variant of the application, which is measured on request.
import type { Question, Reading, Ready } from './server-process.js';
import { watchTurns } from './watch-turns.js';
import type { Variant } from './variant.js';

const [name = ''] = process.argv.slice(2);
// Imported late: OpenTelemetry has to stand before Koa and http.
const { start } = (await import(`../variants/${name}.js`)) as {
  start: () => Promise<Variant>;
};
const variant = await start();
collectGarbage();

process.on('message', (question: Question) => void answer(question));
process.on('disconnect', () => process.exit());
send({ url: variant.url });

async function answer({ isUnderLoad, watchesTurns, collectsGarbage }: Question): Promise<void> {
  const longestTurnMs = watchesTurns ? await watchTurns(variant.drain()) : 0;
  if (!isUnderLoad && !watchesTurns) await variant.drain();
  const { user, system } = process.cpuUsage();
  if (collectsGarbage) collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  send({ cpuUs: user + system, heapBytes: heapUsed, residentBytes: rss, longestTurnMs });
}

/**
 * Called before the first request as well. If V8 first collects what the start left while requests go by, it may take them for
 * long-lived and put all later ones among the old objects at once: a mode that costs any of the applications 20 to 40 %
 * for as long as the process lives, and that a few megabytes of heap more or less decide about.
 */
function collectGarbage(): void {
  for (let times = 0; times < 3; times += 1) globalThis.gc?.();
}

function send(message: Ready | Reading): void {
  process.send?.(message);
}
