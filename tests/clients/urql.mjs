// urql asks with variables, and tells errors by their code.
import assert from 'node:assert/strict';
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core';
import { headers, url } from './session.mjs';

const client = new Client({ url, exchanges: [cacheExchange, fetchExchange], fetch, fetchOptions: { headers: await headers() }, preferGetMethod: false });
const query = gql`
  query Find($text: String!, $first: Int = 3) {
    tickets(filter: { subject: { contains: $text, mode: INSENSITIVE } }, first: $first) { totalCount nodes { id subject } }
  }
`;
const found = await client.query(query, { text: 'PRINTER' });
assert.equal(found.error, undefined, String(found.error));
assert.ok(found.data.tickets.nodes.length > 0 && found.data.tickets.nodes.length <= 3);
assert.ok(found.data.tickets.nodes.every((it) => it.subject.toLowerCase().includes('printer')));

const wrong = await client.query(query, { text: 'x', first: 100000 });
assert.equal(wrong.error.graphQLErrors[0].extensions.code, 'LIMIT_EXCEEDED');
const unknown = await client.query(gql`{ tickets { nodes { nothing } } }`, {});
assert.equal(unknown.error.graphQLErrors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
console.log(`urql: ${found.data.tickets.totalCount} tickets about printers`);
