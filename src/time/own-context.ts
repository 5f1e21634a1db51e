import { AsyncResource } from 'node:async_hooks';

/** An asynchronous context that was kept: all that each `AsyncLocalStorage` holds there. */
export type KeptContext = AsyncResource;

/** Keeps the asynchronous context that calls. `AsyncLocalStorage.snapshot()` would take eighty times as long. */
export function keepContext(): KeptContext {
  return new AsyncResource('koa-track-usage');
}

/** Calls a function in a context that was kept; in the one that calls, if the context is null. */
export function callIn<Args extends unknown[], Result>(
  context: KeptContext | null,
  callback: (...args: Args) => Result,
  ...args: Args
): Result {
  return context === null ? callback(...args) : context.runInAsyncScope(callback, undefined, ...args);
}

/** The context in which this file was loaded. Node has no other way to a context that no request is in. */
const loading = keepContext();

/**
 * Calls a function in no request's asynchronous context. Timers, promises and connections that begin there are part
 * of no request's trace, session or transaction, and keep no request in memory.
 */
export function inOwnContext<Args extends unknown[], Result>(
  callback: (...args: Args) => Result,
  ...args: Args
): Result {
  // Node 22 writes into a context what `AsyncLocalStorage.enterWith` enters there: each call has a context of its own.
  return callIn(loading.runInAsyncScope(keepContext), callback, ...args);
}
