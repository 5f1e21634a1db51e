import { FirstVersionController, ReportController } from './back-office.js';
import { ProductController, ShopController, WishlistController } from './catalogue.js';
import { CartController } from './checkout.js';
import { BannerController, CouponController, StoreController } from './retired.js';

/** A version of the shop, and when it was deployed. */
export interface Build {
  readonly version: string;
  /** At noon of the day so many days ago. */
  readonly daysAgo: number;
  readonly controllers: readonly Function[];
}

const ALWAYS = [ProductController, CartController, ReportController, FirstVersionController];

/** What runs now. */
export const CURRENT: Build = {
  version: '1.2.0',
  daysAgo: 9,
  controllers: [...ALWAYS, ShopController, WishlistController],
};

/** The versions of the shop, each of which took the place of the one before. The first one was there before all requests. */
export const BUILDS: readonly Build[] = [
  {
    version: '1.0.0',
    daysAgo: Infinity,
    controllers: [...ALWAYS, CouponController, BannerController, StoreController],
  },
  { version: '1.1.0', daysAgo: 12, controllers: [...ALWAYS, ShopController] },
  CURRENT,
];
