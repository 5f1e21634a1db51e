/** The parts of a server's URL. URLs with many hosts are no URLs to `URL`, and MongoDB's may have them. */
const PARTS =
  /^(?<scheme>[a-z+]+):\/\/(?:(?<credentials>[^/]*)@)?(?<hosts>[^/?]+)(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/;

/** A server's URL, of which others are made for its databases. */
export class ServerUrl {
  /** The first host. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly #parts: Record<string, string | undefined>;

  constructor(url: string, defaultPort = 0) {
    const parts = PARTS.exec(url)?.groups;
    if (parts === undefined)
      throw new Error('The URL of a test server has to be scheme://host:port/database.');
    this.#parts = parts;
    const [first = ''] = (parts['hosts'] ?? '').split(',');
    const port = /:(\d+)$/.exec(first)?.[1];
    this.host = port === undefined ? first : first.slice(0, -port.length - 1);
    this.port = port === undefined ? defaultPort : Number(port);
    const [user = '', ...password] = (parts['credentials'] ?? '').split(':');
    this.user = decodeURIComponent(user);
    this.password = decodeURIComponent(password.join(':'));
  }

  /** The URL of a database of this server; without a name, the one that the URL named. */
  database(name?: string): string {
    const { scheme, credentials, hosts, database = '', query } = this.#parts;
    const parameters = new URLSearchParams(query);
    // The database of MongoDB's URL says also who knows the user, if nothing else does.
    const isMongo = scheme?.startsWith('mongodb') === true;
    if (isMongo && name !== undefined && credentials !== undefined && !parameters.has('authSource')) {
      parameters.set('authSource', database === '' ? 'admin' : database);
    }
    const authority = credentials === undefined ? hosts : `${credentials}@${hosts}`;
    return `${scheme}://${authority}/${name ?? database}${parameters.size === 0 ? '' : `?${parameters.toString()}`}`;
  }
}
