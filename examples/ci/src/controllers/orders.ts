import { Tracked, TrackedController } from 'koa-track-usage';
import { Delete, Get, JsonController, Param } from 'routing-controllers';

@TrackedController({ query: ['page'] })
@JsonController('/orders')
export class OrderController {
  @Get('/')
  list(): object[] {
    return [];
  }

  @Tracked({ ip: 'none' })
  @Get('/:id')
  one(@Param('id') id: number): object {
    return { id };
  }

  @Delete('/:id')
  cancel(@Param('id') id: number): object {
    return { id };
  }
}
