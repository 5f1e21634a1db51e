import { expect } from 'chai';
import { resolveBatch, resolveQueue, resolveRetry } from '../../src/options/delivery-options.js';
import { NO_INTEGERS } from '../support/no-integers.js';
import { refusalOf } from '../support/refusal.js';

type Resolve = (subject: string, options?: object) => object;

/** Each integer option with its bounds and default, and what else has to be given for it to reach both bounds. */
type IntegerOption = [name: string, min: number, max: number, otherwise: number, beside?: object];

const HOUR_MS = 3_600_000;
const ROOM_BELOW = { minDelayMs: 1 };
const ROOM_ABOVE = { maxDelayMs: HOUR_MS };

const GROUPS: readonly [group: string, resolve: Resolve, integers: readonly IntegerOption[]][] = [
  [
    'queue',
    resolveQueue,
    [
      ['maxRecords', 1, 1_000_000, 10_000],
      ['maxBytes', 1024, 4_294_967_296, 16_777_216],
    ],
  ],
  [
    'batch',
    resolveBatch,
    [
      ['maxRecords', 1, 10_000, 500],
      ['maxBytes', 1024, 1_073_741_824, 4_194_304],
      ['maxDelayMs', 1, HOUR_MS, 1000],
    ],
  ],
  [
    'retry',
    resolveRetry,
    [
      ['minDelayMs', 1, HOUR_MS, 500, ROOM_ABOVE],
      ['maxDelayMs', 1, HOUR_MS, 30_000, ROOM_BELOW],
      ['attemptTimeoutMs', 1, HOUR_MS, 30_000],
      ['maxAgeMs', 1000, 31_536_000_000, 604_800_000],
    ],
  ],
];

for (const [group, resolve, integers] of GROUPS) {
  describe(`The option ${group}`, () => {
    const refuse = (options: unknown): string =>
      refusalOf(() => resolve('trackUsage', options as object)).message;

    for (const [name, min, max, otherwise, beside] of integers) {
      it(`takes ${name} from ${min} to ${max}, and ${otherwise} by default`, () => {
        expect(resolve('trackUsage')).to.include({ [name]: otherwise });
        expect(resolve('trackUsage', { [name]: undefined })).to.include({ [name]: otherwise });
        for (const value of [min, max])
          expect(resolve('trackUsage', { ...beside, [name]: value })).to.include({ [name]: value });
      });

      it(`refuses ${name} that is out of bounds or no integer`, () => {
        const wrong = [...NO_INTEGERS, [min - 1, `${min - 1}`], [max + 1, `${max + 1}`]] as const;
        for (const [value, shown] of wrong) {
          expect(refuse({ [name]: value })).to.equal(
            `trackUsage: the option '${group}.${name}' is ${shown}; expected an integer from ${min} to ${max}.`,
          );
        }
      });
    }

    it('refuses what is no object', () => {
      const first = integers[0]?.[0];
      for (const [value, shown] of [
        [null, 'null'],
        [10_000, '10000'],
        [[], '[]'],
        ['fast', "'fast'"],
      ])
        expect(refuse(value)).to.equal(
          `trackUsage: the option '${group}' is ${shown as string}; expected an object such as { ${first} }.`,
        );
    });

    it('refuses an unknown name, and lists those that exist', () => {
      const listed = integers.map(([name]) => `'${group}.${name}'`).join(', ');
      expect(refuse({ maxrecords: 5 }))
        .to.include(`trackUsage: there is no option '${group}.maxrecords' (it was given 5).`)
        .and.include(listed);
    });
  });
}

describe('The option queue.overflow', () => {
  it('drops the newest by default, or the oldest', () => {
    expect(resolveQueue('trackUsage').overflow).to.equal('drop-newest');
    for (const overflow of ['drop-newest', 'drop-oldest'] as const)
      expect(resolveQueue('trackUsage', { overflow })).to.include({ overflow });
  });

  it('refuses anything else', () => {
    for (const [overflow, shown] of [
      ['spool', "'spool'"],
      ['Drop-Oldest', "'Drop-Oldest'"],
      [null, 'null'],
      [true, 'true'],
    ] as const)
      expect(refusalOf(() => resolveQueue('trackUsage', { overflow: overflow as never })).message).to.equal(
        `trackUsage: the option 'queue.overflow' is ${shown}; expected 'drop-newest' or 'drop-oldest'.`,
      );
  });
});

describe('The pauses of the option retry', () => {
  it('may be equal, and may not shrink', () => {
    expect(resolveRetry('trackUsage', { minDelayMs: 1000, maxDelayMs: 1000 })).to.include({
      maxDelayMs: 1000,
    });
    expect(
      refusalOf(() => resolveRetry('trackUsage', { minDelayMs: 1000, maxDelayMs: 999 })).message,
    ).to.equal(
      "trackUsage: the option 'retry.maxDelayMs' is 999; expected at least retry.minDelayMs, which is 1000.",
    );
  });
});
