import { TrackedController } from 'koa-track-usage';
import { Get, JsonController, Param } from 'routing-controllers';
import { Service } from 'typedi';

@Service()
@TrackedController()
@JsonController('/coupons') // one caller has not heard of its end
export class CouponController {
  @Get('/:code')
  one(@Param('code') code: string): object {
    return { code, percent: 10 };
  }
}

@Service()
@TrackedController()
@JsonController('/banners/today')
export class BannerController {
  @Get('/')
  today(): object {
    return { text: 'Summer sale' };
  }
}

@Service()
@TrackedController()
@JsonController('/stores') // it is /shops now
export class StoreController {
  @Get('/:id/hours')
  hours(@Param('id') id: number): object {
    return { id, opens: '09:00', closes: '20:00' };
  }
}
