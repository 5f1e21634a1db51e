import type { JetStreamManager, MsgRequest, StoredMsg } from '@nats-io/jetstream';
import { TrackUsageError } from '../../errors.js';
import type { PackedRecords } from './messages.js';

/** Why a dead letter is one, as a header. */
export const REASON = 'Koa-Track-Usage-Reason';
/** The error behind it, as a header. */
export const ERROR = 'Koa-Track-Usage-Error';
/** How many bytes there were, where not all of them fit, as a header. */
export const WHOLE_BYTES = 'Koa-Track-Usage-Whole-Bytes';

/**
 * Puts dead letters that are whole records back among the records. Each is removed once it is there: what is cut off in between is there
 * twice, and leaves one row.
 *
 * @param subject - of the dead letters
 * @param publish - publishes a record
 * @returns how many
 */
export async function requeue(
  { streams }: JetStreamManager,
  stream: string,
  subject: string,
  publish: (message: PackedRecords) => Promise<void>,
): Promise<number> {
  const { config, state } = await streams.info(stream);
  if (config.deny_delete)
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The stream '${stream}' has deny_delete: its dead letters cannot be put back, as they would stay and be put back again.`,
    );
  // A consumer would leave letters out that another one holds. Those that have come since are of records that were refused again.
  const last = state.last_seq;
  let count = 0;
  for (let from = 1; from <= last;) {
    // The client's type lacks a field that servers have.
    const next = { seq: from, next_by_subj: subject } as MsgRequest;
    const letter = await streams.getMessage(stream, next);
    if (letter === null || letter.seq > last) break;
    from = letter.seq + 1;
    if (!isWhole(letter)) continue;
    await publish({ id: `again ${letter.seq}`, data: letter.data });
    if (await remove(streams, stream, letter.seq)) count += 1;
  }
  return count;
}

/** @returns whether the letter was there: somebody else may put letters back as well */
async function remove(streams: JetStreamManager['streams'], stream: string, seq: number): Promise<boolean> {
  try {
    return await streams.deleteMessage(stream, seq, false);
  } catch (error) {
    if ((await streams.getMessage(stream, { seq })) !== null) throw error;
    return false;
  }
}

function isWhole({ header }: StoredMsg): boolean {
  return header.get(REASON) === 'refused' && !header.has(WHOLE_BYTES);
}
