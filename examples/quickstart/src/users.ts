import { IsEmail, IsString, Length } from 'class-validator';
import { Untracked, TrackedController } from 'koa-track-usage';
import { Authorized, Body, Get, JsonController, Param, Post } from 'routing-controllers';
import { Service } from 'typedi';

class NewUser {
  @IsString()
  @Length(1, 80)
  name!: string;

  @IsEmail()
  email!: string;
}

@Service()
@TrackedController() // every action of this controller …
@JsonController('/users')
export class UserController {
  @Get('/me')
  me(): object {
    return { id: 0, name: 'you' };
  }

  @Untracked() // … but this one
  @Get('/health')
  health(): string {
    return 'ok';
  }

  /** Answers 401: this application knows nobody. */
  @Authorized()
  @Get('/secret')
  secret(): object {
    return { answer: 42 };
  }

  @Get('/broken')
  broken(): never {
    throw new TypeError('This action always throws.');
  }

  @Get('/:id')
  one(@Param('id') id: number): object {
    return { id };
  }

  @Post('/')
  create(@Body() user: NewUser): object {
    return { id: 1, ...user };
  }
}
