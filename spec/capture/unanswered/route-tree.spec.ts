import { expect } from 'chai';
import * as fc from 'fast-check';
import { RouteTree } from '../../../src/capture/unanswered/route-tree.js';

/** A tree of these templates, and what it finds. */
function finder(templates: readonly string[]): (path: string) => string[] {
  const tree = new RouteTree<string>();
  for (const template of templates) tree.add(template, template);
  return (path) => tree.find(path).map(({ item }) => item);
}

describe('RouteTree', () => {
  const TEMPLATES = [
    '/',
    '/api/users',
    '/api/users/:id',
    '/api/:kind/:id',
    '/api/users/:id.pdf/:page',
    '/api/files(.*)',
    '/api/Files/:rest*',
    '*',
  ];

  for (const [path, templates] of [
    ['/', ['/', '*']],
    ['/api/users', ['/api/users', '*']],
    ['/API/Users/', ['/api/users', '*']],
    ['/api/users/5', ['/api/users/:id', '/api/:kind/:id', '*']],
    ['/api/orders/5', ['/api/:kind/:id', '*']],
    ['/api/users/5/6', ['/api/users/:id.pdf/:page', '*']],
    ['/api/files', ['/api/files(.*)', '/api/Files/:rest*', '*']],
    ['/api/files/a/b', ['/api/files(.*)', '/api/Files/:rest*', '*']],
    ['/api/files2', ['/api/files(.*)', '*']],
    ['/elsewhere', ['*']],
  ] as const) {
    it(`finds for ${path} what covers it`, () => {
      expect(finder(TEMPLATES)(path)).to.have.members(templates);
    });
  }

  it('always finds of many templates those that it finds of each alone', () => {
    const part = fc.constantFrom('a', 'B', 'ab', ':id', ':id.pdf', 'a(.*)', ':rest*', '{:x}', '');
    const template = fc.array(part, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    const asked = fc.array(fc.constantFrom('a', 'b', 'AB', 'c', ''), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(template, { maxLength: 8 }), asked, (templates, parts) => {
        const path = `/${parts.join('/')}`;
        const alone = templates.filter((one) => finder([one])(path).length === 1);
        expect(finder(templates)(path)).to.have.members(alone);
      }),
    );
  });

  it('takes an empty template for one at the root', () => {
    expect(finder([''])('/')).to.have.lengthOf(1);
    expect(finder([''])('/a')).to.deep.equal([]);
  });

  it('looks no deeper into a path than its templates reach', () => {
    expect(finder(['/:a/:b'])(`/${'x/'.repeat(100_000)}`)).to.deep.equal([]);
  });

  it('tells which template says most of a path', () => {
    const tree = new RouteTree<string>();
    for (const template of ['/a/b', '/a/:id', '/:kind/:id', '/a/b(.*)', '*']) tree.add(template, template);
    const closest = tree.find('/a/b').toSorted((one, other) => other.closeness - one.closeness);
    expect(closest.map(({ item }) => item)).to.deep.equal(['/a/b', '/a/:id', '/:kind/:id', '/a/b(.*)', '*']);
  });
});
