import { quoted } from './literals.js';

/** Settings of a statement, by their names. */
export type StatementSettings = Readonly<Record<string, string | number>>;

/**
 * Settings of every statement that reads. A user's profile may cut an answer that takes too much, and give the rest as if it were the
 * whole, answer from a cache, or show deleted rows. Values that the user has anyway may be sent by a user whose settings are fixed
 * (`readonly = 1`); where one is another, the server refuses the statement, as its answer could be wrong.
 */
const READING: StatementSettings = {
  read_overflow_mode: 'throw',
  read_overflow_mode_leaf: 'throw',
  result_overflow_mode: 'throw',
  timeout_overflow_mode: 'throw',
  timeout_overflow_mode_leaf: 'throw',
  group_by_overflow_mode: 'throw',
  sort_overflow_mode: 'throw',
  set_overflow_mode: 'throw',
  distinct_overflow_mode: 'throw',
  transfer_overflow_mode: 'throw',
  limit: 0,
  offset: 0,
  use_query_cache: 0,
  apply_deleted_mask: 1,
};

/** On a cluster, a copy answers that has all that was written, and none is left out. */
const READING_CLUSTER: StatementSettings = {
  select_sequential_consistency: 1,
  skip_unavailable_shards: 0,
  fallback_to_stale_replicas_for_distributed_queries: 0,
};

/** Settings of every insert: the answer comes when all rows are there, and an equal batch is no replay that is left out. */
const INSERTING: StatementSettings = {
  async_insert: 0,
  insert_deduplicate: 0,
  input_format_allow_errors_num: 0,
  input_format_allow_errors_ratio: 0,
  date_time_input_format: 'best_effort',
  max_partitions_per_insert_block: 0,
};

/** On a cluster, most copies have what was written before the answer comes. */
const INSERTING_CLUSTER: StatementSettings = {
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  distributed_foreground_insert: 1,
};

/** Settings of statements that change a table: the answer comes when all copies are changed, or says that they are not. */
const CHANGING: StatementSettings = { lightweight_deletes_sync: 2, optimize_throw_if_noop: 1 };

const CHANGING_CLUSTER: StatementSettings = { distributed_ddl_output_mode: 'throw' };

/** What is sent with the statements of a kind, on one server and beside that on a cluster. */
const SETTINGS = {
  read: [READING, READING_CLUSTER],
  insert: [INSERTING, INSERTING_CLUSTER],
  insertSelected: [
    { ...READING, ...INSERTING },
    { ...READING_CLUSTER, ...INSERTING_CLUSTER },
  ],
  change: [CHANGING, CHANGING_CLUSTER],
} as const;

/** A kind of statement, as far as its settings are concerned. */
export type StatementKind = keyof typeof SETTINGS;

/**
 * The settings of a statement, as it has them behind it: within the statement, as a client may be shared.
 *
 * @param more - settings of this statement alone
 */
export function settingsClause(
  kind: StatementKind,
  isOnCluster: boolean,
  more: StatementSettings = {},
): string {
  const [always, onCluster] = SETTINGS[kind];
  const all = { ...always, ...(isOnCluster && onCluster), ...more };
  const texts = Object.entries(all).map(
    ([name, value]) => `${name} = ${typeof value === 'string' ? quoted(value) : value}`,
  );
  return ` settings ${texts.join(', ')}`;
}
