import { expect } from 'chai';
import { ReportLog, describeError } from '../../src/pipeline/report-log.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

function setUp() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { clock, lines, log: new ReportLog({ warn: write, error: write }, clock) };
}

describe('ReportLog', () => {
  it('tells of the first loss at once, and then at most once a minute of all that came since', async () => {
    const { clock, lines, log } = setUp();
    log.loss('sqlite', 'queue-full', 1, null);
    for (let index = 0; index < 100; index += 1) log.loss('sqlite', 'queue-full', 1, null);
    log.loss('printer', 'refused', 7, new Error('no such format'));
    expect(lines).to.deep.equal(['koa-track-usage: records were dropped (sqlite queue-full 1)']);
    await clock.advance(60_000);
    log.loss(null, 'no-storage', 2, null);
    expect(lines[1]).to.equal(
      'koa-track-usage: records were dropped (sqlite queue-full 100, printer refused 7, no-storage 2): Error: no such format',
    );
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

  it('survives a logger that throws', () => {
    const fail = (): never => {
      throw new Error('no log');
    };
    new ReportLog({ warn: fail, error: fail }, new ManualClock()).warn('kind', 'message');
  });
});

describe('describeError', () => {
  it('fits every thrown value on one line without control characters', () => {
    expect(describeError(new TypeError('a\nb\u001b[31m\u2028c'))).to.equal('TypeError: a b [31m c');
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
