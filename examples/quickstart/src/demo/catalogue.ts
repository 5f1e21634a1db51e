import { Tracked, TrackedController } from 'koa-track-usage';
import { Get, JsonController, NotFoundError, Param, QueryParam } from 'routing-controllers';
import { Service } from 'typedi';

/** The shop sells the products 1 to 400. */
const PRODUCTS = 400;

@Service()
@TrackedController()
@JsonController('/products')
export class ProductController {
  @Get('/')
  list(): object[] {
    return [1, 2, 3].map((id) => ({ id, name: `Product ${id}` }));
  }

  @Get('/search')
  search(@QueryParam('q') q: string): object {
    return { q, found: [7, 11] };
  }

  @Tracked({ sampleRate: 0.1 }) // one call for each key that is pressed
  @Get('/suggestions')
  suggestions(): string[] {
    return [];
  }

  @Get('/feed.xml')
  feed(): string {
    return '<products/>';
  }

  @Get('/:id')
  one(@Param('id') id: number): object {
    if (id > PRODUCTS) throw new NotFoundError(`There is no product ${id}.`);
    return { id, name: `Product ${id}`, price: 9.5 };
  }

  @Get('/:id/reviews')
  reviews(@Param('id') id: number): object {
    return { id, stars: 4.2 };
  }

  @Get('/:id/related') // nobody calls it
  related(): object[] {
    return [];
  }
}

@Service()
@TrackedController()
@JsonController('/shops') // it was /stores
export class ShopController {
  @Get('/:id/hours')
  hours(@Param('id') id: number): object {
    return { id, opens: '09:00', closes: '20:00' };
  }
}

@Service()
@TrackedController()
@JsonController('/wishlists') // new
export class WishlistController {
  @Get('/:id')
  one(@Param('id') id: number): object {
    return { id, products: [] };
  }
}
