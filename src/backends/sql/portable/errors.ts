import {
  ConstraintViolationException,
  DatabaseObjectNotFoundException,
  InvalidFieldNameException,
  NonUniqueFieldNameException,
  RowLevelSecurityViolationException,
  SyntaxErrorException,
} from '@mikro-orm/core';
import type { TrackUsageError } from '../../../errors.js';
import { writeError } from '../errors.js';

/** What MikroORM makes of errors that only a person can do something about. */
const SETUP = [
  DatabaseObjectNotFoundException,
  InvalidFieldNameException,
  NonUniqueFieldNameException,
  RowLevelSecurityViolationException,
  SyntaxErrorException,
];

/**
 * Codes that MikroORM has no class for, as the engines' manuals list them. SQLSTATE: a class of data that does not
 * fit, and missing rights, logins and databases. SQL Server (`number`) and Oracle (`errorNum`): the same. SQLite by
 * node:sqlite (`errcode`, of which the last byte is the primary code): what its other clients have words for.
 */
const REFUSED_CODES = {
  sqlState: /^2[123]...$/,
  number: new Set([220, 232, 241, 242, 245, 515, 547, 2601, 2627, 2628, 8114, 8115, 8152, 13609]),
  errorNum: new Set([1, 1400, 1401, 1438, 1461, 1483, 1704, 2290, 12899, 40441]),
  errcode: new Set([18, 19, 20, 25]),
};
const SETUP_CODES = {
  sqlState: /^(?:28|3D|3F|42)/,
  number: new Set([207, 208, 229, 230, 262, 297, 300, 4060, 18452, 18456]),
  errorNum: new Set([904, 942, 1005, 1017, 1031, 1045, 1950, 28000, 28001]),
  errcode: new Set([1, 3, 8, 11, 17, 23, 26]),
};

interface Codes {
  readonly code?: unknown;
  /** Where MySQL's client has it. */
  readonly sqlState?: unknown;
  readonly number?: unknown;
  readonly errorNum?: unknown;
  readonly errcode?: unknown;
}

/** Whether an error says that the table does not take what it is given. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof RowLevelSecurityViolationException) return false;
  return error instanceof ConstraintViolationException || hasCode(error, REFUSED_CODES);
}

/** What an error means to the tracker, as for the other dialects. */
export function storageError(error: unknown, tableName: string): TrackUsageError {
  return writeError(error, tableName, {
    isRefusal: isRefusal(error),
    advice: adviceFor(error),
  });
}

/** What a person has to do about an error; null if waiting may help. */
export function adviceFor(error: unknown): string | null {
  return isSetup(error)
    ? 'If the table or a column is missing, run the migrations of the MikroORM that has the entity Usage; if a right ' +
        'is, grant select and insert on the table.'
    : null;
}

/** Whether an error asks for a person. */
export function isSetup(error: unknown): boolean {
  return SETUP.some((kind) => error instanceof kind) || hasCode(error, SETUP_CODES);
}

function hasCode(error: unknown, { sqlState, number, errorNum, errcode }: typeof REFUSED_CODES): boolean {
  if (!(error instanceof Error)) return false;
  const codes = error as Codes;
  return (
    [codes.code, codes.sqlState].some(
      (code) => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && sqlState.test(code),
    ) ||
    (typeof codes.number === 'number' && number.has(codes.number)) ||
    (typeof codes.errorNum === 'number' && errorNum.has(codes.errorNum)) ||
    (typeof codes.errcode === 'number' && errcode.has(codes.errcode & 0xff))
  );
}
