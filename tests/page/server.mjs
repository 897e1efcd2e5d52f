// The API without a page, for what the page should show.

const CSRF = { 'X-Freehold-CSRF': '1', 'Content-Type': 'application/json' };

export async function infoOf(base) {
  const response = await fetch(new URL('/console/info', base));
  if (!response.ok) throw new Error(`GET /console/info answered ${response.status}`);
  return response.json();
}

/** What `user` gets for `query`, and their roles, in the tenant the page chooses: the first of their memberships. */
export async function answerOf(base, user, query) {
  const signedIn = await fetch(new URL('/auth/sign-in', base), {
    method: 'POST',
    headers: CSRF,
    body: JSON.stringify({ email: user.email, password: user.password }),
  });
  if (!signedIn.ok) throw new Error(`${user.email} cannot sign in: ${signedIn.status} ${await signedIn.text()}`);
  const { memberships, roles } = await signedIn.json();
  const cookie = signedIn.headers.getSetCookie().map((it) => it.split(';')[0]).join('; ');
  const tenant = memberships[0]?.tenant.slug;
  const headers = { ...CSRF, Cookie: cookie, ...(tenant ? { 'X-Tenant': tenant } : {}) };
  const answer = await fetch(new URL('/graphql', base), { method: 'POST', headers, body: JSON.stringify({ query }) });
  await fetch(new URL('/auth/sign-out', base), { method: 'POST', headers, body: '{}' });
  return { answer: await answer.json(), roles: memberships[0]?.roles ?? roles ?? [], tenant };
}
