import * as fc from 'fast-check';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { makeRecord } from './records.js';

const anyName = fc.constantFrom(null, 'null', 'a', 'b', '(other)', '1', 'true');

const anyBytes = fc.option(fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 35 })));

/** From a microsecond to a day, to the microsecond. */
const anyDuration = fc
  .oneof(fc.nat({ max: 200 }), fc.nat({ max: 3_000_000 }), fc.integer({ min: 0, max: 86_400_000_000 }))
  .map((durationUs) => durationUs / 1000);

const anyWeight = fc.constantFrom(1, 1, 1 / 0.3, 1 / 0.7, 1 / 0.999, 3, 10, 1 / 0.03, 1 / 0.0007);

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

/** Records as an application has them, with few keys, and with weights that binary fractions cannot express. */
export const anySummedRecord: fc.Arbitrary<UsageRecord> = fc
  .record({
    date: fc.nat({ max: 90_000_000 }).map((distance) => new Date(START_MS + distance)),
    durationMs: anyDuration,
    serverName: fc.constantFrom('a', 'b'),
    method: fc.constantFrom('GET', 'POST', 'null'),
    route: anyName,
    controller: anyName,
    action: anyName,
    username: anyName,
    status: fc.constantFrom(null, 200, 204, 301, 404, 499, 500, 599),
    aborted: fc.boolean(),
    bot: fc.boolean(),
    requestBytes: anyBytes,
    responseBytes: anyBytes,
    weight: anyWeight,
  })
  .map((fields) => makeRecord(fields));
