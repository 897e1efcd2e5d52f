// Apollo Client pages through a connection, and its cache knows rows by id.
import assert from 'node:assert/strict';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { headers, url } from './session.mjs';

const cache = new InMemoryCache({ typePolicies: { Query: { fields: { tickets: relayStylePagination(['filter', 'orderBy']) } } } });
const client = new ApolloClient({ cache, link: new HttpLink({ uri: url, fetch, headers: await headers() }) });

const query = gql`
  query List($after: String) {
    tickets(first: 5, after: $after, filter: { priority: { eq: URGENT } }, orderBy: [{ subject: ASC }]) {
      totalCount
      edges { cursor node { id subject status team { id name } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const watched = client.watchQuery({ query });
let subscription;
let { data: page } = await new Promise((resolve, reject) => {
  subscription = watched.subscribe((it) => (it.error ? reject(it.error) : it.dataState === 'complete' && resolve(it)));
});
for (let pages = 1; page.tickets.pageInfo.hasNextPage; pages += 1) {
  assert.ok(pages < 20, 'the pages do not end');
  ({ data: page } = await watched.fetchMore({ variables: { after: page.tickets.pageInfo.endCursor } }));
}
subscription.unsubscribe();
const data = client.readQuery({ query });
const ids = data.tickets.edges.map((it) => it.node.id);
assert.equal(ids.length, data.tickets.totalCount, 'all pages came together');
assert.equal(new Set(ids).size, ids.length, 'no row twice');
const rows = Object.keys(cache.extract());
for (const id of ids) assert.ok(rows.includes(`Ticket:${id}`), `the cache knows Ticket:${id}`);

const failed = await client.query({ query: gql`{ tickets { nodes { nothing } } }`, errorPolicy: 'all' }).catch((error) => ({ error }));
const codes = (failed.error.errors ?? [failed.error]).map((it) => it.extensions?.code ?? JSON.parse(it.bodyText ?? '{}').errors?.[0]?.extensions?.code);
assert.deepEqual(codes, ['GRAPHQL_VALIDATION_FAILED']);
console.log(`apollo: ${ids.length} tickets in pages of five`);
