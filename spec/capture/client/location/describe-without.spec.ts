import { expect } from 'chai';
import { describeWithout } from '../../../../src/capture/client/location/describe-without.js';
import { oddValues } from '../../../support/odd-values.js';

describe('A description of an error', () => {
  it('has no trace of the address', () => {
    const of = (text: string, address: string): string => describeWithout(new Error(text), address);
    expect(of('GET https://geo.example/8.8.8.8/json failed', '8.8.8.8')).to.equal(
      'Error: GET https://geo.example/…/json failed',
    );
    const address = '2606:4700::1111';
    for (const spelling of [
      address,
      '2606%3A4700%3A%3A1111',
      '2606%3a4700%3a%3a1111',
      '2606:4700:0:0:0:0:0:1111',
      '2606:4700::0:1111',
      '2606:4700::1111'.toUpperCase(),
      '2606:4700:0000:0000:0000:0000:0000:1111',
    ]) {
      expect(of(`no answer for [${spelling}]`, address)).to.equal('Error: no answer for […]');
      expect(of(`${spelling}: no answer`, address)).to.equal('Error: …: no answer');
      expect(of(`no answer for ${spelling}.`, address)).to.equal('Error: no answer for ….');
    }
    expect(describeWithout('8.8.8.8 is odd', '8.8.8.8')).to.equal('thrown: … is odd');
  });

  it('keeps other addresses, such as that of the end point', () => {
    const refused = new Error('connect ECONNREFUSED 127.0.0.1:8080');
    expect(describeWithout(refused, '8.8.8.8')).to.equal('Error: connect ECONNREFUSED 127.0.0.1:8080');
  });

  it('never throws', () => {
    for (const value of oddValues()) expect(describeWithout(value, '8.8.8.8')).to.be.a('string');
  });
});
