import { inspect } from 'node:util';
import { expect } from 'chai';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import type { RecordingOptions } from '../../src/options/recording-options.js';
import { refusalOf } from '../support/refusal.js';

const A_PATH_LIST =
  "a list of paths that begin with '/', and may end in '/*' for all below them, or of regular expressions";
const A_NAME_LIST = 'a list of query names, each written out, as there is no wildcard';

const REFUSALS: readonly (readonly [name: keyof RecordingOptions, value: unknown, expected: string])[] = [
  ['query', 'page', A_NAME_LIST],
  ['query', [''], A_NAME_LIST],
  ['query', ['page', 5], A_NAME_LIST],
  ['query', ['*'], A_NAME_LIST],
  ['query', ['page', 'utm_*'], A_NAME_LIST],
  ['query', new Set(['page']), A_NAME_LIST],
  ['ignorePaths', '/health', A_PATH_LIST],
  ['ignorePaths', ['health'], A_PATH_LIST],
  ['ignorePaths', ['/health', ''], A_PATH_LIST],
  ['ignorePaths', [/health/, null], A_PATH_LIST],
  ['ignorePaths', ['/users/*/avatar'], A_PATH_LIST],
  ['ignorePaths', ['/internal*'], A_PATH_LIST],
  ['ignorePaths', ['/*/*'], A_PATH_LIST],
  ['ignorePaths', ['/**'], A_PATH_LIST],
  ['ignorePaths', ['*'], A_PATH_LIST],
  ['sampleRate', 1.5, 'a number from 0 to 1'],
];

describe('The options of what is recorded', () => {
  it('are taken over', () => {
    const given = {
      query: ['page'],
      params: { id: 'redact' },
      redact: () => {},
      ignore: () => false,
      ignorePaths: ['/health', '/internal/*', '/a/', '/*', '/', /^\/v\d/],
      sampleRate: 0.5,
      keepErrors: true,
      bots: 'skip',
      keepUserAgent: false,
      visitors: true,
      respect: { gpc: 'anonymize', dnt: 'skip' },
    } as const;
    expect(resolveTrackerOptions(given)).to.deep.include(given);
  });

  it('are not changed by what becomes of the lists that were given', () => {
    const query = ['page'];
    const ignorePaths = ['/health'];
    const settings = resolveTrackerOptions({ query, ignorePaths });
    query.push('token');
    ignorePaths.push('/orders');
    expect(settings).to.deep.include({ query: ['page'], ignorePaths: ['/health'] });
  });

  for (const [name, value, expected] of REFUSALS) {
    it(`refuse ${name}: ${inspect(value)}`, () => {
      const { code, message } = refusalOf(() => resolveTrackerOptions({ [name]: value }));
      expect(code).to.equal('INVALID_OPTION');
      expect(message).to.contain(
        `trackUsage: the option '${name}' is ${inspect(value)}; expected ${expected}`,
      );
    });
  }

  it('refuse a parameter that is neither kept nor redacted', () => {
    const params = { id: 'hide' } as unknown as RecordingOptions['params'];
    expect(refusalOf(() => resolveTrackerOptions({ params })).message).to.contain("the option 'params' is");
  });
});
