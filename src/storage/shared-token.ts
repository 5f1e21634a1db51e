import { Token } from 'typedi';

/**
 * A token of this name for TypeDI, which compares tokens by identity: two installed copies of this package have to share
 * one.
 */
export function sharedToken<Value>(name: string): Token<Value> {
  const key = Symbol.for(`koa-track-usage.${name}`);
  const holder = globalThis as { [key]?: Token<Value> };
  return (holder[key] ??= new Token(`koa-track-usage ${name}`));
}
