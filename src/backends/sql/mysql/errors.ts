import { type Condition, messageOf } from '../../base/database-error.js';
import { ADVICE, type Conditions, judge } from '../errors.js';

/** A statement that writes makes the id null where another key than the id has a value of the record already. */
const OTHER_KEY = '1048 id';

/**
 * Numbers (dev.mysql.com/doc/mysql-errors, mariadb.com/kb/en/mariadb-error-codes). A refusal is a value that its column does
 * not take, a constraint, a packet that is too large, or an error that a trigger raises.
 */
const CONDITIONS: Conditions = [
  [/^1048 id$/, 'refused'],
  [/^(?:1048|1364)$/, ADVICE.demand],
  [/^(?:1526|1591|1748)$/, ADVICE.partition],
  [/^(?:1062|1153|1216|126[45]|1292|136[67]|1406|1452|1644|1690|3140|3819|3988|4025)$/, 'refused'],
  [/^(?:1159|1161|1317|1969|3024)$/, 'too-slow'],
  [/^(?:1045|1524|1698|3118|3159|4151)$/, ADVICE.login],
  [
    /^(?:1820|1862)$/,
    {
      advice: "The user's password has expired: set another with ALTER USER, and give it to this connection.",
    },
  ],
  [
    /^1044$/,
    { advice: 'Grant the user the database: GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX ON it.' },
  ],
  [/^1049$/, ADVICE.database],
  [
    /^(?:1142|1143|1227)$/,
    {
      advice:
        'Grant the user the missing right: GRANT SELECT, INSERT, UPDATE ON the table, as ON DUPLICATE KEY UPDATE needs all ' +
        'three.',
    },
  ],
  [/^(?:1146|1054|1136|1051)$/, ADVICE.table],
  [/^(?:1288|1347|1471)$/, { advice: 'It is not a table that can be written.' }],
  [/^(?:1130|1129)$/, { advice: 'Let this host connect to the server.' }],
  [/^(?:1064|1231|1193)$/, { advice: 'The server is older than MySQL 8.0.19 or MariaDB 10.5.' }],
];

/** The meaning of an error of MySQL, mysql2 or the network. */
export function conditionOf(error: unknown): Condition {
  return judge(codeOf(error), CONDITIONS);
}

/** The message for an error that another key caused, as MySQL complains of the id; undefined for every other error. */
export function explain(error: unknown): string | undefined {
  return codeOf(error) === OTHER_KEY ? 'another unique key than id already has a value of it' : undefined;
}

/** The number of MySQL's error; empty if it is another's, such as a socket's, which has a negative one. */
function codeOf(error: unknown): string {
  const number: unknown = error instanceof Error ? (error as { errno?: unknown }).errno : undefined;
  if (typeof number !== 'number' || number <= 0) return '';
  return number === 1048 && /'id'/.test(messageOf(error)) ? OTHER_KEY : String(number);
}
