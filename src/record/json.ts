import { JSON_LIMITS } from './limits.js';
import { CUT_MARK, cleanText } from './text.js';
import type { JsonObject, JsonValue } from './usage-record.js';

/** The bytes of JSON that are left to spend. */
interface Budget {
  bytes: number;
}

/** Stands for a value that the budget cannot pay for. */
const OVER = Symbol('over the budget');

type Limited = JsonValue | typeof OVER | undefined;

/** Braces, a comma, and the mark that the object or list may need: `{"…":1234567},`. */
const CONTAINER_BYTES = 16;

/** The largest number in a mark: more digits would have to be paid for. */
const MAX_MISSING = 9_999_999;

/**
 * Makes a JSON object within {@link JSON_LIMITS} from any object. Text is cleaned like every other text of a record,
 * numbers that are not finite become null, and dates become ISO 8601 text. Values that JSON cannot hold (functions, symbols,
 * undefined, binary data) are left out. Values over a limit are left out too: an object then has one more name `…` with the
 * number of names that are missing, a list one more item `…`. An object within the limits, its marks included, comes out as
 * it is.
 *
 * @throws {TypeError} if the object's own `toJSON` returns no object; errors of `toJSON` and of getters pass through
 */
export function limitJsonObject(value: object): JsonObject {
  return limitObject(jsonObjectOf(value), 1, { bytes: JSON_LIMITS.bytes - CONTAINER_BYTES });
}

/**
 * The form that JSON gives a value, one level deep. An object with a `toJSON` chooses its form, and may leave out secrets,
 * as entities of MikroORM leave out `hidden` properties.
 *
 * @param name - the name under which the value stands
 */
export function jsonFormOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // JSON makes text of each byte, of which there may be millions.
  if (ArrayBuffer.isView(value)) return undefined;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value, name) as unknown) : value;
}

/**
 * The form that JSON gives a value, which has to be an object.
 *
 * @throws {TypeError} if the form is anything else; the message tells its type, not its value
 */
export function jsonObjectOf(value: unknown): object {
  const form = jsonFormOf(value, '');
  if (typeof form === 'object' && form !== null && !Array.isArray(form)) return form;
  const kind = Array.isArray(form) ? 'a list' : form === null ? 'null' : `a value of type ${typeof form}`;
  throw new TypeError(`it was given ${kind}; expected an object`);
}

function limitValue(value: unknown, depth: number, budget: Budget): Limited {
  switch (typeof value) {
    case 'string':
      return spend(cleanText(value, JSON_LIMITS.text), budget);
    case 'number':
      // Adding zero makes negative zero, which JSON cannot hold, zero.
      return spend(Number.isFinite(value) ? value + 0 : null, budget);
    case 'boolean':
      return spend(value, budget);
    case 'bigint':
      return spend(cleanText(value.toString(), JSON_LIMITS.text), budget);
    case 'object':
      return limitObjectLike(value, depth, budget);
    default:
      return undefined;
  }
}

function limitObjectLike(value: object | null, depth: number, budget: Budget): Limited {
  if (value === null) return spend(null, budget);
  if (depth > JSON_LIMITS.depth) return spend(CUT_MARK, budget);
  if (budget.bytes < CONTAINER_BYTES) return OVER;
  budget.bytes -= CONTAINER_BYTES;
  return Array.isArray(value) ? limitList(value, depth, budget) : limitObject(value, depth, budget);
}

function limitList(list: readonly unknown[], depth: number, budget: Budget): JsonValue[] {
  const kept: JsonValue[] = [];
  for (const item of list) {
    const isMark = item === CUT_MARK && kept.length === list.length - 1;
    if (isMark || kept.length === JSON_LIMITS.keys) return [...kept, CUT_MARK];
    let limited = limitValue(jsonFormOf(item, String(kept.length)), depth + 1, budget);
    // A hole would move the items behind it, so a value that JSON cannot hold is null in a list.
    if (limited === undefined) limited = spend(null, budget);
    if (limited === OVER) return [...kept, CUT_MARK];
    kept.push(limited);
  }
  return kept;
}

function limitObject(value: object, depth: number, budget: Budget): JsonObject {
  const kept: Record<string, JsonValue> = {};
  let looked = 0;
  let missing = 0;
  for (const name of Object.keys(value)) {
    const marked = name === CUT_MARK ? countOf((value as JsonObject)[name]) : 0;
    if (marked > 0) {
      missing += marked;
      continue;
    }
    looked += 1;
    const before = budget.bytes;
    const cleanName = looked > JSON_LIMITS.keys ? OVER : spend(cleanText(name, JSON_LIMITS.text), budget);
    const limited =
      cleanName === OVER
        ? OVER
        : limitValue(jsonFormOf((value as JsonObject)[name], name), depth + 1, budget);
    if (cleanName !== OVER && limited !== OVER && limited !== undefined) {
      put(kept, cleanName, limited);
      continue;
    }
    budget.bytes = before;
    if (limited === OVER) missing += 1;
  }
  if (missing > 0) kept[CUT_MARK] = Math.min(missing, MAX_MISSING);
  return kept;
}

/** The number in the mark of an object that was cut before; 0 for any other value. */
function countOf(mark: unknown): number {
  return Number.isInteger(mark) && (mark as number) <= MAX_MISSING ? (mark as number) : 0;
}

/** Sets a property as data under any name: assigning to `__proto__` would change the object's kind. */
function put(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Text that JSON puts between quotes as it is, a byte a character. */
const PLAIN = /^[ !#-[\]-~]*$/;

function jsonBytes(leaf: string | number | boolean | null): number {
  if (typeof leaf === 'string' && PLAIN.test(leaf)) return leaf.length + 2;
  return Buffer.byteLength(JSON.stringify(leaf));
}

/** Takes a leaf's bytes, with its comma or colon, from the budget. */
function spend<Leaf extends string | number | boolean | null>(
  leaf: Leaf,
  budget: Budget,
): Leaf | typeof OVER {
  const bytes = jsonBytes(leaf) + 1;
  if (bytes > budget.bytes) return OVER;
  budget.bytes -= bytes;
  return leaf;
}
