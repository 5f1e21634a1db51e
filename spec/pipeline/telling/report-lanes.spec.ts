import { expect } from 'chai';
import { TrackerEvents } from '../../../src/pipeline/telling/events.js';
import { reportLanes } from '../../../src/pipeline/telling/report-lanes.js';
import { ReportLog } from '../../../src/pipeline/telling/report-log.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { makeRecord } from '../../support/records.js';

const FAILURE = new Error('no answer');

function setUp() {
  const [warnings, errors]: [string[], string[]] = [[], []];
  const logger = {
    warn: (line: string) => void warnings.push(line),
    error: (line: string) => void errors.push(line),
  };
  const events = new TrackerEvents(() => {});
  const seen: [string, unknown][] = [];
  for (const name of ['drop', 'error', 'flush', 'recover'] as const)
    events.on(name, (event) => void seen.push([name, event]));
  return { lanes: reportLanes(events, new ReportLog(logger, new ManualClock())), seen, warnings, errors };
}

describe('What happens in a lane', () => {
  it('is an event drop and a line for records that will not be stored', () => {
    const { lanes, seen, warnings, errors } = setUp();
    const records = [makeRecord()];
    lanes.dropped('sqlite', 'refused', 1, records, FAILURE);
    expect(seen).to.deep.equal([
      ['drop', { storage: 'sqlite', reason: 'refused', count: 1, records, error: FAILURE }],
    ]);
    expect([...warnings, ...errors].join())
      .to.include('sqlite refused 1')
      .and.include('no answer');
  });

  it('is an event error and a line for an attempt that failed', () => {
    const { lanes, seen, warnings, errors } = setUp();
    lanes.failed('sqlite', FAILURE, 3);
    expect(seen).to.deep.equal([['error', { storage: 'sqlite', error: FAILURE, failures: 3 }]]);
    expect([...warnings, ...errors].join())
      .to.include("the storage 'sqlite' failed")
      .and.include('no answer');
  });

  it('names the spool where it is the spool that failed', () => {
    const { lanes, seen, warnings, errors } = setUp();
    lanes.spoolFailed('sqlite', FAILURE);
    expect(seen).to.deep.equal([['error', { storage: 'sqlite (spool)', error: FAILURE, failures: 1 }]]);
    expect([...warnings, ...errors].join()).to.include("the spool of the storage 'sqlite' fails");
  });

  it('is an event flush, and no line, for a batch that was stored', () => {
    const { lanes, seen, warnings, errors } = setUp();
    lanes.flushed('sqlite', 500, 12);
    expect(seen).to.deep.equal([['flush', { storage: 'sqlite', stored: 500, durationMs: 12 }]]);
    expect([...warnings, ...errors]).to.deep.equal([]);
  });

  it('is an event recover and a warning when it works again', () => {
    const { lanes, seen, warnings, errors } = setUp();
    lanes.recovered('sqlite', 3);
    expect(seen).to.deep.equal([['recover', { storage: 'sqlite', failures: 3 }]]);
    expect(warnings.join()).to.include("the storage 'sqlite' works again after 3 failed attempts");
    expect(errors).to.deep.equal([]);
  });
});
