import { type EntityMetadata, type MikroORM, p } from '@mikro-orm/core';
import { TEXT_LIMITS } from '../../record/limits.js';
import {
  ExactDoubleType,
  ExactJsonType,
  ExactTextType,
  LiteralTextType,
  UtcDateTimeType,
} from './mysql-column-types.js';

/** What the table or collection is called unless it is given a name. */
export const DEFAULT_TABLE_NAME = 'koa_usage';

/** What MikroORM knows the entity by. It must not meet an application's `Usage`. */
export const USAGE_ENTITY_NAME = 'KoaTrackUsageRecord';

/** A text column wide enough for a field's limit. */
function text(field: keyof typeof TEXT_LIMITS) {
  return p.type(ExactTextType).length(TEXT_LIMITS[field]);
}

/**
 * The columns, one a field of the record; those of `userAgent` lie flat. The names are explicit, as an
 * application's naming strategy is not ours.
 */
export const usageProperties = {
  id: p.type(LiteralTextType).length(36).primary().fieldName('id'),
  date: p.type(UtcDateTimeType).length(3).fieldName('date'),
  durationMs: p.type(ExactDoubleType).fieldName('duration_ms'),
  serverName: text('serverName').fieldName('server_name'),
  method: text('method').fieldName('method'),
  url: text('url').fieldName('url'),
  path: text('path').fieldName('path'),
  route: text('route').nullable().fieldName('route'),
  query: p.type(ExactJsonType).nullable().fieldName('query'),
  controller: text('controller').nullable().fieldName('controller'),
  action: text('action').nullable().fieldName('action'),
  params: p.type(ExactJsonType).nullable().fieldName('params'),
  status: p.integer().nullable().fieldName('status'),
  aborted: p.boolean().fieldName('aborted'),
  errorType: text('errorType').nullable().fieldName('error_type'),
  requestBytes: p.bigint('number').nullable().fieldName('request_bytes'),
  responseBytes: p.bigint('number').nullable().fieldName('response_bytes'),
  remoteAddr: text('remoteAddr').nullable().fieldName('remote_addr'),
  xForwardedFor: text('xForwardedFor').nullable().fieldName('x_forwarded_for'),
  authorization: p.boolean().fieldName('authorization'),
  username: text('username').nullable().fieldName('username'),
  uaBrowser: text('userAgentPart').nullable().fieldName('ua_browser'),
  uaVersion: text('userAgentPart').nullable().fieldName('ua_version'),
  uaPlatform: text('userAgentPart').nullable().fieldName('ua_platform'),
  uaLanguage: text('userAgentPart').nullable().fieldName('ua_language'),
  uaString: text('userAgentString').nullable().fieldName('ua_string'),
  bot: p.boolean().fieldName('bot'),
  ipInfo: p.type(ExactJsonType).nullable().fieldName('ip_info'),
  visitor: text('visitor').nullable().fieldName('visitor'),
  trackVar: p.type(ExactJsonType).nullable().fieldName('track_var'),
  weight: p.type(ExactDoubleType).fieldName('weight'),
};

/** The entity that an ORM knows by a name; undefined if it knows none. */
export function findEntity(orm: Pick<MikroORM, 'em'>, name: string): EntityMetadata | undefined {
  const entities: Iterable<EntityMetadata> = orm.em.getMetadata().getAll().values();
  return [...entities].find(({ className }) => className === name);
}
