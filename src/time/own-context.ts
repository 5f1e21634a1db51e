import { AsyncResource } from 'node:async_hooks';

/** A kept asynchronous context: all that each `AsyncLocalStorage` holds in the context. */
export type KeptContext = AsyncResource;

/** Keeps the caller's asynchronous context. `AsyncLocalStorage.snapshot()` takes eighty times as long. */
export function keepContext(): KeptContext {
  return new AsyncResource('koa-track-usage');
}

/** Calls a function in a kept context, or in the caller's own if the context is null. */
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
 * Calls a function in no request's asynchronous context. Timers, promises and connections that begin there
 * are part of no request's trace, session or transaction, and keep no request in memory.
 */
export function inOwnContext<Args extends unknown[], Result>(
  callback: (...args: Args) => Result,
  ...args: Args
): Result {
  // In Node 22, `AsyncLocalStorage.enterWith` changes the context itself: each call has a context of its own.
  return callIn(loading.runInAsyncScope(keepContext), callback, ...args);
}
