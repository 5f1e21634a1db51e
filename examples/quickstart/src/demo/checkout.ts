import { IsIn, IsInt } from 'class-validator';
import { TrackedController } from 'koa-track-usage';
import { Body, Delete, Get, HttpError, JsonController, Param, Post } from 'routing-controllers';
import { Service } from 'typedi';

/** What the payment provider can say. */
export const PAYMENTS = ['paid', 'declined', 'no-answer'] as const;

class Item {
  @IsInt()
  product!: number;
}

class Payment {
  /** In a shop that is real, the provider says so. */
  @IsIn(PAYMENTS)
  outcome!: (typeof PAYMENTS)[number];
}

@Service()
@TrackedController()
@JsonController('/carts')
export class CartController {
  @Get('/:id')
  one(@Param('id') id: number): object {
    return { id, items: [] };
  }

  @Post('/:id/items')
  add(@Param('id') id: number, @Body() item: Item): object {
    return { id, items: [item] };
  }

  @Delete('/:id/items/:product')
  remove(@Param('id') id: number): object {
    return { id, items: [] };
  }

  @Post('/:id/checkout')
  checkout(@Param('id') id: number, @Body() { outcome }: Payment): object {
    if (outcome === 'declined') throw new HttpError(402, 'The card was declined.');
    if (outcome === 'no-answer') throw new HttpError(503, 'The payment provider does not answer.');
    return { id, order: id + 1000 };
  }

  @Post('/:id/gift-wrap') // nobody calls it
  wrap(@Param('id') id: number): object {
    return { id, isWrapped: true };
  }
}
