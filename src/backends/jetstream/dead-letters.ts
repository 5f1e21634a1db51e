import type { JetStreamManager, JsMsg } from '@nats-io/jetstream';
import type { PackedRecords } from './messages.js';

/** Why a dead letter is one, as a header. */
export const REASON = 'Koa-Track-Usage-Reason';
/** The error behind it, as a header. */
export const ERROR = 'Koa-Track-Usage-Error';
/** How many bytes there were, where not all of them fit, as a header. */
export const WHOLE_BYTES = 'Koa-Track-Usage-Whole-Bytes';

/** The consumer by which dead letters are put back. */
const CONSUMER = 'koa-track-usage-refused';

/** Dead letters that are asked for at once, at most. */
const MOST = 100;

/** How long each of these is waited for, in milliseconds. */
const PULL_MS = 5000;

/**
 * Puts dead letters that are whole records back among the records. Each is removed once it is there: what is cut off in between is there
 * twice, and leaves one row.
 *
 * @param subject - of the dead letters
 * @param publish - publishes a record
 * @returns how many
 */
export async function requeue(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  publish: (message: PackedRecords) => Promise<void>,
): Promise<number> {
  const { num_pending: waiting } = await manager.consumers.add(stream, {
    durable_name: CONSUMER,
    ack_policy: 'explicit',
    filter_subject: subject,
  });
  const consumer = await manager.jetstream().consumers.get(stream, CONSUMER);
  let count = 0;
  // Those that have come since are letters of records that were refused again.
  for (let seen = 0; seen < waiting;) {
    const before = seen;
    const most = Math.min(MOST, waiting - seen);
    for await (const message of await consumer.fetch({ max_messages: most, expires: PULL_MS })) {
      seen += 1;
      if (!isWhole(message)) continue;
      await publish({ id: `again ${message.seq}`, data: message.data });
      await message.ackAck();
      count += 1;
    }
    if (seen === before) break;
  }
  // What is left is free for the next call.
  await manager.consumers.delete(stream, CONSUMER);
  return count;
}

function isWhole({ headers }: JsMsg): boolean {
  return headers?.get(REASON) === 'refused' && !headers.has(WHOLE_BYTES);
}
