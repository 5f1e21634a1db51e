import { Deprecated, Tracked, TrackedController } from 'koa-track-usage';
import { Get, JsonController, Post } from 'routing-controllers';
import { Service } from 'typedi';

const DAY_MS = 86_400_000;

/** A day so many days after today, and before it if negative, as a demonstration is about today. */
function inDays(days: number): Date {
  return new Date((Math.floor(Date.now() / DAY_MS) + days) * DAY_MS);
}

@Service()
@TrackedController()
@JsonController('/reports')
export class ReportController {
  @Get('/sales')
  sales(): object {
    return { total: 12_345.5 };
  }

  @Get('/stock') // nobody calls it
  stock(): object {
    return { products: 400 };
  }

  @Tracked({ keep: 'the auditors ask for it once a year' })
  @Get('/year-end')
  yearEnd(): object {
    return { total: 1_234_567 };
  }

  @Post('/export') // it always fails, and nobody has noticed
  export(): never {
    throw new TypeError('The folder of exports is not there.');
  }
}

@Service()
@TrackedController()
@JsonController('/v1')
export class FirstVersionController {
  @Deprecated({ since: inDays(-60), sunset: inDays(40), replacement: '/products' })
  @Get('/products') // two callers are left
  products(): object[] {
    return [];
  }

  @Deprecated({ since: inDays(-120), sunset: inDays(-3), replacement: '/products/:id' })
  @Get('/prices/:id') // nobody is left, and its sunset is over
  price(): object {
    return { price: 9.5 };
  }
}
