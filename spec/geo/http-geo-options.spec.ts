import { expect } from 'chai';
import { type HttpGeoOptions, httpGeo } from '../../src/geo/index.js';
import { refusalOf } from '../support/refusal.js';

const URL_OF_SERVICE = 'https://geo.example/{ip}';

function refuse(options: unknown): string {
  const { code, message } = refusalOf(() => httpGeo(options as HttpGeoOptions));
  expect(code).to.equal('INVALID_OPTION');
  return message;
}

describe('The options of httpGeo', () => {
  it('take an address in the path and in the query', () => {
    for (const url of [
      URL_OF_SERVICE,
      'http://10.0.0.1:8080/?q={ip}',
      'https://user:key@geo.example/a/{ip}/b',
    ]) {
      expect(httpGeo({ url })).to.be.a('function');
    }
  });

  it('refuse a URL that names no place for the address, or the wrong one', () => {
    const urls = [
      undefined,
      7,
      '',
      '/json/{ip}',
      'https://geo.example/',
      'https://geo.example/#{ip}',
      'https://{ip}.geo.example/',
      'https://{ip}/',
      'https://{ip}@geo.example/{ip}',
      'https://geo.example:{ip}/',
      'ftp://geo.example/{ip}',
      'file:///{ip}',
    ];
    for (const url of urls) {
      expect(refuse({ url }), String(url))
        .to.match(/^httpGeo: the option 'url' is /)
        .and.contain('https://geo.example/json/{ip}');
    }
  });

  it('keep keys out of errors', () => {
    for (const url of ['https://user:secret@geo.example/ip', 'https://geo.example/secret/ip?key=secret'])
      expect(refuse({ url }))
        .to.match(/'url' is 'https:.*…'; expected an http/)
        .and.not.contain('secret');
    for (const headers of [
      { authorization: 'secret\n' },
      { authorization: ['secret'] },
      { 'a b': 'secret' },
      'secret',
    ]) {
      expect(refuse({ url: URL_OF_SERVICE, headers }))
        .to.contain("the option 'headers")
        .and.not.contain('secret');
    }
  });
});
