// A signed-in agent of the helpdesk example.
const BASE = process.env.FREEHOLD_URL ?? 'http://127.0.0.1:8080';
const AGENT = { email: 'finn@acme.test', password: 'rapid-compass-35' };

export const url = new URL('/graphql', BASE).href;

/** Headers of a request by that agent at Acme. */
export async function headers() {
  const response = await fetch(new URL('/auth/sign-in', BASE), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Freehold-CSRF': '1' },
    body: JSON.stringify(AGENT),
  });
  if (!response.ok) throw new Error(`${AGENT.email} cannot sign in: ${response.status} ${await response.text()}`);
  const cookie = response.headers.getSetCookie().map((it) => it.split(';')[0]).join('; ');
  return { Cookie: cookie, 'X-Freehold-CSRF': '1', 'X-Tenant': 'acme' };
}

/** `data` of the answer; throws on errors. */
export async function ask(query, variables = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...(await headers()), 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${query}\n${JSON.stringify(errors, null, 2)}`);
  return data;
}
