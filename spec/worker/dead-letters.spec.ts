import { expect } from 'chai';
import type { UsageWorker } from '../../src/worker/index.js';
import { makeWorker, passesUntil, publish, publishPoisoned } from '../support/listed-worker.js';
import { makeRecords } from '../support/records.js';

describe('A message with dead letters', () => {
  const opened: UsageWorker[] = [];
  afterEach(async () => {
    for (const worker of opened.splice(0)) await worker.close({ timeoutMs: 0 });
  });

  it('leaves room for others, and is given back for later, where more of them wait than may', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    source.letterRoom = 0;
    publishPoisoned(source, storage, 300);
    await passesUntil(clock, () => worker.stats().stored === 300);
    expect(source.count('held')).to.equal(256);
    expect(source.count('put off')).to.equal(44);
    const { deadLetterFailures, failures } = worker.stats().source;
    expect(failures).to.equal(0);
    expect(deadLetterFailures).to.be.greaterThan(2);
    source.returnPutOff();
    await passesUntil(clock, () => source.delays.length === 88);
    expect(source.delays.slice(0, 44)).to.deep.equal(Array.from({ length: 44 }, () => 100));
    expect(source.delays.slice(44)).to.deep.equal(Array.from({ length: 44 }, () => 200));
    await clock.advance(60_000);
    source.letterRoom = Infinity;
    await passesUntil(clock, () => source.count('acknowledged') === 256);
    await clock.advance(1000);
    expect(source.letters).to.have.lengthOf(256);
  });

  it('waits for them, however large it is, where no other does', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    source.messageBytes = source.maxMessageBytes = 20_000_000;
    source.letterRoom = 0;
    publishPoisoned(source, storage, 2);
    await passesUntil(clock, () => worker.stats().stored === 2);
    expect(source.count('held')).to.equal(1);
    source.letterRoom = Infinity;
    await passesUntil(clock, () => source.count('acknowledged') === 1);
  });

  it('makes the worker degraded while its dead letters cannot be kept, and no longer', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    source.letterRoom = 0;
    publishPoisoned(source, storage, 1);
    await passesUntil(clock, () => worker.stats().source.deadLetterFailures > 2);
    // A loss counts for a minute.
    await clock.advance(60_000);
    expect(worker.health()).to.equal('degraded');
    source.letterRoom = Infinity;
    await passesUntil(clock, () => source.count('acknowledged') === 1);
    expect(worker.health()).to.equal('ok');
  });

  it('is acknowledged without waiting for the dead letters of others', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    source.letterRoom = 0;
    publishPoisoned(source, storage, 1);
    publish(source, makeRecords(3));
    await passesUntil(clock, () => worker.stats().source.deadLetterFailures > 0);
    await passesUntil(clock, () => source.count('acknowledged') === 1);
    publish(source, makeRecords(3));
    await passesUntil(clock, () => source.count('acknowledged') === 2);
    expect(source.count('held')).to.equal(1);
  });

  it('does not keep others from being given back when the worker is closed', async () => {
    const { clock, source, storage, worker } = makeWorker();
    const gate = Promise.withResolvers<void>();
    source.letterGate = gate.promise;
    publishPoisoned(source, storage, 1);
    await passesUntil(clock, () => worker.stats().dropped.refused === 1);
    storage.mood = 'hang';
    publish(source, makeRecords(3));
    await passesUntil(clock, () => worker.stats().inFlight === 3);
    const closing = worker.close({ timeoutMs: 0 });
    await passesUntil(clock, () => source.count('waiting') === 1);
    expect(source.count('held')).to.equal(1);
    gate.resolve();
    await passesUntil(clock, () => source.isClosed);
    expect(source.count('acknowledged')).to.equal(1);
    await closing;
  });

  it('is told from another that begins alike', async () => {
    const { clock, source, worker } = makeWorker();
    opened.push(worker);
    for (const end of 'ab') source.publish(Buffer.from(`${'x'.repeat(600)}${end}`));
    await passesUntil(clock, () => source.count('acknowledged') === 2);
    expect(new Set(source.letters.map(({ reason }) => reason.id)).size).to.equal(2);
  });

  it('is given back when the worker is closed before they are kept', async () => {
    const { clock, source, storage, worker } = makeWorker();
    const records = makeRecords(5);
    storage.poison.add(String(records[0]?.id));
    source.letterRoom = 0;
    source.publish(Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')));
    await passesUntil(clock, () => worker.stats().source.deadLetterFailures > 2);
    expect(worker.health()).to.equal('failing');
    expect(source.count('held')).to.equal(1);
    expect(await worker.close({ timeoutMs: 0 })).to.deep.equal({ stored: 4, spooled: 0, dropped: 1 });
    await passesUntil(clock, () => source.isClosed);
    expect(source.count('waiting')).to.equal(1);
  });

  it('is acknowledged when the last of them is kept', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    const records = makeRecords(3);
    for (const { id } of records.slice(1)) storage.poison.add(id);
    source.letterRoom = 1;
    publish(source, records);
    await passesUntil(clock, () => worker.stats().source.deadLetterFailures > 0);
    expect(source.letters).to.have.lengthOf(1);
    expect(source.count('held')).to.equal(1);
    source.letterRoom = 2;
    await passesUntil(clock, () => source.count('acknowledged') === 1);
  });
});
