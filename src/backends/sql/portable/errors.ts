import {
  ConstraintViolationException,
  DatabaseObjectNotFoundException,
  InvalidFieldNameException,
  NonUniqueFieldNameException,
  NotNullConstraintViolationException,
  RowLevelSecurityViolationException,
  SyntaxErrorException,
} from '@mikro-orm/core';
import { type Condition } from '../../base/database-error.js';
import { ADVICE, type Conditions, judge } from '../errors.js';

const POLICY = { advice: 'Make a policy that lets the records in.' };

/** The meanings of MikroORM's classes of errors; a class stands before its parent. */
const KINDS = [
  [NotNullConstraintViolationException, ADVICE.demand],
  [RowLevelSecurityViolationException, POLICY],
  [ConstraintViolationException, 'refused'],
  [DatabaseObjectNotFoundException, ADVICE.table],
  [InvalidFieldNameException, ADVICE.table],
  [NonUniqueFieldNameException, ADVICE.table],
  [SyntaxErrorException, ADVICE.table],
] as const;

/**
 * Codes that MikroORM has no class for, as the engines' manuals list them: SQLSTATE (`code`, or `sqlState` of MySQL's
 * client), those of SQL Server (`number`) and Oracle (`errorNum`), and of SQLite by node:sqlite (`errcode`, of which the last
 * byte is the primary code).
 */
const CONDITIONS: Conditions = [
  [/^(?:code 23502|number 515|errorNum 1400)$/, ADVICE.demand],
  [/^errorNum 14400$/, ADVICE.partition],
  [/^(?:code 2[123]...|errcode (?:18|19|20|25))$/, 'refused'],
  [/^number (?:220|232|24[125]|547|2601|262[78]|811[45]|8152|13609)$/, 'refused'],
  [/^errorNum (?:1|1401|1438|1461|1483|1704|2290|12899|40441)$/, 'refused'],
  [/^(?:code (?:57014|HYT00)|errorNum 1013)$/, 'too-slow'],
  [/^(?:code 28...|number 1845[26]|errorNum (?:1005|1017|1045|2800[01]))$/, ADVICE.login],
  [/^(?:code 3D...|number 4060)$/, ADVICE.database],
  [/^(?:code 42501|number (?:229|230|262|297|300)|errorNum (?:1031|1950))$/, ADVICE.right],
  [/^number 33504$/, POLICY],
  [/^(?:code (?:3F|42)...|number 20[78]|errorNum (?:904|942))$/, ADVICE.table],
  [/^errcode (?:1|3|8|11|17|23|26)$/, ADVICE.table],
];

/** The meaning of an error that MikroORM's driver has converted. */
export function conditionOf(error: unknown): Condition {
  const kind = KINDS.find(([type]) => error instanceof type);
  return kind === undefined ? judge(codeOf(error), CONDITIONS) : kind[1];
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code, sqlState, number, errorNum, errcode } = error as unknown as Readonly<Record<string, unknown>>;
  const state = [sqlState, code].find(
    (one): one is string => typeof one === 'string' && /^[0-9A-Z]{5}$/.test(one),
  );
  if (state !== undefined) return `code ${state}`;
  if (typeof number === 'number') return `number ${number}`;
  if (typeof errorNum === 'number') return `errorNum ${errorNum}`;
  return typeof errcode === 'number' ? `errcode ${errcode & 0xff}` : '';
}
