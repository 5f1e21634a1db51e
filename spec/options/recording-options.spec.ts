import { inspect } from 'node:util';
import { expect } from 'chai';
import { OptionReader } from '../../src/option-reader.js';
import {
  type RespectOptions,
  RECORDING_NAMES,
  type RecordingOptions,
  type RecordingSettings,
  resolveRecordingOptions,
} from '../../src/options/recording-options.js';
import { refusalOf } from '../support/refusal.js';

function resolveWhat(options: RecordingOptions): RecordingSettings {
  const reader = new OptionReader<RecordingOptions>('trackUsage', options, RECORDING_NAMES);
  return resolveRecordingOptions('trackUsage', reader, options.respect);
}

const A_PATH_LIST =
  "a list of paths that begin with '/', and may end in '/*' for all below them, or of regular expressions";
const A_NAME_LIST = 'a list of query names, each written out, as there is no wildcard';

const REFUSALS: readonly (readonly [name: keyof RecordingOptions, value: unknown, expected: string])[] = [
  ['query', 'page', A_NAME_LIST],
  ['query', [''], A_NAME_LIST],
  ['query', ['page', 5], A_NAME_LIST],
  ['query', ['*'], A_NAME_LIST],
  ['query', ['page', 'utm_*'], A_NAME_LIST],
  ['query', null, A_NAME_LIST],
  ['query', new Set(['page']), A_NAME_LIST],
  ['redact', 'path', 'a function'],
  ['redact', null, 'a function'],
  ['ignore', /health/, 'a function'],
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
  ['keepErrors', 1, 'true or false'],
  ['bots', 'drop', "'tag' or 'skip'"],
  ['keepUserAgent', 'no', 'true or false'],
  ['visitors', 'daily', 'true or false'],
];

describe('The options of what is recorded', () => {
  it('have these defaults', () => {
    expect(resolveWhat({})).to.deep.equal({
      query: [],
      params: {},
      redact: null,
      ignore: null,
      ignorePaths: [],
      sampleRate: 1,
      keepErrors: false,
      bots: 'tag',
      keepUserAgent: true,
      visitors: false,
      respect: { gpc: 'ignore', dnt: 'ignore' },
    });
  });

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
    expect(resolveWhat(given)).to.deep.equal(given);
  });

  it('are not changed by what becomes of the lists that were given', () => {
    const query = ['page'];
    const ignorePaths = ['/health'];
    const settings = resolveWhat({ query, ignorePaths });
    query.push('token');
    ignorePaths.push('/orders');
    expect(settings).to.deep.include({ query: ['page'], ignorePaths: ['/health'] });
  });

  for (const [name, value, expected] of REFUSALS) {
    it(`refuse ${name}: ${inspect(value)}`, () => {
      const { code, message } = refusalOf(() => resolveWhat({ [name]: value }));
      expect(code).to.equal('INVALID_OPTION');
      expect(message).to.contain(
        `trackUsage: the option '${name}' is ${inspect(value)}; expected ${expected}`,
      );
    });
  }

  it('refuse a parameter that is neither kept nor redacted', () => {
    const params = { id: 'hide' } as unknown as RecordingOptions['params'];
    expect(refusalOf(() => resolveWhat({ params })).message).to.contain("the option 'params' is");
  });

  it('refuse any other answer to a signal, and any other signal', () => {
    const refuse = (respect: unknown): string =>
      refusalOf(() => resolveWhat({ respect: respect as RespectOptions })).message;
    for (const name of ['gpc', 'dnt'])
      expect(refuse({ [name]: true })).to.contain(
        `the option 'respect.${name}' is true; expected 'ignore' or 'anonymize' or 'skip'`,
      );
    expect(refuse({ cookies: 'skip' })).to.contain("no option 'respect.cookies'");
    expect(refuse('skip')).to.contain("the option 'respect' is 'skip'; expected an object such as { gpc }");
  });
});
