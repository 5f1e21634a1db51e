import { METHODS } from 'node:http';
import type { RecordingSettings } from '../../options/recording-options.js';
import {
  BLANK,
  FIELDS,
  FIELD_ENTRIES,
  type Field,
  type FieldKind,
  USER_AGENT_PARTS,
} from '../../record/fields.js';
import { limitJsonObject } from '../../record/json.js';
import { sealRecord, sealRequest, sealUserAgent } from '../../record/seal.js';
import type { UsageRecord, UsageRecordDraft, UserAgent } from '../../record/usage-record.js';
import { checkResult } from './callback.js';
import type { RecordSink } from '../record-sink.js';
import { REDACTED } from '../request/redaction.js';

const NO_RESULT = 'a function that changes what it is given, and returns nothing';

/** Makes records of drafts: applies the application's own redaction, and the limits. */
export class RecordSealer {
  readonly #redact: RecordingSettings['redact'];
  readonly #sink: RecordSink;

  /** @param sink - is told when the option's callback throws, or leaves a value that no record can hold */
  constructor({ redact }: Pick<RecordingSettings, 'redact'>, sink: RecordSink) {
    this.#redact = redact;
    this.#sink = sink;
  }

  /** Makes the record: of the draft itself, or of a copy that the option `redact` changes. */
  readonly seal = (draft: UsageRecordDraft): UsageRecord => {
    if (this.#redact === null) return sealRequest(draft);
    try {
      const redacted = changeable(draft);
      checkResult(this.#redact(redacted), isUndefined, NO_RESULT);
      return sealRecord(asDraft(redacted, draft));
    } catch (error) {
      this.#sink.fault("the option 'redact'", error);
      return sealRecord(withoutContent(draft));
    }
  };
}

/** A deep copy: records share a location, and parameters may hold objects of the application. */
function changeable(draft: UsageRecordDraft): UsageRecordDraft {
  return {
    ...draft,
    params: draft.params === null ? null : limitJsonObject(draft.params),
    userAgent: { ...draft.userAgent },
    ipInfo: draft.ipInfo === null ? null : structuredClone(draft.ipInfo),
  };
}

function isUndefined(value: unknown): value is undefined {
  return value === undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values that `redact` may leave in a field, by its kind. Fields of other kinds stay as they are. */
const CHECKS: ReadonlyMap<FieldKind, readonly [expected: string, holds: (value: unknown) => boolean]> =
  new Map([
    ['text', ['text', (value: unknown) => typeof value === 'string']],
    ['number', ['a number', Number.isFinite]],
    ['integer', ['an integer', Number.isSafeInteger]],
    ['count', ['an integer', Number.isSafeInteger]],
    ['json', ['an object', isObject]],
    ['userAgent', ['an object', isObject]],
  ]);

/**
 * Reads the draft that `redact` left: the fields that a record has, and nothing else.
 *
 * @throws {TypeError} if a field has a value of the wrong type; the message does not show the value
 */
function asDraft(redacted: UsageRecordDraft, draft: UsageRecordDraft): UsageRecordDraft {
  const fields = checked(redacted, FIELDS, '') as Partial<UsageRecordDraft>;
  const userAgent = checked(redacted.userAgent, USER_AGENT_PARTS, 'userAgent.') as UserAgent;
  return { ...draft, ...fields, userAgent: sealUserAgent(userAgent) };
}

function checked(left: object, table: Readonly<Record<string, Field>>, prefix: string): object {
  const fields = Object.entries(table).flatMap(([name, { kind, blank }]) => {
    const [expected, holds] = CHECKS.get(kind) ?? [];
    if (holds === undefined) return [];
    const value: unknown = left[name as keyof typeof left] ?? null;
    if (value === null ? blank === null : holds(value)) return [[name, value]];
    const orNull = blank === null ? ' or null' : '';
    throw new TypeError(
      `it left '${prefix}${name}' as a value of type ${typeof value}; expected ${expected}${orNull}`,
    );
  });
  return Object.fromEntries(fields) as object;
}

/** Kinds of fields that hold no text. */
const WORDLESS: ReadonlySet<FieldKind> = new Set(['id', 'date', 'number', 'integer', 'count', 'boolean']);

/** Text fields that only the application and its server write, and no client. */
const OWN_TEXTS: ReadonlySet<string> = new Set(['serverName', 'route', 'controller', 'action', 'errorType']);

/** A draft whose redaction failed, with only the fields that neither a client nor `track` has written. */
function withoutContent(draft: UsageRecordDraft): UsageRecordDraft {
  const own = FIELD_ENTRIES.filter(([name, { kind }]) => WORDLESS.has(kind) || OWN_TEXTS.has(name));
  const kept = Object.fromEntries(own.map(([name]) => [name, draft[name]])) as Partial<UsageRecordDraft>;
  const path = draft.route ?? REDACTED;
  // HTTP/2 lets a client send any text as the method.
  const method = METHODS.includes(draft.method) ? draft.method : REDACTED;
  return { ...BLANK, ...kept, method, url: path, path };
}
