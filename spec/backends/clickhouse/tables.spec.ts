import { expect } from 'chai';
import { clickHouseTables } from '../../../src/backends/clickhouse/index.js';
import { USAGE_COLUMNS } from '../../../src/record/columns.js';

describe('clickHouseTables', () => {
  it('has a column for each of a record', () => {
    const [records = ''] = clickHouseTables();
    for (const { name, isNullable } of USAGE_COLUMNS)
      expect(records).to.match(new RegExp(`^  \`${name}\` .*${isNullable ? 'Nullable' : ''}`, 'm'));
    expect(records).to.match(/^create table if not exists `koa_usage` \(/);
  });

  it('makes no table on other servers unless it is told a cluster', () => {
    const statements = clickHouseTables('calls');
    expect(statements).to.have.lengthOf(2);
    expect(statements[1]).to.match(/^create table if not exists `calls_summary` \(/);
    for (const sql of statements) expect(sql).to.not.match(/on cluster|Replicated|Distributed/);
  });

  it('distributes the records of a cluster by their ids, and copies the summaries to every server', () => {
    const [stored = '', records = '', rows = ''] = clickHouseTables('calls', 'main-1');
    expect(stored)
      .to.match(/^create table if not exists `calls_local` on cluster `main-1` \(/)
      .and.include('engine = ReplicatedReplacingMergeTree(version)');
    expect(records).to.equal(
      'create table if not exists `calls` on cluster `main-1` as `calls_local`\n' +
        "engine = Distributed('main-1', currentDatabase(), 'calls_local', cityHash64(id))",
    );
    expect(rows)
      .to.match(/^create table if not exists `calls_summary` on cluster `main-1` \(/)
      .and.include(
        "ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/calls_summary', '{shard}_{replica}', version, is_deleted)",
      )
      .and.include('replicated_deduplication_window = 10000');
  });
});
