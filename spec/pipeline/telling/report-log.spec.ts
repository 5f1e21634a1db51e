import { expect } from 'chai';
import type { Clock } from '../../../src/time/clock.js';
import { TrackUsageError } from '../../../src/errors.js';
import { ReportLog, describeError } from '../../../src/pipeline/telling/report-log.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { oddValues } from '../../support/odd-values.js';

function fail(): never {
  throw new Error('out of order');
}

function setUp(ownClock: Clock | null = null) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { clock, lines, log: new ReportLog({ warn: write, error: write }, ownClock ?? clock) };
}

describe('ReportLog', () => {
  it('tells of the first loss at once, and then at most once a minute of all that came since', async () => {
    const { clock, lines, log } = setUp();
    log.loss('sqlite', 'queue-full', 1, null);
    for (let index = 0; index < 100; index += 1) log.loss('sqlite', 'queue-full', 1, null);
    await clock.advance(20_000);
    log.loss('printer', 'refused', 7, new Error('no such format'));
    await clock.advance(39_999);
    expect(lines).to.deep.equal(['koa-track-usage: records were dropped (sqlite queue-full 1)']);
    await clock.advance(1);
    expect(lines.slice(1)).to.deep.equal([
      'koa-track-usage: records were dropped (sqlite queue-full 100, printer refused 7): Error: no such format',
    ]);
    log.loss(null, 'no-storage', 2, null);
    await clock.advance(59_999);
    expect(lines).to.have.length(2);
    await clock.advance(1);
    expect(lines.slice(2)).to.deep.equal(['koa-track-usage: records were dropped (no-storage 2)']);
    await clock.advance(3_600_000);
    expect(lines).to.have.length(3);
    log.loss('sqlite', 'queue-full', 1, null);
    expect(lines).to.have.length(4);
  });

  it('keeps no process alive for it, and sets no timer that is not needed', () => {
    const clock = new ManualClock();
    const kept: boolean[] = [];
    const log = new ReportLog(
      { warn() {}, error() {} },
      {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimeout(callback, delayMs, keepAlive) {
          kept.push(keepAlive);
          return clock.setTimeout(callback, delayMs);
        },
        clearTimeout: (timer) => clock.clearTimeout(timer),
      },
    );
    log.loss('sqlite', 'late', 1, null);
    expect(kept).to.deep.equal([]);
    log.loss('sqlite', 'late', 1, null);
    log.loss('sqlite', 'late', 1, null);
    expect(kept).to.deep.equal([false]);
    log.reportLosses();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('tells of the rest when it is asked to, once', () => {
    const { lines, log } = setUp();
    log.loss('sqlite', 'late', 1, null);
    log.loss('sqlite', 'late', 2, null);
    log.reportLosses();
    log.reportLosses();
    expect(lines).to.have.length(2);
    expect(lines[1]).to.contain('(sqlite late 2)');
  });

  it('keeps kinds of lines apart', () => {
    const { lines, log } = setUp();
    log.failure('a', 'a failed', new Error('one'));
    log.failure('b', 'b failed', new Error('two'));
    log.warn('c', 'c is odd');
    log.failure('a', 'a failed', new Error('three'));
    expect(lines).to.deep.equal([
      'koa-track-usage: a failed: Error: one',
      'koa-track-usage: b failed: Error: two',
      'koa-track-usage: c is odd',
    ]);
  });

  it('does not keep back what a person has to do because something else failed before', async () => {
    const { clock, lines, log } = setUp();
    log.failure('a', 'a failed', new TrackUsageError('STORAGE_UNAVAILABLE', 'gone'));
    log.failure('a', 'a failed', new TrackUsageError('STORAGE_SETUP', 'Check the password.'));
    log.failure('b', 'b failed', new TrackUsageError('STORAGE_SETUP', 'Make the table.'));
    log.failure('a', 'a failed', new TrackUsageError('STORAGE_SETUP', 'Check the password.'));
    expect(lines).to.deep.equal([
      'koa-track-usage: a failed: TrackUsageError: gone',
      'koa-track-usage: a failed: TrackUsageError: Check the password.',
      'koa-track-usage: b failed: TrackUsageError: Make the table.',
    ]);
    await clock.advance(60_000);
    log.failure('a', 'a failed', new TrackUsageError('STORAGE_SETUP', 'Check the password.'));
    expect(lines).to.have.length(4);
  });

  it('escapes what a terminal acts upon or hides, in the name of a storage and in what it threw', () => {
    const { lines, log } = setUp();
    log.warn('a', "the storage 'evil\u202e\u200b' works");
    log.failure('b', 'it failed', new Error('\u001b[2J\u{e0041}\u202e'));
    log.loss('x\u2066', 'late', 1, null);
    expect(lines).to.deep.equal([
      String.raw`koa-track-usage: the storage 'evil\u202e\u200b' works`,
      String.raw`koa-track-usage: it failed: Error: \x1b[2J\udb40\udc41\u202e`,
      String.raw`koa-track-usage: records were dropped (x\u2066 late 1)`,
    ]);
  });

  it('survives whatever is thrown', () => {
    const { lines, log } = setUp();
    for (const [index, value] of oddValues().entries()) log.failure(`kind ${index}`, 'it failed', value);
    expect(lines).to.have.length(oddValues().length);
  });

  it('survives a clock that throws', () => {
    const { lines, log } = setUp({
      now: fail,
      monotonic: fail,
      setTimeout: fail,
      clearTimeout: fail,
    });
    log.loss('sqlite', 'late', 1, null);
    log.loss('sqlite', 'late', 2, null);
    log.reportLosses();
    expect(lines).to.have.length(2);
  });

  it('survives a logger that throws', () => {
    new ReportLog({ warn: fail, error: fail }, new ManualClock()).warn('kind', 'message');
  });
});

describe('describeError', () => {
  it('fits every thrown value on one line without control characters', () => {
    expect(describeError(new TypeError('a\nb\u001b[31m\u2028c'))).to.equal(
      String.raw`TypeError: a b\x1b[31m c`,
    );
    expect(describeError('text')).to.equal("thrown: 'text'");
    expect(describeError(null)).to.equal('thrown: null');
    expect(describeError(new Error('x'.repeat(1000)))).to.have.length(500);
  });

  it('survives what cannot be shown', () => {
    const hostile = Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('gotcha');
      },
    });
    expect(describeError(hostile)).to.equal('an error that cannot be shown');
  });
});
