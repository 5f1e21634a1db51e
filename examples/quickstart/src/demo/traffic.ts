import type { PAYMENTS } from './checkout.js';

/** A request of one kind, and how long it usually takes. */
export interface Kind {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `{400}` stands for a number from 1 to 400. */
  readonly path: string;
  readonly typicalMs: number;
  readonly body?: object;
  /** The first version that has callers, and the first one that has none any more. */
  readonly since?: string;
  readonly until?: string;
}

/** What the payment provider says at a checkout. */
export type Outcome = (typeof PAYMENTS)[number];

/** What is asked of the shop. A twentieth of the products that are asked for are not there. */
export const KINDS = {
  list: { method: 'GET', path: '/products', typicalMs: 6 },
  product: { method: 'GET', path: '/products/{420}', typicalMs: 4 },
  search: { method: 'GET', path: '/products/search?q=lamp', typicalMs: 150 },
  reviews: { method: 'GET', path: '/products/{400}/reviews', typicalMs: 25 },
  feed: { method: 'GET', path: '/products/feed.xml', typicalMs: 60 },
  cart: { method: 'GET', path: '/carts/{900}', typicalMs: 5 },
  add: { method: 'POST', path: '/carts/{900}/items', typicalMs: 12, body: { product: 7 } },
  remove: { method: 'DELETE', path: '/carts/{900}/items/{400}', typicalMs: 9 },
  checkout: { method: 'POST', path: '/carts/{900}/checkout', typicalMs: 390 },
  orders: { method: 'GET', path: '/orders', typicalMs: 18 },
  me: { method: 'GET', path: '/users/me', typicalMs: 1.5 },
  user: { method: 'GET', path: '/users/{5000}', typicalMs: 3 },
  join: {
    method: 'POST',
    path: '/users',
    typicalMs: 35,
    body: { name: 'Ada', email: 'ada@example.com' },
  },
  secret: { method: 'GET', path: '/users/secret', typicalMs: 2 },
  health: { method: 'GET', path: '/users/health', typicalMs: 1 },
  sales: { method: 'GET', path: '/reports/sales', typicalMs: 420 },
  export: { method: 'POST', path: '/reports/export', typicalMs: 14 },
  firstVersion: { method: 'GET', path: '/v1/products', typicalMs: 11 },
  coupon: { method: 'GET', path: '/coupons/SUMMER', typicalMs: 4 },
  banner: { method: 'GET', path: '/banners/today', typicalMs: 3, until: '1.1.0' },
  oldHours: { method: 'GET', path: '/stores/{12}/hours', typicalMs: 3, until: '1.1.0' },
  hours: { method: 'GET', path: '/shops/{12}/hours', typicalMs: 3, since: '1.1.0' },
} as const satisfies Record<string, Kind>;

/** Somebody who calls. */
export interface Caller {
  /** Null for those who do not say. */
  readonly name: string | null;
  readonly agent: string;
  /** Requests of each kind on a usual day. */
  readonly perDay: Partial<Record<keyof typeof KINDS, number>>;
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const CRAWLER = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

/** Who calls the shop. */
export const CALLERS: readonly Caller[] = [
  {
    name: 'storefront',
    agent: 'storefront/4.1 node',
    perDay: {
      list: 22,
      product: 40,
      search: 14,
      reviews: 12,
      cart: 12,
      add: 8,
      remove: 2,
      checkout: 4,
      banner: 9,
    },
  },
  {
    name: 'ios-app',
    agent: 'Shop/7.2 (iOS 18.5)',
    perDay: { me: 12, list: 8, product: 14, cart: 6, add: 4, checkout: 1.5, oldHours: 3, hours: 3 },
  },
  {
    name: 'android-app',
    agent: 'Shop/7.1 (Android 15)',
    perDay: { me: 8, list: 6, product: 9, cart: 4, add: 3, checkout: 1, oldHours: 2, hours: 2 },
  },
  { name: 'marketplace', agent: 'marketplace-sync/2', perDay: { list: 12, product: 10, orders: 6 } },
  { name: 'warehouse', agent: 'warehouse/0.9', perDay: { orders: 9, user: 7 } },
  { name: 'accounting', agent: 'accounting/3.0', perDay: { orders: 2, sales: 1.5, export: 2 } },
  { name: 'analytics', agent: 'analytics/1.4', perDay: { sales: 2.5 } },
  { name: 'kiosk', agent: 'kiosk/1.0', perDay: { firstVersion: 6, coupon: 5 } },
  { name: 'partner-nord', agent: 'partner-nord/5', perDay: { firstVersion: 2.5, reviews: 3 } },
  { name: 'status-page', agent: 'status-page/1', perDay: { health: 12, secret: 2 } },
  { name: null, agent: FIREFOX, perDay: { list: 7, product: 12, search: 5, reviews: 4, join: 1 } },
  { name: null, agent: SAFARI, perDay: { list: 5, product: 8, search: 3, join: 0.7 } },
  { name: null, agent: CRAWLER, perDay: { feed: 4, list: 3, product: 9 } },
];
