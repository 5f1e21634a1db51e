import { expect } from 'chai';
import * as fc from 'fast-check';
import { headerText } from '../../../src/capture/request/header-text.js';
import { anyText } from '../../support/any-text.js';

describe('headerText', () => {
  it('always gives back the characters that a client sent as UTF-8', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(headerText(Buffer.from(text, 'utf8').toString('latin1'))).to.equal(text);
      }),
    );
  });

  it('leaves bytes that are not UTF-8 as Latin-1', () => {
    expect(headerText('zo\u00eb')).to.equal('zo\u00eb');
    expect(headerText('\u00ff\u00fe')).to.equal('\u00ff\u00fe');
  });

  it('leaves ASCII alone', () => {
    expect(headerText('Mozilla/5.0 (X11)')).to.equal('Mozilla/5.0 (X11)');
    expect(headerText('')).to.equal('');
  });
});
