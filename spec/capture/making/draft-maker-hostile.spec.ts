import { expect } from 'chai';
import { Get, JsonController, Param } from 'routing-controllers';
import { type TrackUsageOptions, TrackedController } from '../../../src/index.js';
import { TEXT_LIMITS } from '../../../src/record/limits.js';
import { askRaw, exchangeRaw, rawRequest } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import { type Served, serve } from '../../support/serve.js';

@TrackedController()
@JsonController('/files')
class FileController {
  @Get('/:name')
  one(@Param('name') name: string) {
    return { length: name.length };
  }
}

describe('What strangers send', () => {
  let served: Served;

  async function recordOf(target: string, headers: string[] = [], tracker: TrackUsageOptions = {}) {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), tracker);
    expect(await askRaw(served.port, target, headers)).to.match(/^HTTP\/1.1 200 /);
    return onlyRecord(served);
  }

  afterEach(() => served.close());

  it('may be a user agent of 15 KB, which is cut', async () => {
    const { userAgent } = await recordOf('/', [`User-Agent: ${'x'.repeat(15_000)}`]);
    expect(userAgent.string).to.equal(`${'x'.repeat(TEXT_LIMITS.userAgentString - 1)}…`);
  });

  it('may be a user agent in UTF-8 or in Latin-1', async () => {
    const utf8 = Buffer.from('Zoë/1.0 😀').toString('latin1');
    expect((await recordOf('/', [`User-Agent: ${utf8}`])).userAgent.string).to.equal('Zoë/1.0 😀');
    await served.close();
    expect((await recordOf('/', ['User-Agent: Zo\u00eb/1.0'])).userAgent.string).to.equal('Zoë/1.0');
  });

  for (const path of [
    '/%E0%A4%A',
    '/a%00b',
    '/%F0%9F%98%80',
    '//evil.test/a',
    '/../../etc/passwd',
    '/<script>',
  ]) {
    it(`may be the path ${path}, which is kept as it was sent`, async () => {
      const record = await recordOf(path);
      expect(record.path).to.equal(path);
      expect(record.url).to.equal(`http://spec.test${path}`);
    });
  }

  it('may be a path of 15 KB, which is cut', async () => {
    const record = await recordOf(`/${'p'.repeat(15_000)}`);
    expect(record.path).to.equal(`/${'p'.repeat(TEXT_LIMITS.path - 2)}…`);
    expect(record.url).to.have.length(TEXT_LIMITS.url);
    expect(record.url).to.match(/^http:\/\/spec\.test\/p+…$/);
  });

  it('may be raw bytes in the path, which Node refuses before anyone sees them', async () => {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'));
    const bytes = Buffer.from(rawRequest('/😀', ['Connection: close']), 'utf8');
    expect(await exchangeRaw(served.port, bytes)).to.match(/^HTTP\/1.1 400 /);
    expect(await served.records()).to.deep.equal([]);
  });

  for (const [sent, param] of [
    ['a%00b', 'a\ufffdb'],
    ['%E0%A4%A', '%E0%A4%A'],
    ['%F0%9F%98%80', '😀'],
    ['__proto__', '__proto__'],
    ['x'.repeat(2000), `${'x'.repeat(1023)}…`],
  ] as const) {
    it(`may be the route parameter ${sent.slice(0, 20)}`, async () => {
      served = await serve({ controllers: [FileController] });
      await askRaw(served.port, `/files/${sent}`);
      const record = await onlyRecord(served);
      expect(record.params).to.deep.equal({ name: param });
      expect(record).to.include({ status: 200, route: '/files/:name' });
    });
  }

  it('may be query names that objects have of their own', async () => {
    const names = ['__proto__', 'a[__proto__][x]', 'constructor'];
    const { query } = await recordOf('/?__proto__=1&a[__proto__][x]=1', [], { query: names });
    expect(Object.entries(query ?? {})).to.deep.equal([
      ['__proto__', '1'],
      ['a[__proto__][x]', '1'],
    ]);
    expect(Object.getPrototypeOf(query)).to.equal(Object.prototype);
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
    expect(({} as { x?: unknown }).x).to.equal(undefined);
  });

  it('may be 2,000 query names, or one name 2,000 times', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => `n${index}=1`).join('&');
    expect((await recordOf(`/?${many}`, [], { query: ['n7'] })).query).to.deep.equal({ n7: '1' });
    await served.close();
    const { query } = await recordOf(`/?${'a=1&'.repeat(2000)}`, [], { query: ['a'] });
    expect(query?.['a']).to.deep.equal([...Array.from({ length: 64 }, () => '1'), '…']);
  });

  it('may be OPTIONS *', async () => {
    served = await serveHandler((ctx) => void (ctx.status = 204));
    await askRaw(served.port, '*', [], 'OPTIONS');
    expect(await onlyRecord(served)).to.include({ method: 'OPTIONS', path: '*', status: 204 });
  });

  it('may be a target in absolute form', async () => {
    expect(await recordOf('http://other.test:81/a/b?c=1')).to.include({ path: '/a/b' });
  });

  for (const host of [
    '',
    ' ',
    'a b',
    '<script>',
    '::::',
    '[::1',
    '%00',
    'x'.repeat(9000),
    '\u00ff\u00fe',
    'a,b,c',
    '@',
    '@@@',
  ]) {
    it(`may be the host '${host.slice(0, 10)}'`, async () => {
      served = await serveHandler((ctx) => void (ctx.body = 'ok'));
      const response = await exchangeRaw(
        served.port,
        `GET /page HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect(response).to.match(/^HTTP\/1.1 200 /);
      const record = await onlyRecord(served);
      expect(record.path).to.equal('/page');
      // Without a host there is no origin.
      expect(record.url).to.match(/^(http:\/\/[^@/]|\/page$)/);
      expect(record.url.length).to.be.at.most(TEXT_LIMITS.url);
    });
  }

  for (const languages of [
    ';q=1',
    ',,,',
    'x'.repeat(5000),
    'en;q=NaN',
    '\u00ff',
    ', '.repeat(3000),
    '*;q=0',
  ]) {
    it(`may be the languages '${languages.slice(0, 10)}'`, async () => {
      const { userAgent } = await recordOf('/', [`Accept-Language: ${languages}`]);
      expect(userAgent.language?.length ?? 0).to.be.at.most(TEXT_LIMITS.userAgentPart);
    });
  }

  for (const [what, credentials, username] of [
    ['junk', '%%%%', null],
    ['no base64', '====', null],
    ['no colon', btoa('ada'), null],
    ['UTF-8', Buffer.from('zoë😀:x').toString('base64'), 'zoë😀'],
    ['NUL', btoa('a\0b:x'), 'a\ufffdb'],
    ['a long name', btoa(`${'n'.repeat(2000)}:x`), `${'n'.repeat(254)}…`],
    ['almost as much as Node takes', 'QUFB'.repeat(3500), null],
  ] as const) {
    it(`may be Basic credentials with ${what}`, async () => {
      const record = await recordOf('/', [`Authorization: Basic ${credentials}`]);
      expect(record).to.include({ username, authorization: true });
    });
  }

  it('may have become a user name with control characters and lone surrogates', async () => {
    const record = await recordOf('/', [], { user: () => 'a\u001b[31m\r\nb\0c\ud800' });
    expect(record.username).to.equal('a\u001b[31m\r\nb\ufffdc\ufffd');
  });

  it('may be a method of its own', async () => {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'));
    await askRaw(served.port, '/', [], 'PROPFIND');
    expect((await onlyRecord(served)).method).to.equal('PROPFIND');
  });
});
