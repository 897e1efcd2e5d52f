// Subscriptions by the two client libraries that most others are built on: graphql-ws and graphql-sse.
import assert from 'node:assert/strict';
import { createClient as createSocketClient } from 'graphql-ws';
import { createClient as createStreamClient } from 'graphql-sse';
import WebSocket from 'ws';
import { ask, headers, url } from './session.mjs';

const own = await headers();
const { teams, tickets } = await ask('{ teams(filter: {name: {eq: "Network"}}) { nodes { id } } tickets(filter: {team: {name: {eq: "Network"}}}, first: 1) { nodes { id hours } } }');
const [ticket] = tickets.nodes;
assert.ok(teams.nodes.length === 1 && ticket);
const live = { query: 'subscription($id: ID!) { ticket(id: $id) { hours } }', variables: { id: ticket.id } };
const changed = { query: 'subscription { ticketChanged { kind id node { hours } } }' };

// The cookie cannot be read by a page, and is sent by the browser; `ws` must be told to.
class WithCookie extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { Cookie: own.Cookie, Origin: new URL(url).origin } });
  }
}
const clients = {
  'graphql-ws': createSocketClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WithCookie,
    connectionParams: { 'X-Tenant': 'acme' },
    retryAttempts: 0,
  }),
  'graphql-sse': createStreamClient({ url, headers: own, retryAttempts: 0 }),
};

let hours = Number(ticket.hours ?? 0);
for (const [name, client] of Object.entries(clients)) {
  const answers = client.iterate(live);
  const changes = client.iterate(changed);
  const first = await answers.next();
  assert.equal(first.value.errors, undefined, JSON.stringify(first.value));
  const told = changes.next();
  // Nothing tells when a subscription to changes has begun.
  await new Promise((resolve) => setTimeout(resolve, 500));
  hours += 0.25;
  await ask('mutation($id: ID!, $hours: Decimal!) { updateTicket(id: $id, input: {hours: $hours}) { id } }', { id: ticket.id, hours: String(hours) });
  assert.equal(Number((await answers.next()).value.data.ticket.hours), hours, name);
  const { kind, id, node } = (await told).value.data.ticketChanged;
  assert.deepEqual([kind, id, Number(node.hours)], ['UPDATED', ticket.id, hours], name);
  await answers.return();
  await changes.return();

  // What does not fit is an error of the operation, not of the connection.
  const wrong = await new Promise((resolve) => client.subscribe({ query: 'subscription { nothing { x } }' }, {
    next: resolve, error: resolve, complete: () => resolve('complete'),
  }));
  assert.match(JSON.stringify(wrong) + String(wrong), /nothing|Bad Request/, `${name}: ${JSON.stringify(wrong)}`);
  client.dispose();
  console.log(`${name}: hours of a ticket, live`);
}
