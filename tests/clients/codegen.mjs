// GraphQL Code Generator reads the schema by introspection, and TypeScript takes what it makes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as types from '@graphql-codegen/typescript';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildClientSchema, getIntrospectionQuery, parse, printSchema } from 'graphql';
import { ask } from './session.mjs';

const home = mkdtempSync(join(tmpdir(), 'freehold-codegen-'));
const document = `
  query List($filter: TicketFilter, $order: [TicketOrderBy!]) {
    tickets(filter: $filter, orderBy: $order, first: 5) {
      totalCount
      nodes { id subject status due hours createdAt owner { id name } comments(first: 1) { totalCount nodes { body } } _access { restricted } }
      aggregate { count sum { hours } }
      groups(by: [STATUS]) { key { status } aggregate { count } }
    }
    node(id: "x") { __typename ... on Ticket { subject } }
  }`;
const scalars = { DateTime: 'string', Date: 'string', Decimal: 'string', Time: 'string', UUID: 'string', HTML: 'string', Markdown: 'string', Email: 'string', URL: 'string', JSON: 'unknown' };
const common = {
  schema: parse(printSchema(buildClientSchema(await ask(getIntrospectionQuery())))),
  documents: [{ location: 'list.graphql', document: parse(document) }],
  config: { scalars, strictScalars: true },
};
const schemaText = await codegen({ ...common, filename: 'schema.ts', plugins: [{ types: {} }], pluginMap: { types } });
const queryText = await codegen({ ...common, filename: 'queries.ts', plugins: [{ operations: {} }], pluginMap: { operations } });
assert.ok(schemaText.includes('export type Ticket =') && queryText.includes('export type ListQuery ='));
writeFileSync(join(home, 'schema.ts'), schemaText);
writeFileSync(join(home, 'queries.ts'), queryText);
writeFileSync(
  join(home, 'use.ts'),
  `import type { ListQuery, ListQueryVariables } from './queries';
export type { Ticket, TicketFilter } from './schema';
export const variables: ListQueryVariables = { filter: { subject: { startsWith: 'a' }, team: { name: { eq: 'x' } } } };
export const first = (data: ListQuery): string | null | undefined => data.tickets.nodes[0]?.subject;
export const total = (data: ListQuery): number => data.tickets.totalCount;
`,
);
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '--noEmit', '--strict', '--skipLibCheck', '--moduleResolution', 'bundler', '--module', 'esnext', '--target', 'es2022', join(home, 'use.ts')], { stdio: 'inherit' });
console.log(`codegen: ${schemaText.split('\n').length} lines of types`);
