import type { Span } from './periods.js';

/** Whether spans have a moment in common. */
export function overlap(one: Span, other: Span): boolean {
  return one.startMs < other.endMs && one.endMs > other.startMs;
}

/** Spans in order, those that touch each other joined. */
export function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans.toSorted((one, other) => one.startMs - other.startMs)) {
    const last = result.at(-1);
    if (last === undefined || span.startMs > last.endMs) result.push(span);
    else if (span.endMs > last.endMs)
      result[result.length - 1] = { startMs: last.startMs, endMs: span.endMs };
  }
  return result;
}

/** Tells whether a span overlaps any of a list, by halving the list: thousands of spans are asked about. */
export class SpanSet {
  readonly #spans: readonly Span[];

  constructor(spans: readonly Span[]) {
    this.#spans = joined(spans);
  }

  overlaps({ startMs, endMs }: Span): boolean {
    let [low, high] = [0, this.#spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle] as Span).endMs > startMs) high = middle;
      else low = middle + 1;
    }
    const first = this.#spans[low];
    return first !== undefined && first.startMs < endMs;
  }
}

/** What a list of spans leaves of one. */
export function without(span: Span, taken: readonly Span[]): Span[] {
  const rest: Span[] = [];
  let from = span.startMs;
  for (const { startMs, endMs } of joined(taken)) {
    if (endMs <= from) continue;
    if (startMs >= span.endMs) break;
    if (startMs > from) rest.push({ startMs: from, endMs: startMs });
    from = endMs;
  }
  if (from < span.endMs) rest.push({ startMs: from, endMs: span.endMs });
  return rest;
}
