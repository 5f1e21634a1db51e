import { execFile } from 'node:child_process';
import { expect } from 'chai';

interface Run {
  readonly code: number;
  readonly output: string;
  readonly complaint: string;
}

function bench(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['bench/dist/bench/main.js', ...args], (error, output, complaint) =>
      resolve({ code: Number(error?.code ?? 0), output, complaint }),
    );
  });
}

describe('npm run bench', function () {
  this.timeout(60_000);

  it('prints one object a line with --json', async () => {
    const { code, output, complaint } = await bench('p1', '--quick', '--json');
    expect(complaint).to.equal('');
    const [line, ...rest] = output.trimEnd().split('\n');
    expect(rest).to.deep.equal([]);
    const finding = JSON.parse(String(line)) as Record<string, unknown>;
    expect(Object.keys(finding)).to.deep.equal([
      'id',
      'what',
      'value',
      'low',
      'high',
      'control',
      'gate',
      'goal',
      'ok',
    ]);
    expect(finding).to.include({ id: 'P1', gate: 1.12, goal: 1.05 });
    for (const name of ['value', 'low', 'high']) expect(finding[name], name).to.be.a('number').above(0);
    expect(finding['control']).to.have.all.keys('value', 'low', 'high');
    expect(code).to.equal(finding['ok'] === true ? 0 : 1);
  });

  it('says which benchmarks there are when asked for another', async () => {
    const { code, output, complaint } = await bench('P99');
    expect({ code, output }).to.deep.equal({ code: 2, output: '' });
    expect(complaint).to.equal(
      'There is no benchmark P99. There are P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, ENRICHED, MONTHS, SIZING, SIZING-REPORTS.\n',
    );
  });
});
