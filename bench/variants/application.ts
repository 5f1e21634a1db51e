import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { IsEmail, IsString, Length } from 'class-validator';
import Koa from 'koa';
import {
  Body,
  Get,
  JsonController,
  Param,
  Post,
  QueryParam,
  useContainer,
  useKoaServer,
} from 'routing-controllers';
import { Container, Service } from 'typedi';
import type { Variant, VariantParts } from '../harness/variant.js';

class NewUser {
  @IsString()
  @Length(1, 80)
  name!: string;

  @IsEmail()
  email!: string;
}

@Service()
@JsonController('/users')
class UserController {
  @Get('/:id')
  one(@Param('id') id: number): object {
    return { id, name: 'Ada Lovelace', email: 'ada@example.org', roles: ['author', 'reader'] };
  }

  @Post('/')
  create(@Body() user: NewUser): object {
    return { id: 8, ...user };
  }
}

const ORDERS = Array.from({ length: 10 }, (_, id) => ({ id, total: id * 9.5, currency: 'CHF', open: true }));

@Service()
@JsonController('/orders')
class OrderController {
  @Get('/')
  list(@QueryParam('page') page: number): object {
    return { page, items: ORDERS };
  }
}

/**
 * Serves the application that all variants share. It knows nothing of tracking: tracked variants use the policy
 * `include`.
 */
export async function serve({ middleware, drain }: VariantParts): Promise<Variant> {
  useContainer(Container);
  const app = new Koa();
  if (middleware !== undefined) app.use(middleware);
  useKoaServer(app, { controllers: [UserController, OrderController], development: false });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, drain: async () => drain?.() };
}
