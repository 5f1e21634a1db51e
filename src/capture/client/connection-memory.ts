import type { Context } from 'koa';
import { readOrigin } from '../request/request-target.js';
import { type ClientSoftware, UserAgentReader } from './user-agent.js';

/** The headers of a connection's last request, and what was read from them. */
interface Remembered {
  userAgent: string | undefined;
  languages: string | undefined;
  software: ClientSoftware;
  host: string | undefined;
  origin: string;
}

/**
 * Remembers what the requests of a connection repeat. Comparing a header with that of the previous request
 * costs a tenth of a look-up in a cache, which reads the header once more for its hash.
 */
export class ConnectionMemory {
  readonly #userAgents = new UserAgentReader();
  readonly #byConnection = new WeakMap<object, Remembered>();

  /** The client's software, and the scheme and host that the client addressed. */
  read(context: Context, connection: object): Readonly<Pick<Remembered, 'software' | 'origin'>> {
    const { headers } = context.req;
    const { host, 'user-agent': userAgent, 'accept-language': languages } = headers;
    const known = this.#byConnection.get(connection);
    if (known === undefined) {
      const software = this.#userAgents.read(userAgent, languages);
      const fresh = { userAgent, languages, software, host, origin: originOf(context) };
      this.#byConnection.set(connection, fresh);
      return fresh;
    }
    if (known.userAgent !== userAgent || known.languages !== languages) {
      known.userAgent = userAgent;
      known.languages = languages;
      known.software = this.#userAgents.read(userAgent, languages);
    }
    // Behind a proxy that Koa trusts, other headers decide; HTTP/2 has a pseudo header instead of `Host`.
    if (known.host !== host || host === undefined || context.app.proxy) {
      known.host = host;
      known.origin = originOf(context);
    }
    return known;
  }
}

function originOf(context: Context): string {
  return readOrigin(context.protocol, context.host);
}
