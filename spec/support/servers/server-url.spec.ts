import { expect } from 'chai';
import { ServerUrl } from './server-url.js';

describe('The URL of a test server', () => {
  it('is that of another database with the rest as it was', () => {
    const url = new ServerUrl('postgres://us%40er:p%3Aw@db.example:6000/first?sslmode=disable');
    expect(url.database()).to.equal('postgres://us%40er:p%3Aw@db.example:6000/first?sslmode=disable');
    expect(url.database('other')).to.equal('postgres://us%40er:p%3Aw@db.example:6000/other?sslmode=disable');
    expect(url).to.include({ host: 'db.example', port: 6000, user: 'us@er', password: 'p:w' });
  });

  it('has the port of its engine and no user where it names none', () => {
    expect(new ServerUrl('mysql://127.0.0.1', 3306)).to.include({ port: 3306, user: '', password: '' });
  });

  it('keeps all hosts of a replica set, and who knows the user', () => {
    const url = new ServerUrl('mongodb://u:p@a:1,b:2/app?replicaSet=rs0');
    expect(url.database('x')).to.equal('mongodb://u:p@a:1,b:2/x?replicaSet=rs0&authSource=app');
    expect(url).to.include({ host: 'a', port: 1 });
    expect(new ServerUrl('mongodb://u:p@a').database('x')).to.equal('mongodb://u:p@a/x?authSource=admin');
    expect(new ServerUrl('mongodb://a').database('x')).to.equal('mongodb://a/x');
  });
});
