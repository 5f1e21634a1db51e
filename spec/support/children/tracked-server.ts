/** A Koa server in a process of its own: `tracked-server.js CONFIG`. It is told what to do over IPC. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { trackUsage } from '../../../src/index.js';
import type { ChildConfig, ChildLook, ReportLine } from './child-config.js';
import { type ChildMood, KeyedStorage } from './keyed-storage.js';

const config = JSON.parse(process.argv[2] ?? '{}') as ChildConfig;
const { database, mood = 'store', report, trackers = 1, tracker = {}, listens, userId, endsServer } = config;
let server: Server | null = null;
const handleSignals =
  endsServer === true
    ? { ...(tracker.handleSignals as object), server: () => server }
    : tracker.handleSignals;

if (config.writeDelayMs !== undefined) await slowDown(config.writeDelayMs);
if (config.tearsWrites === true) await tearWrites();
const storages = Array.from({ length: trackers }, () => new KeyedStorage(database, mood));
for (const storage of storages) storage.onMiddle = () => process.send?.({ event: 'middle' });
if (userId !== undefined) {
  process.setgid?.(userId);
  process.setuid?.(userId);
}
if (listens !== undefined) {
  process[listens]('SIGTERM', () => {
    process.send?.({ event: 'signal' });
    setTimeout(() => process.exit(7), 300);
  });
}

const lines: string[] = [];
const drops: ChildLook['drops'][number][] = [];
const errors: ChildLook['errors'][number][] = [];
const log = (line: string): void => void lines.push(line);
const usages = storages.map((storage) =>
  trackUsage({
    storage,
    serverName: 'child',
    defaultPolicy: 'include',
    trackUnmatched: true,
    logger: { warn: log, error: log },
    ...tracker,
    handleSignals,
  }),
);
for (const { tracker: handle } of usages) {
  handle.on('drop', ({ reason, count, records, error }) => {
    drops.push({ reason, count, records: records.length, code: codeOf(error) });
  });
  handle.on('error', ({ storage, error }) => void errors.push({ storage, code: codeOf(error) }));
}
const [first] = usages;
if (first === undefined) throw new Error('There is no tracker.');

const app = new Koa();
let handedOver: string[] = [];
app.use((context, next) => {
  context.res.on('close', () => handedOver.push(context.path));
  return next();
});
let turn = 0;
app.use((context, next) => usages[(turn += 1) % trackers]?.(context, next));
/** Requests to `/held/…` that wait for the command `answer`. */
const held: (() => void)[] = [];
app.use(async (context, next) => {
  if (context.path.startsWith('/held/')) await new Promise<void>((resolve) => held.push(resolve));
  return next();
});
app.use((context) => {
  context.body = `answer to ${context.path}`;
});
server = app.listen(0, '127.0.0.1');
await once(server, 'listening');

if (report !== undefined) {
  const file = openSync(report, 'a');
  const note = (): void => {
    const { stored, spooled, queued, inFlight } = first.tracker.stats();
    const line: ReportLine = { paths: handedOver, stored, spooled, queued, inFlight };
    handedOver = [];
    writeSync(file, `${JSON.stringify(line)}\n`);
  };
  setInterval(note, 2);
}

/** How often the length of a close is counted on, in milliseconds. */
const TICK_MS = 10;

const handles: number[] = [];
const commands: Record<string, (argument: unknown) => unknown> = {
  mood: (next) => storages.forEach((storage) => (storage.mood = next as ChildMood)),
  look: (): ChildLook => ({
    stats: first.tracker.stats(),
    accepted: usages.reduce((sum, usage) => sum + usage.tracker.stats().accepted, 0),
    health: first.tracker.health(),
    lines,
    attempts: storages.reduce((sum, { attempts }) => sum + attempts, 0),
    drops,
    errors,
  }),
  flush: () => first.tracker.flush(),
  close: async (timeoutMs) => {
    // Ticks are counted, as a clock goes on also while a busy machine lets this process wait.
    let tookMs = 0;
    const ticks = setInterval(() => (tookMs += TICK_MS), TICK_MS);
    const result = await first.tracker.close({ timeoutMs: timeoutMs as number });
    clearInterval(ticks);
    return { ...result, tookMs };
  },
  exhaustHandles: () => {
    // One is given back, so that the process can say so.
    for (let isFull = false; !isFull;) {
      try {
        handles.push(openSync('/dev/null', 'r'));
      } catch {
        isFull = true;
      }
    }
  },
  moodOfLast: (next) => {
    const last = storages.at(-1);
    if (last !== undefined) last.mood = next as ChildMood;
  },
  held: () => held.length,
  answer: () => held.splice(0).forEach((resolve) => resolve()),
  listeners: () =>
    Object.fromEntries(
      ['SIGTERM', 'SIGINT', 'beforeExit', 'exit'].map((event) => [event, process.listenerCount(event)]),
    ),
  signal: (signal) => void process.kill(process.pid, signal as NodeJS.Signals),
  freeHandles: () => handles.splice(0).forEach((handle) => closeSync(handle)),
};

interface Command {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

process.on('disconnect', () => process.exit());
process.on('message', ({ id, name, argument }: Command) => {
  void Promise.resolve(commands[name]?.(argument)).then((result) => process.send?.({ id, result }));
});
process.send?.({ event: 'ready', port: (server.address() as AddressInfo).port });

function codeOf(error: NodeJS.ErrnoException | null): string | null {
  return error?.code ?? null;
}

type Write = (...args: unknown[]) => Promise<unknown>;

/** Makes the file handles of this process write late, as a busy disk does. */
async function slowDown(delayMs: number): Promise<void> {
  await replaceWrite(
    (write) =>
      async function writeLate(this: unknown, ...args): Promise<unknown> {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        return write.apply(this, args);
      },
  );
}

/** Makes them write late, say so, and the second time all but the last bytes, without an end. */
async function tearWrites(): Promise<void> {
  await replaceWrite(
    (write) =>
      async function writeTorn(this: unknown, content, offset, length, position): Promise<unknown> {
        if (position === 0) process.send?.({ event: 'writing' });
        // Meanwhile more comes, for the second time.
        await new Promise((resolve) => setTimeout(resolve, 300));
        if (position === 0) return write.call(this, content, offset, length, position);
        await write.call(this, content, offset, (length as number) - 10, position);
        process.send?.({ event: 'torn' });
        return new Promise(() => {});
      },
  );
}

async function replaceWrite(replace: (write: Write) => Write): Promise<void> {
  const handle = await open('/dev/null', 'w');
  const prototype = Object.getPrototypeOf(handle) as { write: Write };
  await handle.close();
  prototype.write = replace(prototype.write);
}
