// The program of a process that speaks MongoDB's wire protocol and keeps nothing: what a client costs by itself.
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { BSON } from 'mongodb';
import type { Ready } from './server-process.js';

// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const HEADER_BYTES = 16;
const OP_MSG = 2013;
const OP_REPLY = 1;
/** Of a message: its flags and the kind of its first section. */
const MSG_HEAD_BYTES = 5;
/** Of a reply: flags, cursor, place and number of documents. */
const REPLY_HEAD_BYTES = 20;
/** Of a query, before the collection's name and after it: flags; what to skip and how many to return. */
const QUERY_FLAGS_BYTES = 4;
const QUERY_RANGE_BYTES = 8;
/** Of a sequence of documents: its kind and its length. */
const SEQUENCE_HEAD_BYTES = 5;

const GREETING = {
  ok: 1,
  helloOk: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
};

const EMPTY_CURSOR = { ok: 1, cursor: { id: BSON.Long.ZERO, ns: 'usage.usage', firstBatch: [] } };

const server = createServer((socket) => {
  socket.setNoDelay(true);
  // A client that goes away says so by an error.
  socket.on('error', () => socket.destroy());
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= HEADER_BYTES && received.length >= received.readInt32LE(0)) {
      const length = received.readInt32LE(0);
      reply(socket, received.subarray(0, length));
      received = received.subarray(length);
    }
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit());
const ready: Ready = { url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/usage` };
process.send?.(ready);

function reply(socket: Socket, message: Buffer): void {
  const isMessage = message.readInt32LE(12) === OP_MSG;
  const commandAt = isMessage
    ? HEADER_BYTES + MSG_HEAD_BYTES
    : message.indexOf(0, HEADER_BYTES + QUERY_FLAGS_BYTES) + 1 + QUERY_RANGE_BYTES;
  const command = BSON.deserialize(message.subarray(commandAt, commandAt + message.readInt32LE(commandAt)));
  const answer = BSON.serialize(answerTo(command, message));
  const head = Buffer.alloc(HEADER_BYTES + (isMessage ? MSG_HEAD_BYTES : REPLY_HEAD_BYTES));
  head.writeInt32LE(head.length + answer.length, 0);
  head.writeInt32LE(message.readInt32LE(4), 8);
  head.writeInt32LE(isMessage ? OP_MSG : OP_REPLY, 12);
  if (!isMessage) head.writeInt32LE(1, head.length - 4);
  socket.write(Buffer.concat([head, answer]));
}

function answerTo(command: BSON.Document, message: Buffer): BSON.Document {
  const [name = ''] = Object.keys(command);
  if (/^(hello|isMaster)$/i.test(name)) return GREETING;
  if (/^(find|aggregate|listIndexes|listCollections)$/.test(name)) return EMPTY_CURSOR;
  return name === 'insert' ? { ok: 1, n: countDocuments(message) } : { ok: 1 };
}

/** The documents of an insert, which the driver sends in a sequence after the command. */
function countDocuments(message: Buffer): number {
  const commandAt = HEADER_BYTES + MSG_HEAD_BYTES;
  const sequenceAt = commandAt + message.readInt32LE(commandAt);
  let at = message.indexOf(0, sequenceAt + SEQUENCE_HEAD_BYTES) + 1;
  let documents = 0;
  while (at < message.length) {
    at += message.readInt32LE(at);
    documents += 1;
  }
  return documents;
}
