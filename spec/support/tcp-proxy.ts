import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { quietPort } from './servers/quiet-port.js';

/** Which way bytes go: `requests` to the server, `answers` back. */
export type Direction = 'requests' | 'answers';

interface Drop {
  readonly isRequest: (sent: Buffer) => boolean;
  readonly isWhole: (answer: Buffer) => boolean;
  readonly done: () => void;
}

/** A connection through the proxy. */
interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  /** What the client sent since the server last answered; kept while an answer is to be dropped. */
  sent: Buffer;
  /** Its answer is being dropped. */
  drop: Drop | undefined;
  dropped: Buffer;
}

/** Stands in front of a server, and does to its connections what networks do. */
export class TcpProxy {
  readonly host = '127.0.0.1';
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<Link>();
  readonly #held = new Set<Direction>();
  readonly port: number;
  #server: Server | undefined;
  #drop: Drop | undefined;
  #most = 0;
  #bytesPerMs = Infinity;

  private constructor(target: { readonly host: string; readonly port: number }, port: number) {
    this.#target = target;
    this.port = port;
  }

  /** Starts a proxy in front of a server, which need not run yet. */
  static async start(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, await quietPort());
    await proxy.accept();
    return proxy;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#links.size;
  }

  /** How many connections were open at a time, at most. */
  get mostConnections(): number {
    return this.#most;
  }

  /** The URL of a server or database with this proxy in the server's place. */
  through(url: string): string {
    return url.replace(`${this.#target.host}:${this.#target.port}`, `${this.host}:${this.port}`);
  }

  /** Resets every connection, on both sides. New ones are taken. */
  cut(): void {
    for (const link of this.#links) this.#cutLink(link);
  }

  /** Refuses new connections (ECONNREFUSED); those that are open stay. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Takes new connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#link(client));
    this.#server = server;
    server.listen(this.port, this.host);
    await once(server, 'listening');
  }

  /** Lets no bytes through, of open and new connections; nobody is told. */
  hold(...directions: readonly Direction[]): void {
    for (const direction of directions.length === 0 ? (['requests', 'answers'] as const) : directions) {
      this.#held.add(direction);
      for (const link of this.#links) TcpProxy.#source(link, direction).pause();
    }
  }

  /** Lets no more bytes through of the connections that are open, for good, and tells nobody. New ones are let through. */
  strand(): void {
    for (const { client, upstream } of this.#links) {
      client.pause();
      upstream.pause();
    }
  }

  /** Lets no more bytes through to the server than so many a millisecond, on each connection. */
  throttle(bytesPerMs: number): void {
    this.#bytesPerMs = bytesPerMs;
  }

  /** Lets through what was held, and everything after it. */
  release(...directions: readonly Direction[]): void {
    for (const direction of directions.length === 0 ? (['requests', 'answers'] as const) : directions) {
      this.#held.delete(direction);
      for (const link of this.#links) TcpProxy.#source(link, direction).resume();
    }
  }

  /**
   * Lets the next request that `isRequest` knows come to the server, keeps the answer from the client, and resets the
   * connection when `isWhole` knows the answer (without it: at its first bytes). The server has done what was asked, and
   * the client cannot know. Both are shown all bytes so far: of the request since the last answer, and of the answer.
   * The promise is fulfilled when the connection was cut.
   */
  dropAnswerTo(
    isRequest: (sent: Buffer) => boolean,
    isWhole: (answer: Buffer) => boolean = () => true,
  ): Promise<void> {
    return new Promise((resolve) => {
      this.#drop = { isRequest, isWhole, done: resolve };
    });
  }

  /** Ends the proxy and its connections. */
  close(): void {
    this.refuse();
    this.cut();
  }

  static #source(link: Link, direction: Direction): Socket {
    return direction === 'requests' ? link.client : link.upstream;
  }

  #cutLink(link: Link): void {
    this.#links.delete(link);
    for (const socket of [link.client, link.upstream]) {
      // Node cannot reset one that is being ended, and would then never end the process.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  #link(client: Socket): void {
    const upstream = connect({ ...this.#target, allowHalfOpen: true });
    const link: Link = { client, upstream, sent: Buffer.alloc(0), drop: undefined, dropped: Buffer.alloc(0) };
    this.#links.add(link);
    this.#most = Math.max(this.#most, this.#links.size);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.#cutLink(link));
    }
    client.on('data', (bytes) => this.#toServer(link, bytes));
    upstream.on('data', (bytes) => this.#toClient(link, bytes));
    this.#pipeEnd(link, 'requests', upstream);
    this.#pipeEnd(link, 'answers', client);
    for (const direction of this.#held) TcpProxy.#source(link, direction).pause();
  }

  /** Hands on the end of one direction, and that its destination can take more. */
  #pipeEnd(link: Link, direction: Direction, destination: Socket): void {
    const source = TcpProxy.#source(link, direction);
    source.on('end', () => destination.end());
    source.on('close', () => {
      if (destination.destroyed) this.#links.delete(link);
    });
    destination.on('drain', () => {
      if (!this.#held.has(direction)) source.resume();
    });
  }

  #toServer(link: Link, bytes: Buffer): void {
    if (this.#drop !== undefined) {
      link.sent = Buffer.concat([link.sent, bytes]);
      if (this.#drop.isRequest(link.sent)) {
        link.drop = this.#drop;
        this.#drop = undefined;
      }
    }
    if (!link.upstream.write(bytes)) link.client.pause();
    if (this.#bytesPerMs === Infinity) return;
    link.client.pause();
    setTimeout(() => link.client.resume(), bytes.length / this.#bytesPerMs);
  }

  #toClient(link: Link, bytes: Buffer): void {
    link.sent = Buffer.alloc(0);
    if (link.drop === undefined) {
      if (!link.client.write(bytes)) link.upstream.pause();
      return;
    }
    link.dropped = Buffer.concat([link.dropped, bytes]);
    if (!link.drop.isWhole(link.dropped)) return;
    this.#cutLink(link);
    link.drop.done();
  }
}
