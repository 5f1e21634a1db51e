import type { Context } from 'koa';
import { type SampleRate, isRate } from '../../metadata/data-policy.js';
import { refusePromise } from './callback.js';

/**
 * Draws whether a request is recorded.
 *
 * @param random - from 0 inclusive to 1 exclusive
 * @returns how many requests the record stands for (1 / rate); 0 if the request is not recorded
 * @throws what the function threw, or a TypeError if it returned no rate
 */
export function drawWeight(rate: SampleRate, context: Context, random: number): number {
  const share = typeof rate === 'number' ? rate : ask(rate, context);
  if (share === 1) return 1;
  return random < share ? 1 / share : 0;
}

function ask(rate: (context: Context) => number, context: Context): number {
  const share: unknown = rate(context);
  refusePromise(share);
  if (isRate(share)) return share;
  // A value that is no number may be text of the request.
  const what = typeof share === 'number' ? String(share) : `a value of type ${typeof share}`;
  throw new TypeError(`it returned ${what}; expected a number from 0 to 1`);
}
