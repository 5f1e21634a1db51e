import { Tracked } from 'koa-track-usage';
import { Get, JsonController } from 'routing-controllers';
import { Service } from 'typedi';

@Service()
@JsonController('/orders')
export class OrderController {
  @Tracked() // just this action
  @Get('/')
  list(): object[] {
    return [{ id: 1, total: 99.5 }];
  }

  @Get('/draft') // not tracked: the default policy is 'exclude'
  draft(): object[] {
    return [];
  }
}
