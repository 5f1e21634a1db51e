import type { JsonObject, JsonValue } from '../../record/usage-record.js';

/** Text that has broken a database, a driver or a terminal before, by what it is. */
export const HOSTILE_TEXTS: readonly (readonly [title: string, text: string])[] = [
  ['emoji', '👩‍👩‍👧‍👦 🏳️‍🌈 é'],
  ['quotes', `'"\`“”‘’''""`],
  ['an SQL injection', `'); drop table koa_usage; --`],
  ['wildcards of LIKE', '100%_\\%'],
  ['backslashes', String.raw`C:\temp\new\x41\u0041 \\`],
  ['control characters', '\u0001\u0007\b\t\n\u000b\f\r\u001b[2J\u007f\u0085\u009b31m'],
  ['NUL', 'a\0b\0'],
  ['lone surrogates', 'a\ud83db\ude00c'],
  ['the replacement character', 'a\ufffdb'],
  ['marks of direction', '\u202egnp.exe\u202c \u200f\u2066x\u2069'],
  ['characters without width', '\ufeffa\u200bb\u2060\u200d'],
  ['line separators', 'a\u2028b\u2029c'],
  ['what looks like a parameter', '? ?? $1 :name @name ??:escape'],
  ['what looks like another type', 'null'],
  ['what looks like a number', '007'],
  ['what looks like JSON', '{"$ne":null}'],
  ['spaces around it', '  a  '],
];

/** Objects whose names or depth have broken a serialiser before, by what they have. */
export const HOSTILE_JSON: readonly (readonly [title: string, json: JsonObject])[] = [
  ['the name __proto__', JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":1}}') as JsonObject],
  ['lists of objects under names of methods', { valueOf: [{ a: 1 }, [2]], toString: [{ b: [{}] }] }],
  ['names of methods', { constructor: 1, toString: 'x', toJSON: 'y', hasOwnProperty: null }],
  ['names that are operators elsewhere', { $inc: { a: 1 }, $ne: null, $set: 'x', 'a.b': 1, 'a.$[].b': 2 }],
  ['an empty name', { '': { '': '' } }],
  ['names that are numbers', { 1: 'a', 0: 'b', '-1': 'c', '01': 'd' }],
  ['five levels', { a: { b: { c: { d: { e: 'leaf' } } } } }],
  ['lists in lists', { a: [[[['x']], []], null, true, 0] }],
  ['64 names', jsonOf(64, (index) => index)],
  ['nearly 8 KiB', jsonOf(7, () => 'x'.repeat(1024))],
  ['nearly 8 KiB of four-byte characters', { a: '😀'.repeat(500), b: '😀'.repeat(500), c: '😀'.repeat(500) }],
  ['text that is a date, a number or null', { a: '2026-01-01T00:00:00.000Z', b: '1', c: 'null', d: 'true' }],
];

/** Texts that differ, and that some collation holds equal. */
export const LOOKALIKES: readonly string[] = [
  '| |a|A|a | a|a\t|a\u200b|a\u00ad|a\u0301|\u00e1|\u00e0|\u00aa|\u0430|\uff41|ss|SS|\u00df|\u1e9e|i|I|\u0131|\u0130',
  'fi|\ufb01|o|\u00f6|oe|\u0153|1|01|1.0|\uff11|\u2460|\u00c5|\u212b|A\u030a|\ud55c|\u1112\u1161\u11ab|\u304b|\u30ab',
  '\u304c|\u304b\u3099|😀|😁|🇨🇭|🇭🇨|\u0001|\u0002|\ufffd',
].flatMap((texts) => texts.split('|'));

/** An object of so many names, each with its value. */
export function jsonOf(names: number, valueOf: (index: number) => JsonValue): JsonObject {
  return Object.fromEntries(Array.from({ length: names }, (_, index) => [`n${index}`, valueOf(index)]));
}
