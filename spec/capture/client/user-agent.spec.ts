import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { UserAgentReader, withoutText } from '../../../src/capture/client/user-agent.js';
import { TEXT_LIMITS } from '../../../src/record/limits.js';
import { anyText } from '../../support/any-text.js';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0';

/** Agents of more bytes in UTF-8 than characters are kept, which differ behind those bytes. */
const ALIKE = ['a', 'b'].map((end) => Buffer.from(`${'\u00e9'.repeat(800)}${end}`).toString('latin1'));

function read(header: string | undefined, languages?: string) {
  return new UserAgentReader().read(header, languages);
}

describe('UserAgentReader', () => {
  it('tells browser, version, platform and language', () => {
    expect(read(FIREFOX, 'de-CH, en;q=0.5')).to.deep.include({
      userAgent: {
        browser: 'Firefox',
        version: '143.0',
        platform: 'Windows',
        language: 'de-CH',
        string: FIREFOX,
      },
      bot: false,
    });
  });

  it('knows nothing of a client that sent no header', () => {
    expect(read(undefined)).to.deep.include({
      userAgent: { browser: null, version: null, platform: null, language: null, string: null },
      bot: false,
    });
  });

  it('keeps an empty header apart from a missing one', () => {
    expect(read('').userAgent.string).to.equal('');
    const reader = new UserAgentReader();
    expect(
      [reader.read('', undefined), reader.read(undefined, undefined)].map((c) => c.userAgent.string),
    ).to.deep.equal(['', null]);
  });

  for (const [header, browser, version] of [
    ['okhttp/4.12.0', 'okhttp', '4.12.0'],
    ['MyApp/1.2 (Android 14; Pixel 8) okhttp/4.12.0', 'MyApp', '1.2'],
    ['MyApp/42 CFNetwork/1490.0.4 Darwin/23.2.0', 'MyApp', '42'],
    ['Ktor client', 'Ktor', null],
    ['inventory-service/v2.3.1', 'inventory-service', '2.3.1'],
    ['com.example.shop/512 (iOS; 17.3)', 'com.example.shop', '512'],
    ['Mozilla/5.0 (unknown)', null, null],
    ['(no product)', null, null],
    ['', null, null],
  ] as const) {
    it(`tells ${browser} ${version} from '${header}', which is no browser`, () => {
      expect(read(header)).to.deep.include({ bot: false });
      expect(read(header).userAgent).to.deep.include({ browser, version, string: header });
    });
  }

  for (const [languages, language] of [
    ['en;q=0.2, fr;q=0.9, de;q=0.5', 'fr'],
    ['*', null],
    ['', null],
    [';;q=,,', null],
    [';;;q=,,=', null],
    ['zh-Hant-TW', 'zh-Hant-TW'],
    [`${'x'.repeat(200)};q=1`, null],
    ['en;q=0', null],
    [`de;q=0.1,${'x;q=0.01,'.repeat(27)}en-US;q=0.2`, 'de'],
    ['x'.repeat(300), null],
  ] as const) {
    it(`takes ${language} from the languages '${languages.slice(0, 30)}'`, () => {
      expect(read(FIREFOX, languages).userAgent.language).to.equal(language);
    });
  }

  it('always keeps the limits and never throws, whatever the headers', () => {
    const header = fc.option(
      fc.oneof(
        anyText(),
        fc.string({
          unit: fc.constantFrom('Mozilla/5.0 ', '(', ')', ';', '/', '\u00e9', ' rv:', 'Firefox/', '1'),
        }),
        fc.constantFrom('x'.repeat(15_000), '('.repeat(15_000), 'Mozilla/5.0 ('.repeat(1000)),
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(header, header, (agent, languages) => {
        const { userAgent } = read(agent, languages);
        const { string, ...parts } = userAgent;
        expect(string?.length ?? 0).to.be.at.most(TEXT_LIMITS.userAgentString);
        for (const part of Object.values(parts)) {
          expect(part?.length ?? 0).to.be.at.most(TEXT_LIMITS.userAgentPart);
        }
        expect(Object.isFrozen(userAgent)).to.equal(true);
      }),
    );
  });

  it('always answers the same for headers that it has seen as for new ones', () => {
    const reader = new UserAgentReader();
    const text = fc.option(fc.constantFrom('', 'a', 'en', 'en\u00e9', FIREFOX, 'x'.repeat(1100), ...ALIKE), {
      nil: undefined,
    });
    fc.assert(
      fc.property(text, text, (agent, languages) => {
        expect(reader.read(agent, languages)).to.deep.equal(read(agent, languages));
      }),
    );
  });

  it('tells agents apart that differ behind as many bytes as characters are kept', () => {
    const reader = new UserAgentReader();
    const texts = ALIKE.map((header) => reader.read(header, undefined).userAgent.string?.slice(-2));
    expect(texts).to.deep.equal(['\u00e9a', '\u00e9b']);
  });

  it('shares one frozen user agent among the requests that name no language', () => {
    const reader = new UserAgentReader();
    const { userAgent } = reader.read(FIREFOX, undefined);
    expect(reader.read(FIREFOX, undefined).userAgent).to.equal(userAgent);
    expect(reader.read(FIREFOX, 'de').userAgent).to.deep.equal({ ...userAgent, language: 'de' });
    expect(reader.read(FIREFOX, undefined).userAgent.language).to.equal(null);
  });

  it('tells nothing from what stands behind the text that is kept', () => {
    const long = `${FIREFOX} ${'x'.repeat(TEXT_LIMITS.userAgentString)}`;
    expect(read(`${long} Googlebot/2.1`)).to.deep.equal(read(long));
    expect(read(`${FIREFOX} Googlebot/2.1`).bot).to.equal(true);
  });

  it('forgets user agents that it has not seen for long', () => {
    const reader = new UserAgentReader();
    const { userAgent } = reader.read(FIREFOX, undefined);
    for (let other = 0; other < 25_000; other += 1) reader.read(`Other/${other}`, undefined);
    const again = reader.read(FIREFOX, undefined).userAgent;
    expect(again).to.deep.equal(userAgent);
    expect(again).to.not.equal(userAgent);
  });

  it('forgets languages that it has not seen for long', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const heapUsed = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const reader = new UserAgentReader();
    const before = heapUsed();
    for (let other = 0; other < 30_000; other += 1) {
      reader.read(FIREFOX, `x-${other}${';'.repeat(240)}`);
    }
    const grown = heapUsed() - before;
    expect(reader.read(FIREFOX, 'de').userAgent.language).to.equal('de');
    // All of them would take over eight million bytes.
    expect(grown).to.be.below(3_000_000);
  });

  it('leaves the text out on demand', () => {
    const { userAgent } = read(FIREFOX, 'de');
    const textless = withoutText(userAgent);
    expect(textless).to.deep.equal({ ...userAgent, string: null });
    expect(Object.isFrozen(textless)).to.equal(true);
  });

  it('leaves a product out with the text that it is a part of', () => {
    for (const header of ['MyApp/1.2 (beta 14)', `${'x'.repeat(70)}/1`, 'ada']) {
      expect(Object.values(withoutText(read(header).userAgent)), header).to.deep.equal(Array(5).fill(null));
    }
  });

  it('gives back characters that were sent as UTF-8, and takes others as Latin-1', () => {
    const utf8 = Buffer.from('Zoë/1.0 😀').toString('latin1');
    expect(read(utf8).userAgent.string).to.equal('Zoë/1.0 😀');
    expect(read('Zo\u00eb/1.0').userAgent.string).to.equal('Zoë/1.0');
  });
});

describe('What is remembered of headers', () => {
  /** Text of its own, as a header is. */
  const headerOf = (start: string): string => Buffer.from(start.padEnd(60_000, 'x')).toString('latin1');

  /** What the reader keeps alive of so many headers, in bytes. */
  function growthBy(
    headers: number,
    tell: (index: number) => [userAgent: string, languages: string],
  ): number {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const reader = new UserAgentReader();
    reader.read(FIREFOX, 'de');
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < headers; index += 1) reader.read(...tell(index));
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    // It was there all the time.
    expect(reader.read(FIREFOX, 'de').userAgent.browser).to.equal('Firefox');
    return grown;
  }

  it('is not a whole long User-Agent', () => {
    // The headers are 120 megabytes; what is kept of them is nine.
    expect(growthBy(2000, (index) => [headerOf(`${FIREFOX} ${index}`), 'de'])).to.be.below(36_000_000);
  });

  it('is not a whole long Accept-Language', () => {
    // The headers are 120 megabytes; what is kept of them is less than one.
    expect(growthBy(2000, (index) => [FIREFOX, headerOf(`de, x-${index},`)])).to.be.below(8_000_000);
  });
});
