import { type Condition } from '../../base/database-error.js';
import { ADVICE, type Conditions, judge } from '../errors.js';
import { conditionOf as conditionOfCoded } from '../sqlite/errors.js';

/** The advice where a server cannot be reached. */
export const SERVER_ADVICE =
  "Check the URL, that the server is running, and its token, which is given as 'password'.";

/** A server's errors have a message alone, with SQLite's own words, its code, or a status of HTTP. */
const CONDITIONS: Conditions = [
  [/\bNOT NULL constraint failed\b/i, ADVICE.demand],
  [/\bconstraint failed\b/i, 'refused'],
  [/\bno such (?:table|column)|\bhas no column named/i, ADVICE.table],
  [/status[ =:"]*40[134]\b/i, { advice: SERVER_ADVICE }],
];

const CODE = /\bSQLITE_[A-Z]+(?:_[A-Z]+)*\b/;

/** The meaning of an error of libSQL. For a file, libsql throws errors with SQLite's codes. */
export function conditionOf(error: unknown): Condition {
  if (!(error instanceof Error) || Boolean((error as { code?: unknown }).code))
    return conditionOfCoded(error);
  const said = judge(error.message, CONDITIONS);
  if (said !== 'unavailable') return said;
  return conditionOfCoded(Object.assign(new Error(), { code: CODE.exec(error.message)?.[0] }));
}
