import * as fc from 'fast-check';

/** A step of a history that comes so often, with its fields. */
export function weighted<Step>(
  weight: number,
  fields: Record<string, fc.Arbitrary<unknown>>,
): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: fc.record(fields) as unknown as fc.Arbitrary<Step> };
}
