// Relay's compiler takes the schema, and its runtime pages through a connection and refetches by id.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';
import { ask } from './session.mjs';

const require = createRequire(import.meta.url);
const { Environment, Network, RecordSource, Store, createOperationDescriptor, getRequest } = require('relay-runtime');

const home = mkdtempSync(join(tmpdir(), 'freehold-relay-'));
mkdirSync(join(home, 'src'));
writeFileSync(join(home, 'schema.graphql'), printSchema(buildClientSchema(await ask(getIntrospectionQuery()))));
writeFileSync(
  join(home, 'relay.config.json'),
  JSON.stringify({ src: './src', language: 'javascript', schema: './schema.graphql', eagerEsModules: false, excludes: ['**/node_modules/**'] }),
);
writeFileSync(
  join(home, 'src', 'list.js'),
  `import { graphql } from 'relay-runtime';
graphql\`query listQuery { ...list_tickets viewer { user { id name } } }\`;
graphql\`
  fragment list_tickets on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 4 }, after: { type: "String" })
  @refetchable(queryName: "listPageQuery") {
    tickets(first: $first, after: $after, filter: { priority: { eq: URGENT } }, orderBy: [{ subject: ASC }]) @connection(key: "list_tickets") {
      edges { cursor node { ...list_ticket } }
    }
  }\`;
graphql\`
  fragment list_ticket on Ticket
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "listTicketQuery") {
    id subject team { id name } comments(first: $count, after: $cursor) @connection(key: "list_comments") { edges { node { id body } } }
  }\`;
`,
);
execFileSync(require('relay-compiler'), [join(home, 'relay.config.json')], { stdio: 'inherit', cwd: home });

const compiled = (name) => {
  const text = readFileSync(join(home, 'src', '__generated__', `${name}.graphql.js`), 'utf8');
  const module = { exports: {} };
  new Function('module', 'require', text)(module, () => assert.fail('a compiled query requires nothing here'));
  return module.exports;
};
const page = compiled('listPageQuery');
const fetchFunction = async (request, variables) => ({ data: await ask(request.text, variables) });
const environment = new Environment({ network: Network.create(fetchFunction), store: new Store(new RecordSource()) });
const subjects = [];
let after = null;
do {
  const operation = createOperationDescriptor(getRequest(page), { first: 7, after });
  const { data } = await environment.execute({ operation }).toPromise();
  environment.commitPayload(operation, data);
  subjects.push(...data.tickets.edges.map((it) => it.node.subject));
  after = data.tickets.pageInfo.hasNextPage ? data.tickets.pageInfo.endCursor : null;
} while (after);
const { tickets } = await ask('{ tickets(first: 100, filter: {priority: {eq: URGENT}}, orderBy: [{subject: ASC}]) { totalCount nodes { id subject } } }');
assert.deepEqual(subjects, tickets.nodes.map((it) => it.subject), 'page after page gives the whole list');
assert.equal(subjects.length, tickets.totalCount);

const one = compiled('listTicketQuery');
const { node } = await ask(getRequest(one).params.text, { id: tickets.nodes[0].id, count: 2, cursor: null });
assert.equal(node.subject, tickets.nodes[0].subject, 'a refetch by node(id:)');
console.log(`relay: ${subjects.length} tickets in pages of seven`);
