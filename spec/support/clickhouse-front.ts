import { type IncomingMessage, type RequestListener, type ServerResponse, request } from 'node:http';
import { pipeline } from 'node:stream';
import { type EndPoint, startEndPoint } from './end-point.js';

/** An HTTP server in front of ClickHouse, which sees each statement, and may answer it in the place of ClickHouse. */
export interface ClickHouseFront extends EndPoint {
  /** The statements that came, without the data of inserts. */
  readonly statements: string[];
  /** Answers a statement itself; false to leave it to ClickHouse. */
  answer: (statement: string, response: ServerResponse, asked: IncomingMessage) => boolean;
}

/** Starts a front of the server of a URL. */
export async function startFront(url: string): Promise<ClickHouseFront> {
  const { hostname, port } = new URL(url);
  const statements: string[] = [];
  const listen: RequestListener = (asked, response) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const body = Buffer.concat(chunks);
      const path = asked.url ?? '/';
      const statement = new URL(path, url).searchParams.get('query') ?? body.toString();
      statements.push(statement);
      if (front.answer(statement, response, asked)) return;
      const options = { hostname, port, path, method: asked.method, headers: asked.headers };
      request(options, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        pipeline(answer, response, () => {});
      }).end(body);
    });
  };
  const endPoint = await startEndPoint(listen);
  const front: ClickHouseFront = { ...endPoint, statements, answer: () => false };
  return front;
}

/** Answers as clickhouse-server does that lets nobody in. */
export function refuseUser(response: ServerResponse): true {
  const message =
    'Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)';
  return refuse(response, 516, message);
}

/** Answers as clickhouse-server does whose user lacks a right. */
export function refuseRight(response: ServerResponse): true {
  return refuse(response, 497, 'Not enough privileges. (ACCESS_DENIED)');
}

function refuse(response: ServerResponse, code: number, message: string): true {
  response.writeHead(403, {
    'x-clickhouse-exception-code': String(code),
    'content-type': 'text/plain; charset=UTF-8',
  });
  response.end(`Code: ${code}. DB::Exception: writer: ${message} (version 26.7.2.1 (official build))\n`);
  return true;
}
