import { Controller, Get } from 'routing-controllers';
import { Tracked } from '../../../src/index.js';

@Controller('/authors')
export class AuthorController {
  @Tracked()
  @Get('/first')
  first() {
    return 'ada';
  }

  @Get('/second')
  second() {
    return 'grace';
  }
}
