import { JSON_LIMITS } from '../record/limits.js';

/** Something of an application's data that JSON cannot hold. */
export interface Unholdable {
  /** The name, at the top level, of what it is or is in: names further down may be data, which no log may hold. */
  readonly name: string;
  /** What it is, such as `a function`. */
  readonly kind: string;
}

/** Each value takes two bytes at least, so that what is behind so many is cut from a record anyway. */
const MAX_VALUES = JSON_LIMITS.bytes / 2;

/** The values that may still be looked at. */
interface Budget {
  values: number;
}

/** The first thing that JSON cannot hold, as far as records go; null if there is none. */
export function findUnholdable(data: object): Unholdable | null {
  const budget = { values: MAX_VALUES };
  for (const name of Object.keys(data).slice(0, JSON_LIMITS.keys)) {
    const kind = unholdableKind((data as Record<string, unknown>)[name], 1, budget);
    if (kind !== null) return { name, kind };
  }
  return null;
}

/** `undefined` says that there is nothing, and nothing is lost by leaving it out. */
function unholdableKind(value: unknown, depth: number, budget: Budget): string | null {
  budget.values -= 1;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null || value instanceof Date) return null;
  const names = Object.keys(value);
  // What a Map, a Set or an error holds is in none of its properties.
  if (names.length === 0 && !isPlain(value)) return 'an object without properties of its own';
  if (depth === JSON_LIMITS.depth) return null;
  for (const name of names.slice(0, JSON_LIMITS.keys)) {
    if (budget.values <= 0) return null;
    const kind = unholdableKind((value as Record<string, unknown>)[name], depth + 1, budget);
    if (kind !== null) return kind;
  }
  return null;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}
