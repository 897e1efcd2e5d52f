// GraphQL over HTTP, as graphql-http audits it: no MUST and no SHOULD may fail.
import { auditServer } from 'graphql-http';
import { url } from './session.mjs';

const results = await auditServer({ url, fetchFn: fetch });
const failed = results.filter((it) => it.status === 'error' || it.status === 'warn');
for (const it of failed) console.error(`${it.status === 'error' ? 'MUST' : 'SHOULD'} ${it.id} ${it.name}: ${it.reason}`);
for (const it of results.filter((it) => it.status === 'notice')) console.log(`MAY ${it.id} ${it.name}: ${it.reason}`);
console.log(`${results.length} audits: ${results.filter((it) => it.status === 'ok').length} ok, ${failed.length} failed`);
process.exitCode = failed.length === 0 && results.length > 0 ? 0 : 1;
