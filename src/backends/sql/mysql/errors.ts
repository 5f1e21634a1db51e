import type { TrackUsageError } from '../../../errors.js';
import { messageOf } from '../../mikro-orm/message-of.js';
import { writeError } from '../errors.js';

/**
 * Numbers (dev.mysql.com/doc/mysql-errors, mariadb.com/kb/en/mariadb-error-codes) of errors after which the same
 * record fails again: a value that its column does not take, a constraint, a packet that is too large.
 */
const REFUSED: ReadonlySet<number> = new Set([
  1048, 1062, 1153, 1216, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1452, 1526, 1644, 1690, 3140, 3819, 3988,
  4025,
]);

/** What only a person can do something about, and what to do. */
const SETUP: ReadonlyMap<number, string> = new Map([
  ...same([1045, 1698, 3118, 4151], 'Check the user and the password, and whether the account is locked'),
  ...same(
    [1820, 1862],
    "The user's password has expired: set another with ALTER USER, and give it to this connection",
  ),
  ...same([1044], 'Grant the user the database: GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX ON it'),
  ...same([1049], 'Make the database first, or check dbName'),
  ...same(
    [1142, 1143, 1227],
    'Grant the user what is missing: GRANT SELECT, INSERT, UPDATE ON the table, as ON DUPLICATE KEY UPDATE needs ' +
      'all three',
  ),
  ...same(
    [1146, 1054, 1136, 1051],
    'If the table or a column is missing, run the migrations of the MikroORM that has the entity Usage',
  ),
  ...same([1288, 1347, 1471], 'It is not a table that can be written'),
  ...same([1130, 1129], 'Let this host connect to the server'),
  ...same([1231, 1193], 'The server is older than MySQL 8.0 or MariaDB 10.5'),
]);

function same(numbers: readonly number[], advice: string): [number, string][] {
  return numbers.map((number) => [number, advice]);
}

/** The number of MySQL's error; 0 if it is another's, such as a socket's. */
function errorNumber(error: unknown): number {
  // Sockets have negative numbers, those of the operating system.
  const number: unknown = error instanceof Error ? (error as { errno?: unknown }).errno : undefined;
  return typeof number === 'number' && number > 0 ? number : 0;
}

/** What an error tells a person to do, as a sentence; null if waiting may help. */
export function adviceFor(error: unknown): string | null {
  const advice = SETUP.get(errorNumber(error));
  return advice === undefined ? null : `${advice}.`;
}

/**
 * What an error of MySQL means to the tracker: that the batch is refused (`BATCH_REFUSED`), that a person has to act
 * (`STORAGE_SETUP`), or that the batch may be stored later (`STORAGE_UNAVAILABLE`).
 */
export function storageError(error: unknown, tableName: string): TrackUsageError {
  const message = messageOf(error);
  const isOtherKey = errorNumber(error) === 1048 && /Column 'id'/.test(message);
  return writeError(error, tableName, {
    message: isOtherKey ? 'another unique key than id already has a value of it' : message,
    isRefusal: REFUSED.has(errorNumber(error)),
    advice: adviceFor(error),
  });
}

/** Why a database could not be opened, and what to do. */
export function explainConnect(target: string, error: unknown): string {
  const advice = adviceFor(error) ?? 'Check that the server runs and can be reached from here.';
  return `the database ${target} cannot be opened: ${messageOf(error)}. ${advice}`;
}
