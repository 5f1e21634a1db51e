// Writes docs/cli.md from what the commands say of themselves. Usage, after a build: node scripts/write-cli-docs.mjs
import { writeFileSync } from 'node:fs';
import { cliPage } from '../dist/cli/docs-page.js';

writeFileSync(new URL('../docs/cli.md', import.meta.url), cliPage());
