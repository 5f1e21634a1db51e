import { Writable } from 'node:stream';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { PrinterStorage, type UsageRecord, type UsageStorage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type EndPoint, startEndPoint } from '../support/end-point.js';
import { DAY, answerPlace, applications, marksOf, visitAll } from '../support/leaks/applications.js';
import { joined, readFolder } from '../support/leaks/files.js';
import {
  NEEDLES,
  type Needle,
  SECRET_NEEDLES,
  SHORT_NEEDLES,
  SKIPPED_NEEDLES,
  found,
  needlesOfSalt,
} from '../support/leaks/search.js';
import { HIDDEN, SHOWN, TRUNCATED, ipv4, ipv6, mark } from '../support/leaks/secrets.js';
import { type Served } from '../support/serve.js';
import {
  SQLITE_CLIENTS,
  type TemporaryFolder,
  connectSqlite,
  openNative,
  temporaryFolder,
} from '../support/sqlite.js';
import { until } from '../support/until.js';

/** Every place that something can get to, with what has to be found there: a mark of each record, or a few words. */
const PLACES = {
  'the files of the spool': 'records',
  'the file of the database, its log and its index': 'records',
  'the memory of MemoryStorage': 'records',
  'what storages are handed': 'records',
  'what PrinterStorage prints as text': 'records',
  'what PrinterStorage prints as json': 'records',
  'what PrinterStorage prints as combined': 'records',
  'what PrinterStorage prints as a function says': 'records',
  'drop events': 'records',
  'error events': [mark('failing'), mark('v4'), 'cannot store'],
  'flush events': ['"stored":'],
  'the lines of the log': [
    mark('failing'),
    mark('refusing'),
    "'redact' failed",
    "'user' failed",
    "'geo' failed",
  ],
  'the figures of stats()': [mark('failing'), '"retries":', '"withheld":', '"trackVar":'],
  'what health() says': ['failing'],
  'the inventory': [mark('broken'), '/leaks/person/:mark/:ssn', mark('failing')],
  'the metrics of OpenTelemetry': [mark('failing'), mark('refusing'), 'koa_track_usage.record.accepted'],
} as const satisfies Record<string, 'records' | readonly string[]>;
type Place = keyof typeof PLACES;

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`What a policy takes out, where ${client} keeps the rest`, function () {
    const texts = new Map<Place, string>();
    const asked: string[] = [];
    const expected = new Set<string>();
    let salt: string;
    let fileWithoutSalts: string;
    let folder: TemporaryFolder;
    let endPoint: EndPoint;
    let exporter: InMemoryMetricExporter;
    let provider: MeterProvider;

    const note = (place: Place, text: string): void => {
      texts.set(place, `${texts.get(place) ?? ''}${text}\n`);
    };
    const listen = (place: Place) => (event: object) => {
      const { error = null } = event as { error?: Error | null };
      note(place, JSON.stringify(event) + (error === null ? '' : `${error.message} ${String(error.stack)}`));
    };

    function printers(): UsageStorage[] {
      const formats = {
        text: 'text',
        json: 'json',
        combined: 'combined',
        'a function says': (record: UsageRecord) =>
          Object.values(record)
            .map((value) => JSON.stringify(value))
            .join(),
      } as const;
      return Object.entries(formats).map(([name, format]) => {
        const output = new Writable({
          write(chunk: Buffer, _, done) {
            note(`what PrinterStorage prints as ${name}` as Place, chunk.toString('latin1'));
            done();
          },
        });
        const printer = new PrinterStorage({ output, format });
        return { name: `printer of ${name}`, store: (batch, signal) => printer.store(batch, signal) };
      });
    }

    /** One fails with all that it was given in its error, the other takes nothing that has a mark. */
    function unhelpful(): UsageStorage[] {
      const failing: UsageStorage = {
        name: mark('failing'),
        store(batch) {
          throw new Error(`cannot store ${JSON.stringify(batch)}`);
        },
      };
      const refusing: UsageStorage = {
        name: mark('refusing'),
        async store(batch) {
          note('what storages are handed', JSON.stringify(batch));
          const refused = batch
            .map((record) => ({ id: record.id, error: new Error(JSON.stringify(record)) }))
            .filter(({ error }) => error.message.includes(mark('')));
          return { stored: batch.length - refused.length, refused };
        },
      };
      return [failing, refusing];
    }

    async function collectMetrics(): Promise<string> {
      exporter.reset();
      await provider.forceFlush();
      return JSON.stringify(exporter.getMetrics());
    }

    /** Everything that can be seen while a tracker runs. */
    async function look({ usage }: Served, memory: MemoryStorage): Promise<void> {
      const { tracker } = usage;
      note('the files of the spool', joined(await readFolder(folder.file('s'))));
      const files = await readFolder(folder.path);
      const database = files.filter(({ path }) => path.includes('usage.db'));
      expect(database.map(({ path }) => path.slice(folder.path.length))).to.include.members([
        '/usage.db',
        '/usage.db-shm',
        '/usage.db-wal',
      ]);
      note('the file of the database, its log and its index', joined(database));
      note('the memory of MemoryStorage', JSON.stringify(memory.records));
      note('the figures of stats()', JSON.stringify(tracker.stats()));
      note('what health() says', JSON.stringify(tracker.health()));
      note('the inventory', JSON.stringify(tracker.inventory()));
      let metered = '';
      await until(async () => {
        metered = await collectMetrics();
        return metered.includes(mark('failing'));
      }, 'the metrics name the storage that fails');
      note('the metrics of OpenTelemetry', metered);
    }

    before(async () => {
      exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
      provider = new MeterProvider({
        readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
      });
      metrics.setGlobalMeterProvider(provider);
      folder = await temporaryFolder();
      endPoint = await startEndPoint((request, response) => {
        asked.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
        request.on('data', (chunk: Buffer) => asked.push(chunk.toString('latin1')));
        answerPlace(request, response);
      });
      const log = (line: string): void => note('the lines of the log', line);
      for (const application of applications(endPoint.origin)) {
        const memory = new MemoryStorage();
        const sqlite = await connectSqlite(folder.file('usage.db'), undefined, driver);
        // Without a record that it takes, a storage that refuses the others would count as broken.
        const unmarked = { mark: null, target: '/leaks/plain/of-no-interest' };
        const served = await visitAll(
          { ...application, visits: [...application.visits, unmarked] },
          {
            storage: [sqlite, memory, ...printers(), ...unhelpful()],
            spool: { dir: folder.file('s'), mode: 'wal' },
            batch: { maxDelayMs: 3_600_000 },
            logger: { warn: log, error: log },
          },
          ({ tracker }) => {
            tracker.on('drop', listen('drop events'));
            tracker.on('error', listen('error events'));
            tracker.on('flush', listen('flush events'));
          },
        );
        for (const name of marksOf(application)) expected.add(name);
        await look(served, memory);
        await served.close();
      }
      note('the files of the spool', joined(await readFolder(folder.file('s'))));
      const sqlite = await connectSqlite(folder.file('usage.db'), undefined, driver);
      salt = await sqlite.salts.claim(DAY, 'ab'.repeat(32), new AbortController().signal);
      await sqlite.close();
      const native = await openNative(folder.file('usage.db'), driver);
      native.database.exec('drop table koa_usage_salt');
      native.database.exec('vacuum');
      native.database.prepare('pragma wal_checkpoint(truncate)').all();
      await native.close();
      const files = await readFolder(folder.path);
      fileWithoutSalts = joined(files.filter(({ path }) => path.includes('usage.db')));
    });

    after(async () => {
      await endPoint.close();
      await provider.shutdown();
      metrics.disable();
      await folder.remove();
    });

    const isIn = (place: Place, needles: readonly Needle[]): string[] =>
      found(texts.get(place) ?? '', needles);

    for (const [title, marks] of Object.entries(PLACES)) {
      const place = title as Place;
      it(`is not in ${place}, and what is kept is`, () => {
        const text = texts.get(place) ?? '';
        const missing = (marks === 'records' ? [...expected] : marks).filter((kept) => !text.includes(kept));
        expect(missing).to.deep.equal([]);
        expect(isIn(place, [...NEEDLES, ...SHORT_NEEDLES])).to.deep.equal([]);
      });
    }

    it('leaves networks and addresses where they are kept, or it would be seen nowhere', () => {
      for (const place of [
        'the files of the spool',
        'the file of the database, its log and its index',
        'drop events',
      ] as const) {
        for (const kept of ['185.199.211.0', '2a03:2880:f1ab::', ipv4(SHOWN), ipv6(SHOWN)])
          expect(texts.get(place)).to.include(kept);
      }
    });

    it('is the salt everywhere but in its table', () => {
      expect(salt)
        .to.match(/^[\da-f]{64}$/)
        .and.not.equal('ab'.repeat(32));
      const kept = 'the file of the database, its log and its index';
      expect(isIn(kept, needlesOfSalt(salt))).to.not.deep.equal([]);
      for (const place of texts.keys()) {
        if (place !== kept) expect(isIn(place, needlesOfSalt(salt)), place).to.deep.equal([]);
      }
      expect([...expected].filter((name) => !fileWithoutSalts.includes(name))).to.deep.equal([]);
      expect(found(fileWithoutSalts, needlesOfSalt(salt))).to.deep.equal([]);
      expect(texts.get('what storages are handed')).to.match(/"visitor":"[\da-f]{64}"/);
    });

    it('does not go to the end point that is asked for locations, which gets addresses alone', () => {
      const text = asked.join('\n');
      for (const address of [
        ipv4(TRUNCATED),
        ipv6(TRUNCATED),
        ipv4(HIDDEN),
        ipv4(HIDDEN, 238),
        ipv6(HIDDEN),
      ]) {
        expect(text).to.include(encodeURIComponent(address));
      }
      expect(text).to.include(mark('geo-key'));
      expect(found(text, [...SECRET_NEEDLES, ...SKIPPED_NEEDLES, ...needlesOfSalt(salt)])).to.deep.equal([]);
      expect(
        asked.filter((request) => /Kt8mRp3yLf-(?!geo-key)|127\.0\.0\.1\/?json|leaks\//.test(request)),
      ).to.deep.equal([]);
    });
  });
}
