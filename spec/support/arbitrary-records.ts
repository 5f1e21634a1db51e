import * as fc from 'fast-check';
import { FIELDS, type FieldKind, USER_AGENT_PARTS } from '../../src/record/fields.js';
import type { UsageRecord, UsageRecordDraft } from '../../src/record/usage-record.js';
import { anyText } from './any-text.js';
import { withPlainNames } from './plain-names.js';
import { makeRecord } from './records.js';

/** What fields of each kind may hold beside null. */
export type ArbitraryValues = Readonly<Record<Exclude<FieldKind, 'userAgent'>, fc.Arbitrary<unknown>>>;

/** Drafts with such values in all fields, and null now and then where a field may hold it. */
export function draftsOf(values: ArbitraryValues): fc.Arbitrary<UsageRecordDraft> {
  const userAgent = fc.record(
    Object.fromEntries(Object.keys(USER_AGENT_PARTS).map((part) => [part, fc.option(values.text)])),
  );
  const fields = Object.entries(FIELDS).map(([name, { kind, blank }]) => {
    const value: fc.Arbitrary<unknown> = { ...values, userAgent }[kind];
    return [name, blank === null ? fc.option(value) : value] as const;
  });
  return fc.record(Object.fromEntries(fields)) as unknown as fc.Arbitrary<UsageRecordDraft>;
}

const text = anyText({ maxLength: 60 });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** What a stranger may send, and the tracker measure. */
const VALUES: ArbitraryValues = {
  id: fc.constant(null).map(() => makeRecord().id),
  // No id is older than its record's date.
  date: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date() }),
  text,
  json: fc.dictionary(text, fc.jsonValue({ maxDepth: 6 }), { maxKeys: 8 }),
  number: finite,
  integer: fc.integer({ min: 100, max: 599 }),
  count: fc.maxSafeNat(),
  boolean: fc.boolean(),
};

/**
 * Any record that the tracker could make: what a stranger sends, sealed.
 *
 * @param json - what is in its fields of JSON before that
 */
export function anyRecord(json = VALUES.json): fc.Arbitrary<UsageRecord> {
  return draftsOf({ ...VALUES, json: json.map(withPlainNames) }).map((draft) => makeRecord(draft));
}
