import type { ConsumerConfig, StreamConfig } from '@nats-io/jetstream';
import { TrackUsageError } from '../../errors.js';
import { CONNECT } from './connect-options.js';

/** A setting that loses records: its name, whether it is made, and what comes of it. */
type Flaw<Config, Rest extends readonly unknown[] = [subject: string]> = readonly [
  setting: string,
  isMade: (config: Config, ...rest: Rest) => boolean,
  consequence: string,
];

/** How long a worker waits for messages that it asks for, in milliseconds. */
export const PULL_MS = 10_000;

/** Messages without an acknowledgement that a consumer has to allow: as many as servers do by themselves. */
const LEAST_UNACKNOWLEDGED = 1000;

const STREAM_FLAWS: readonly Flaw<StreamConfig>[] = [
  ['mirror', ({ mirror }) => mirror !== undefined, 'it takes messages from another stream alone'],
  ['sealed', ({ sealed }) => sealed, 'it takes no message'],
  ['no_ack', (config) => config.no_ack === true, 'nobody learns whether it has a record'],
  [
    'retention: interest',
    ({ retention }) => retention === 'interest',
    'records that come while it has no consumer are gone',
  ],
  [
    'discard: old with a limit',
    ({ discard, max_bytes: bytes, max_msgs: messages }) => discard === 'old' && (bytes > 0 || messages > 0),
    'a record that comes takes the place of one that waits',
  ],
  [
    'max_msgs_per_subject without discard_new_per_subject',
    (config) => config.max_msgs_per_subject > 0 && !config.discard_new_per_subject,
    'a record that comes takes the place of one that waits',
  ],
  [
    'subject_transform',
    ({ subject_transform: transform }, subject) =>
      transform !== undefined && covers(transform.src ?? '>', subject),
    'workers do not find records under another subject',
  ],
];

const STREAM_RISKS: readonly Flaw<StreamConfig, []>[] = [
  [
    'max_age',
    (config) => config.max_age > 0,
    'records that wait for longer are gone, and nobody counts them',
  ],
  [
    'retention: limits',
    ({ retention }) => retention === 'limits',
    'what workers have stored stays there until it is full',
  ],
  ['storage: memory', ({ storage }) => storage === 'memory', 'records are gone when its servers end'],
  [
    'persist_mode: async',
    (config) => config.persist_mode === 'async',
    'it acknowledges records before they are written',
  ],
];

const CONSUMER_FLAWS: readonly Flaw<ConsumerConfig>[] = [
  ['deliver_subject', (config) => config.deliver_subject !== undefined, 'workers cannot pull from it'],
  [
    'an ack_policy other than explicit',
    (config) => config.ack_policy !== 'explicit',
    'it takes for stored what is not',
  ],
  [
    'a deliver_policy other than all',
    (config) => config.deliver_policy !== 'all',
    'it leaves out records that waited before',
  ],
  [
    'another filter_subject',
    ({ filter_subject: one, filter_subjects: several = [one] }, subject) =>
      several.length !== 1 || several[0] !== subject,
    'it leaves out records, or delivers what is none',
  ],
  [
    'max_deliver',
    ({ max_deliver: most = -1 }) => most > 0,
    'it leaves out records that the database did not take so often',
  ],
  ['headers_only', (config) => config.headers_only === true, 'it delivers no records'],
  [
    `max_ack_pending below ${LEAST_UNACKNOWLEDGED}`,
    ({ max_ack_pending: most = -1 }) => most > 0 && most < LEAST_UNACKNOWLEDGED,
    'a few records that the database refuses keep all others waiting',
  ],
  ['max_batch', ({ max_batch: most = 0 }) => most > 0, 'it refuses workers that ask for more messages'],
  [
    `max_expires below ${PULL_MS / 1000} s`,
    ({ max_expires: nanos = 0 }) => nanos > 0 && nanos < PULL_MS * 1e6,
    'it refuses workers, which ask for longer',
  ],
];

/**
 * Checks that a stream takes records, and loses none.
 *
 * @param subjects - those that are published to, records first
 * @throws {TrackUsageError} `STORAGE_SETUP`, with what to do
 */
export function checkStream(config: StreamConfig, subjects: readonly [string, ...string[]]): void {
  const { name } = config;
  const flaw = STREAM_FLAWS.find(([, isMade]) => isMade(config, subjects[0]));
  if (flaw !== undefined)
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The stream '${name}' has ${flaw[0]}: ${flaw[2]}. Change it with nats stream edit ${name}; what NATS does not let you change ` +
        `takes another 'stream' of ${CONNECT}, which makes it as it has to be. Nobody reads then the records that wait in the old one.`,
    );
  const missing = subjects.find((subject) => !config.subjects.some((pattern) => covers(pattern, subject)));
  if (missing === undefined) return;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The stream '${name}' does not take the subject '${missing}', but ${config.subjects.join(', ')}. Add the subject to the stream, or ` +
      `give ${CONNECT} a 'subject' that it takes.`,
  );
}

/** Warns, a line each, of settings of a stream with which records may be lost. */
export function warnOfStream(config: StreamConfig): void {
  for (const [setting, isMade, consequence] of STREAM_RISKS)
    if (isMade(config))
      process.emitWarning(
        `koa-track-usage: ${CONNECT}: the stream '${config.name}' has ${setting}: ${consequence}. A stream that it makes has not.`,
        { code: 'KOA_TRACK_USAGE_STREAM' },
      );
}

/**
 * Checks that a consumer delivers each record until it is stored, and nothing else.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP`, with what to do
 */
export function checkConsumer(stream: string, config: ConsumerConfig, subject: string): void {
  const flaw = CONSUMER_FLAWS.find(([, isMade]) => isMade(config, subject));
  if (flaw === undefined) return;
  const name = config.durable_name ?? config.name;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The consumer '${name}' of the stream '${stream}' has ${flaw[0]}: ${flaw[2]}. Remove it with nats consumer rm ${stream} ${name}, so that ` +
      'a worker makes it as it has to be; records wait until then.',
  );
}

/** Whether a subject of a stream covers one that is published to: `*` stands for one part, `>` for all that follow. */
function covers(pattern: string, subject: string): boolean {
  const parts = subject.split('.');
  const wanted = pattern.split('.');
  const open = wanted.at(-1) === '>' ? wanted.length - 1 : null;
  if (open === null ? parts.length !== wanted.length : parts.length <= open) return false;
  return wanted.slice(0, open ?? undefined).every((part, index) => part === '*' || part === parts[index]);
}
