import { expect } from 'chai';
import * as fc from 'fast-check';
import { basicAuth } from '../../src/dashboard/index.js';
import { anyText } from '../support/any-text.js';
import { type ServedDashboard, serveDashboard } from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { refusalOf } from '../support/refusal.js';

const [USERNAME, PASSWORD] = ['ädä', 'pä:ss:wörd 😀'];

const base64 = (text: string | Buffer): string => Buffer.from(text as string).toString('base64');

/** What the header holds, and is not the right name and password. */
const WRONG: readonly (readonly [what: string, header: string])[] = [
  ['nothing', ''],
  ['a scheme alone', 'Basic'],
  ['no credentials', 'Basic '],
  ['another scheme', `Bearer ${base64(`${USERNAME}:${PASSWORD}`)}`],
  ['no scheme', base64(`${USERNAME}:${PASSWORD}`)],
  ['no base64', 'Basic %%%'],
  ['base64 of nothing', 'Basic ===='],
  ['name and password as they are', 'Basic ada:secret'],
  ['no colon', `Basic ${base64(USERNAME + PASSWORD)}`],
  ['no password', `Basic ${base64(`${USERNAME}:`)}`],
  ['no name', `Basic ${base64(`:${PASSWORD}`)}`],
  ['a colon alone', `Basic ${base64(':')}`],
  ['another name', `Basic ${base64(`eve:${PASSWORD}`)}`],
  ['the first part of the password', `Basic ${base64(`${USERNAME}:pä`)}`],
  ['the password and more', `Basic ${base64(`${USERNAME}:${PASSWORD}x`)}`],
  ['a NUL behind the password', `Basic ${base64(`${USERNAME}:${PASSWORD}\0`)}`],
  ['another case', `Basic ${base64(`${USERNAME}:${PASSWORD.toUpperCase()}`)}`],
  ['Latin-1', `Basic ${base64(Buffer.from(`${USERNAME}:${PASSWORD}`, 'latin1'))}`],
  ['two credentials', `Basic ${base64(`${USERNAME}:${PASSWORD}`)}, Basic ${base64('a:b')}`],
  ['8,000 characters', `Basic ${'A'.repeat(8000)}`],
];

describe('basicAuth', () => {
  let served: ServedDashboard;

  before(async () => {
    served = await serveDashboard({ authorize: basicAuth({ username: USERNAME, password: PASSWORD }) });
  });

  after(() => served.close());

  const ask = (authorization: string | null): Promise<WireAnswer> =>
    send(`${served.origin}/?asset=style.css`, authorization === null ? {} : { Authorization: authorization });

  function expectAsked(answer: WireAnswer): void {
    expect(answer.status).to.equal(401);
    expect(answer.headers['www-authenticate']).to.equal('Basic realm="usage", charset="UTF-8"');
    expect(answer.text).to.equal('You may not see this page.');
  }

  for (const scheme of ['Basic', 'basic', 'BASIC', 'Basic ']) {
    it(`lets those in who send the right name and password behind '${scheme}'`, async () => {
      const answer = await ask(`${scheme} ${base64(`${USERNAME}:${PASSWORD}`)}`);
      expect(answer.status).to.equal(200);
      expect(answer.headers).to.not.have.property('www-authenticate');
    });
  }

  it('asks those for name and password who send none', async () => expectAsked(await ask(null)));

  for (const [what, header] of WRONG) {
    it(`asks again where the header holds ${what}`, async () => expectAsked(await ask(header)));
  }

  it('lets nobody in by headers that are too long for the server', async () => {
    expect((await ask(`Basic ${'A'.repeat(60_000)}`)).status).to.equal(431);
  });

  it('tells nobody of failed attempts, as strangers could fill the log', () => {
    expect(served.errors).to.deep.equal([]);
  });

  it('lets none but the right one in', async () => {
    const name = anyText({ minLength: 1 }).filter((text) => /^[^:\p{Cc}]+$/u.test(text));
    const secret = anyText({ minLength: 1 }).filter((text) => /^\P{Cc}+$/u.test(text));
    const given = fc.oneof(fc.tuple(name, secret), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(name, secret, given, async (username, password, other) => {
        const authorize = basicAuth({ username, password });
        const [sentName, sentSecret] = other ?? [username, password];
        const header = `Basic ${base64(`${sentName}:${sentSecret}`)}`;
        const context = { get: () => header, set: () => undefined, status: 404 };
        const isRight = sentName === username && sentSecret === password;
        expect(await authorize(context as never)).to.equal(isRight);
      }),
    );
  });

  for (const [what, options, said] of [
    ['no options', undefined, /an object/],
    ['no name', { password: 'x' }, /'username' is undefined/],
    ['no password', { username: 'x' }, /'password' is undefined/],
    ['an empty name', { username: '', password: 'x' }, /'username' is ''/],
    ['an empty password', { username: 'x', password: '' }, /'password' cannot be used/],
    ['a name with a colon', { username: 'a:b', password: 'x' }, /'username' is 'a:b'.*no colon/],
    ['a name with a line break', { username: 'a\n', password: 'x' }, /no control characters/],
    ['a password with a line break', { username: 'a', password: 'hunter2\n' }, /line break at its end/],
    ['a password that is no text', { username: 'a', password: 5 }, /'password' cannot be used/],
    ['another option', { username: 'a', password: 'x', realm: 'y' }, /no option 'realm'/],
  ] as const) {
    it(`refuses ${what}, and shows no password`, () => {
      const { code, message } = refusalOf(() => basicAuth(options as never));
      expect(code).to.equal('INVALID_OPTION');
      expect(message)
        .to.match(/^basicAuth: /)
        .and.match(said)
        .and.not.include('hunter2');
    });
  }
});
