import { exec } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { PrinterStorage, type PrinterOptions } from '../../../src/backends/printer/printer-storage.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { caught, thrown } from '../../support/caught.js';
import { makeRecord, makeRecords } from '../../support/records.js';

const CHILD = fileURLToPath(new URL('../../support/children/print-many.js', import.meta.url));
const { signal } = new AbortController();

/** What was written to a stream so far, line by line. */
function linesOf(stream: PassThrough): string[] {
  return String(stream.read() ?? '')
    .split('\n')
    .slice(0, -1);
}

/** A format that takes longer than a turn of the event loop may. */
function formatSlowly({ id }: UsageRecord): string {
  const endMs = performance.now() + 1;
  while (performance.now() < endMs);
  return id;
}

async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('PrinterStorage', () => {
  it('prints one line a record, in the order of the batch', async () => {
    const output = new PassThrough();
    const records = makeRecords(3);
    const storage = new PrinterStorage({ output, format: ({ id }) => id });
    expect(await storage.store(records, signal)).to.deep.equal({ stored: 3, refused: [] });
    expect(linesOf(output)).to.deep.equal(records.map(({ id }) => id));
  });

  it('prints text for people unless told otherwise', async () => {
    const output = new PassThrough();
    await new PrinterStorage({ output }).store([makeRecord()], signal);
    expect(linesOf(output)).to.deep.equal([
      '2026-03-01T12:00:00.123Z  GET /users/7  200  12.3 ms  UserController.one  ada',
    ]);
  });

  it('escapes what a format function returns', async () => {
    const output = new PassThrough();
    await new PrinterStorage({ output, format: () => 'a\nb\u001b[2J' }).store([makeRecord()], signal);
    expect(linesOf(output)).to.deep.equal([String.raw`a\x0ab\x1b[2J`]);
  });

  for (const [title, bad] of [
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    [
      'throws what is no error',
      () => {
        throw null;
      },
    ],
    [
      'throws what cannot be shown',
      () => {
        throw Object.create(null);
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a number', () => 5],
    ['returns a promise', async () => 'x'],
  ] as unknown as [string, () => string][]) {
    it(`refuses just the record whose format function ${title}`, async () => {
      const output = new PassThrough();
      const records = makeRecords(3);
      const format = (record: { id: string }): string => (record.id === records[1]?.id ? bad() : record.id);
      const { stored, refused } = await new PrinterStorage({ output, format }).store(records, signal);
      expect(stored).to.equal(2);
      expect(refused.map(({ id }) => id)).to.deep.equal([records[1]?.id]);
      expect(refused[0]?.error).to.be.an.instanceOf(Error);
      if (title.startsWith('returns'))
        expect(refused[0]?.error.message).to.match(/format function returned .*; expected text/);
      expect(linesOf(output)).to.deep.equal([records[0]?.id, records[2]?.id]);
    });
  }

  it('waits until a slow stream has taken the batch', async () => {
    const pending: (() => void)[] = [];
    const output = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => pending.push(done) });
    const storage = new PrinterStorage({ output });
    let isStored = false;
    const storing = storage.store(makeRecords(2), signal).finally(() => {
      isStored = true;
    });
    await turns();
    expect(isStored).to.equal(false);
    pending.shift()?.();
    expect(await storing).to.deep.equal({ stored: 2, refused: [] });
  });

  it('leaves the event loop to others as soon as a turn has taken too long', async () => {
    let turn = 0;
    let isStored = false;
    const count = (): void => {
      turn += 1;
      if (!isStored) setImmediate(count);
    };
    count();
    const turnOf: number[] = [];
    const format = (record: UsageRecord): string => {
      turnOf.push(turn);
      return formatSlowly(record);
    };
    await new PrinterStorage({ output: new PassThrough(), format }).store(makeRecords(5), signal);
    isStored = true;
    expect(new Set(turnOf).size).to.equal(5);
  });

  it('prints no line twice when an attempt is given up in its midst and made again', async () => {
    const output = new PassThrough();
    const storage = new PrinterStorage({ output, format: formatSlowly });
    const [records, others] = [makeRecords(3), makeRecords(3)];
    const abort = new AbortController();
    const attempt = caught(storage.store(records, abort.signal));
    abort.abort(new Error('too slow'));
    expect((await attempt).message).to.equal('too slow');
    expect(await storage.store(records, signal)).to.deep.equal({ stored: 3, refused: [] });
    await storage.store(others, signal);
    expect(linesOf(output)).to.deep.equal([...records, ...others].map(({ id }) => id));
  });

  it('rejects with what the stream failed with, and leaves no listener behind', async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) });
    expect((await caught(new PrinterStorage({ output }).store([makeRecord()], signal))).message).to.equal(
      'disk full',
    );
    await turns();
    expect(output.listenerCount('error')).to.equal(0);
  });

  it('rejects on a stream that has ended or been destroyed', async () => {
    for (const end of ['end', 'destroy'] as const) {
      const output = new PassThrough();
      output[end]();
      const error = await caught(new PrinterStorage({ output }).store([makeRecord()], signal));
      expect(error).to.have.property(
        'code',
        end === 'end' ? 'ERR_STREAM_WRITE_AFTER_END' : 'ERR_STREAM_DESTROYED',
      );
      await turns();
    }
  });

  it('survives a stream that fails after the tracker has stopped waiting', async () => {
    const pending: ((error: Error) => void)[] = [];
    const output = new Writable({ write: (_chunk, _encoding, done) => pending.push(done) });
    const abort = new AbortController();
    const storing = caught(new PrinterStorage({ output }).store([makeRecord()], abort.signal));
    abort.abort(new Error('too slow'));
    expect((await storing).message).to.equal('too slow');
    await turns();
    pending.shift()?.(new Error('disk full'));
    await turns();
    expect(output.listenerCount('error')).to.equal(0);
  });

  it('writes nothing when the tracker has stopped waiting before', async () => {
    const output = new PassThrough();
    await caught(new PrinterStorage({ output }).store([makeRecord()], AbortSignal.abort(new Error('late'))));
    expect(linesOf(output)).to.deep.equal([]);
  });

  it('survives a reader that leaves: node … | head -1', async () => {
    const { stdout, stderr } = await promisify(exec)(`"${process.execPath}" "${CHILD}" | head -1`);
    expect(stdout.split('\n')).to.have.lengthOf(2);
    expect(JSON.parse(stdout)).to.include({ serverName: 'spec' });
    expect(stderr).to.equal('survived EPIPE');
  });

  it('is called what it is told to, so that two can be told apart', () => {
    expect(
      [new PrinterStorage(), new PrinterStorage({ name: 'audit' })].map(({ name }) => name),
    ).to.deep.equal(['printer', 'audit']);
  });

  it('cannot be read', () => {
    const storage: UsageStorage = new PrinterStorage();
    expect(storage.reader).to.equal(undefined);
  });

  const refused: [options: unknown, says: string][] = [
    [{ format: 'xml' }, "the option 'format' is 'xml'; expected 'text', 'json', 'combined' or a function."],
    [{ format: 'toString' }, "the option 'format' is 'toString'; expected 'text'"],
    [{ output: 'stdout' }, "the option 'output' is 'stdout'; expected a writable stream."],
    [
      { output: { write() {} } },
      "the option 'output' is { write: [Function: write] }; expected a writable stream.",
    ],
  ];
  for (const [options, says] of refused) {
    it(`refuses: ${says}`, async () => {
      const error = await thrown(() => new PrinterStorage(options as PrinterOptions));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
      expect(error.message).to.include(`new PrinterStorage: ${says}`);
    });
  }
});
