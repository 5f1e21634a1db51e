import { inspect } from 'node:util';
import { expect } from 'chai';
import type { TrackUsageOptions, UsageRecordDraft } from '../../../src/index.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import type { Served } from '../../support/serve.js';

describe('The option redact', () => {
  let served: Served;
  let lines: string[];

  async function start(redact: TrackUsageOptions['redact']): Promise<void> {
    lines = [];
    const log = (line: string): void => void lines.push(line);
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), {
      logger: { warn: log, error: log },
      query: ['q'],
      redact,
    });
    const headers = {
      authorization: `Basic ${btoa('ada:pass')}`,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/SECRETVERSION9.9',
      'accept-language': 'secret',
    };
    const response = await fetch(`${served.origin}/people/ada?q=secret`, { headers });
    expect(await response.text()).to.equal('ok');
  }

  afterEach(() => served.close());

  it('changes what is kept, within the limits', async () => {
    await start((record) => {
      record.path = '/people/*';
      record.url = 'x'.repeat(10_000);
      record.query = null;
    });
    const record = await onlyRecord(served);
    expect(record).to.include({ path: '/people/*', query: null, username: 'ada' });
    expect(record.url).to.have.lengthOf(4096);
    expect(Object.isFrozen(record)).to.equal(true);
  });

  it('cannot change what a storage needs, nor add fields', async () => {
    await start((record) => {
      Object.assign(record, {
        id: 'x',
        date: 'never',
        bot: 'yes',
        more: 1,
        userAgent: { string: null, more: 1 },
      });
    });
    const record = await onlyRecord(served);
    expect(record.id).to.have.lengthOf(36);
    expect(record.date).to.be.an.instanceOf(Date);
    expect(record.bot).to.be.a('boolean');
    expect(record).to.not.have.property('more');
    expect(record.userAgent).to.not.have.property('more');
  });

  for (const [how, redact] of [
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'is asynchronous',
      async () => {
        throw new Error('late');
      },
    ],
    ['returns a record', (record: UsageRecordDraft) => ({ ...record, path: '/people/*' })],
    ['returns the record', (record: UsageRecordDraft) => record],
    ...Object.entries({
      path: 5,
      status: 'gone',
      durationMs: 'long',
      route: 7,
      params: 'ada',
      query: [1],
      trackVar: () => 'ada',
      responseBytes: '7',
      weight: null,
      username: { name: 'ada' },
      ipInfo: Symbol('ada'),
      userAgent: 'none',
    }).map(([name, value]) => [
      `makes ${name} ${inspect(value)}`,
      (record: UsageRecordDraft) => void Object.assign(record, { [name]: value }),
    ]),
    [
      'makes the browser a number',
      (record: UsageRecordDraft) => void Object.assign(record.userAgent, { browser: 5 }),
    ],
    [
      'takes out what has to be there',
      (record: UsageRecordDraft) => void Reflect.deleteProperty(record, 'method'),
    ],
  ] as [string, (record: UsageRecordDraft) => void][]) {
    it(`stores nothing that a caller wrote where it ${how}, and says so once`, async () => {
      await start(redact);
      const record = await onlyRecord(served);
      // An id is random and may hold the name.
      expect(JSON.stringify({ ...record, id: '' })).to.not.match(/ada|secret/i);
      expect(record).to.include({ status: 200, remoteAddr: null });
      expect(lines.filter((line) => line.includes("the option 'redact'"))).to.have.lengthOf(1);
      expect(lines.join()).to.not.match(/ada/);
      expect(Object.values(record.userAgent)).to.deep.equal([null, null, null, null, null]);
    });
  }

  it('may change objects at depth, and changes those of no other record', async () => {
    const lookup = (): object => ({ city: 'Bern', region: 'Thun' });
    lines = [];
    const log = (line: string): void => void lines.push(line);
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), {
      logger: { warn: log, error: log },
      trustProxy: 'loopback',
      geo: { lookup: lookup as never },
      redact: (record) => {
        const place = record.ipInfo as { city: unknown; region: unknown };
        expect(place.region).to.equal('Thun');
        place.city = null;
        place.region = null;
      },
    });
    for (let request = 0; request < 2; request += 1) {
      await (await fetch(served.origin, { headers: { 'x-forwarded-for': '81.2.69.142' } })).text();
    }
    expect((await served.records()).map(({ ipInfo }) => ipInfo)).to.deep.equal(
      Array.from({ length: 2 }, () => ({ city: null, region: null })),
    );
    expect(lines).to.deep.equal([]);
  });
});
