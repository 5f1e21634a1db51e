import { JsonType } from '@mikro-orm/core';
import type { JsonValue } from '../../record/usage-record.js';

/**
 * Query arguments, route parameters and the application's own data are kept as documents within the document, so that
 * `{ 'params.id': '7' }` finds them and `$group` groups by them; kept as text, they could be found by nothing. Strangers
 * choose some of their names, and not every name can be a field's. Servers before 5.0 refuse `$inc` and `a.b`, and every
 * server reads such names as operators and paths in queries and updates. The driver takes `_bsontype`, `$ref` and the names
 * that every object inherits (`__proto__`, `valueOf`, …) for something else than data; under `valueOf`, it hands out
 * documents of a list as bytes. So those names are percent-encoded: `%24inc`, `a%2Eb`, `%5Fbsontype`, `%76alueOf`. A
 * percent sign is encoded as well, and the empty name is a percent sign alone. So no two names become one, and each can
 * be decoded.
 */
const UNSAFE = /[%$.\0]|^$|^_bsontype$/;
const UNSAFE_CHARACTERS = /[%$.\0]/g;
const ENCODED = /%([0-9A-F]{2})/g;

/** Holds a list that lies directly in another one, which not every server that speaks MongoDB's protocol takes. */
const LIST = '%[]';

/** Makes JSON safe to be a part of a document. Safe JSON, as nearly all is, is returned as it is. */
export function encodeJson(value: JsonValue): JsonValue {
  return isSafe(value) ? value : encode(value);
}

/** Undoes {@link encodeJson}. */
export function decodeJson(value: JsonValue): JsonValue {
  return isPlain(value) ? value : decode(value);
}

/** The type of a property of JSON, for applications that read the entity through MikroORM. */
export class SafeJsonType extends JsonType {
  /** @inheritdoc */
  override convertToDatabaseValue(value: unknown): string {
    return encodeJson((value ?? null) as JsonValue) as string;
  }

  /** @inheritdoc */
  override convertToJSValue(value: unknown): unknown {
    return decodeJson((value ?? null) as JsonValue);
  }
}

function isSafe(value: JsonValue): boolean {
  if (!isContainer(value)) return true;
  if (isList(value)) return value.every((item) => !isList(item) && isSafe(item));
  return Object.keys(value).every((name) => !isUnsafe(name) && isSafe(value[name] ?? null));
}

function isPlain(value: JsonValue): boolean {
  if (!isContainer(value)) return true;
  if (isList(value)) return value.every(isPlain);
  return Object.keys(value).every((name) => !name.includes('%') && isPlain(value[name] ?? null));
}

function encode(value: JsonValue): JsonValue {
  if (!isContainer(value)) return value;
  if (isList(value)) return value.map((item) => (isList(item) ? { [LIST]: encode(item) } : encode(item)));
  return mapObject(value, encodeName, encode);
}

function decode(value: JsonValue): JsonValue {
  if (!isContainer(value)) return value;
  if (isList(value)) return value.map(decode);
  return LIST in value ? decode(value[LIST] ?? null) : mapObject(value, decodeName, decode);
}

function isUnsafe(name: string): boolean {
  return UNSAFE.test(name) || name in Object.prototype;
}

function encodeName(name: string): string {
  if (!isUnsafe(name)) return name;
  if (name === '') return '%';
  const encoded = name.replaceAll(UNSAFE_CHARACTERS, percentEncoded);
  return encoded === name ? percentEncoded(name.charAt(0)) + name.slice(1) : encoded;
}

function decodeName(name: string): string {
  if (name === '%') return '';
  return name.replaceAll(ENCODED, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function mapObject(
  object: { readonly [name: string]: JsonValue },
  mapName: (name: string) => string,
  mapValue: (value: JsonValue) => JsonValue,
): JsonValue {
  // `Object.fromEntries` makes a property of its own of every name, `__proto__` included.
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [mapName(name), mapValue(value)]));
}

function isContainer(value: JsonValue): value is Exclude<JsonValue, string | number | boolean | null> {
  return typeof value === 'object' && value !== null;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
