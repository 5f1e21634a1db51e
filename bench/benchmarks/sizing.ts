import { PLACES, type PlaceName } from '../engines/shared-place.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { type Estimate, estimateMedian, exactly, shuffled } from '../harness/statistics.js';
import { type WriterOrder, type WrittenTogether, writeTogether } from '../harness/writers.js';

const MIB = 1_048_576;

interface Writing {
  readonly title: string;
  readonly processes: number;
  readonly place: PlaceName;
  readonly options?: WriterOrder['options'];
}

const WRITINGS: readonly Writing[] = [
  { title: 'SQLite, 1 process', processes: 1, place: 'sqlite' },
  { title: 'SQLite, 4 processes', processes: 4, place: 'sqlite' },
  { title: 'MariaDB, 4 processes', processes: 4, place: 'mariadb' },
  { title: 'PostgreSQL, 4 processes', processes: 4, place: 'postgresql' },
  { title: 'PostgreSQL in months, 4 processes', processes: 4, place: 'months' },
  {
    title: 'ClickHouse, 4 processes, batches of 500',
    processes: 4,
    place: 'clickhouse',
    options: { batch: { maxRecords: 500 } },
  },
  {
    title: 'ClickHouse, 4 processes, batches of 4 MiB',
    processes: 4,
    place: 'clickhouse',
    options: { batch: { maxBytes: 4 * MIB } },
  },
  { title: 'ClickHouse, 4 processes', processes: 4, place: 'clickhouse' },
  { title: 'JetStream, 4 processes', processes: 4, place: 'jetstream' },
];

/** What came of a way of writing, in one database. */
interface Sitting {
  readonly writing: Writing;
  /** The first of them, in which code is compiled, is left out of the figures. */
  readonly rounds: readonly WrittenTogether[];
  readonly bytes: number;
}

/** How much several processes write into one database, and what that takes on its disk. The control is another database of the same kind. */
export const sizing: Benchmark = {
  id: 'SIZING',
  async run(scale) {
    const sittings: Sitting[] = [];
    for (const writing of shuffled([...WRITINGS, ...WRITINGS])) sittings.push(await sit(writing, scale));
    return WRITINGS.flatMap((writing) =>
      findingsOf(
        writing,
        sittings.filter((sitting) => sitting.writing === writing),
      ),
    );
  },
};

async function sit(writing: Writing, scale: Scale): Promise<Sitting> {
  const { processes, place, options = {} } = writing;
  const { make, measureBytes } = PLACES[place];
  const address = await make();
  const plan = scale === 'quick' ? [1000, 2000] : [10_000, 50_000, 50_000, 50_000];
  const amounts = plan.map((records) => records / processes);
  const rounds = await writeTogether(processes, { place, address, options }, amounts);
  return { writing, rounds, bytes: await measureBytes(address) };
}

function findingsOf({ title }: Writing, sittings: readonly Sitting[]): Finding[] {
  const finding = (what: string, ...[value, control = value]: Estimate[]): Finding =>
    judge('SIZING', `${what}: ${title}`, value as Estimate, control as Estimate, null);
  const medians = (figure: (round: WrittenTogether) => number): Estimate[] =>
    sittings.map(({ rounds }) => estimateMedian(rounds.slice(1).map(figure)));
  const sizes = sittings.map(({ rounds, bytes }) =>
    exactly(bytes / rounds.reduce((sum, { records }) => sum + records, 0)),
  );
  return [
    finding('records/s', ...medians(({ records, ms }) => (records / ms) * 1000)),
    finding('CPU time of Node a record, µs', ...medians(({ records, cpuUs }) => cpuUs / records)),
    finding(
      'CPU time of the server a record, µs',
      ...medians(({ records, serverCpuUs }) => serverCpuUs / records),
    ),
    finding('records a batch', ...medians(({ records, batches }) => records / batches)),
    finding('MB a million records', ...sizes),
  ];
}
