import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatCombined } from '../../../src/backends/printer/formats.js';
import type { UsageRecordDraft } from '../../../src/record/usage-record.js';
import { HOSTILE_TEXTS } from '../../support/hostile-values.js';
import { leavePending } from '../../support/pending.js';
import { makeRecord } from '../../support/records.js';
import { run } from '../../support/run.js';

const NO_AGENT = { browser: null, version: null, platform: null, language: null, string: null };

/** Records of which readers of the format have refused lines, or might. */
const RECORDS: readonly Partial<UsageRecordDraft>[] = [
  {},
  { remoteAddr: null },
  { remoteAddr: '2001:db8:1::' },
  { status: null, aborted: true, responseBytes: null },
  { userAgent: NO_AGENT },
  ...['', 'ada lovelace', '[ada]', 'ada "the" first', 'a\\b', 'adé', ']'].map((username) => ({ username })),
  ...HOSTILE_TEXTS.map(([, text]) => ({
    username: text,
    path: `/${text}`,
    userAgent: { ...NO_AGENT, string: text },
  })),
];

describe('GoAccess', () => {
  it("reads all lines of the format 'combined'", async function () {
    const version = await run('goaccess', ['--version']).catch(() => null);
    if (version === null) leavePending(this, 'goaccess is not installed');
    const folder = await mkdtemp(join(tmpdir(), 'goaccess-'));
    const lines = RECORDS.map((fields) => formatCombined(makeRecord(fields)));
    const [log, report] = ['access.log', 'report.json'].map((name) => join(folder, name)) as [string, string];
    await writeFile(log, `${lines.join('\n')}\n`);
    const ended = await run('goaccess', [
      log,
      '--log-format=COMBINED',
      '--no-global-config',
      '--no-progress',
      '-o',
      report,
    ]);
    expect(ended.code, ended.stderr).to.equal(0);
    const { general } = JSON.parse(await readFile(report, 'utf8')) as { general: Record<string, number> };
    await rm(folder, { recursive: true });
    expect(general).to.include({ total_requests: lines.length, failed_requests: 0 });
  });
});
