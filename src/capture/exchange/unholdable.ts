import { jsonFormOf } from '../../record/json.js';
import { JSON_LIMITS } from '../../record/limits.js';

/** A value in the application's own data that JSON cannot hold. */
export interface Unholdable {
  /** The top-level name that the value is under: names further down may be data, which no log may hold. */
  readonly name: string;
  /** The kind of the value, such as `a function`. */
  readonly kind: string;
}

/** A value takes two bytes at least: the values behind so many are cut from a record anyway. */
const MAX_VALUES = JSON_LIMITS.bytes / 2;

/** The values that may still be looked at. */
interface Budget {
  values: number;
}

/** Finds the first value that JSON cannot hold, within the limits of a record; null if there is none. */
export function findUnholdable(data: object): Unholdable | null {
  const budget = { values: MAX_VALUES };
  for (const name of Object.keys(data).slice(0, JSON_LIMITS.keys)) {
    const kind = unholdableKind(data, name, 1, budget);
    if (kind !== null) return { name, kind };
  }
  return null;
}

/** The kind of an unholdable value, else null. `undefined` is holdable: leaving it out loses nothing. */
function unholdableKind(holder: object, name: string, depth: number, budget: Budget): string | null {
  budget.values -= 1;
  const given = (holder as Record<string, unknown>)[name];
  if (ArrayBuffer.isView(given)) return 'binary data';
  const value = jsonFormOf(given, name);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return null;
  const names = namesOf(value);
  // A Map, a Set or an error holds its content in none of its properties.
  if (names.length === 0 && !isPlain(value)) return 'an object without properties of its own';
  if (depth === JSON_LIMITS.depth) return null;
  for (const inner of names.slice(0, JSON_LIMITS.keys)) {
    if (budget.values <= 0) return null;
    const kind = unholdableKind(value, inner, depth + 1, budget);
    if (kind !== null) return kind;
  }
  return null;
}

/** The names of an object's values. A list may have millions of items, each of which has a name. */
function namesOf(value: object): readonly string[] {
  return Object.keys(Array.isArray(value) ? value.slice(0, JSON_LIMITS.keys) : value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}
