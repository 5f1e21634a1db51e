import { fileURLToPath } from 'node:url';
import { serve } from './serve.js';

await serve(process.env['USAGE_DB'] ?? fileURLToPath(new URL('../usage.db', import.meta.url)));
