// What the console asks of the server, all of it on the same origin.

export interface Tenant {
  id: string;
  slug: string;
  name: string;
}

export interface DemoUser {
  email: string;
  name: string;
  password: string;
  tenants: (Tenant & { roles: string[] })[];
  profile: string | null;
}

export interface Info {
  app: string;
  environment: string;
  security: string;
  /** Whether someone who is not signed in has a schema. */
  anonymous: boolean;
  demoUsers: DemoUser[];
  defaultQuery: string | null;
  /** The compiler's report, when the model on disk does not compile. */
  report: string | null;
  version: string;
  /** Names the live model: when it changes, so may the schema. */
  revision?: string | null;
}

export interface Membership {
  tenant: Tenant;
  roles: string[];
}

export interface Session {
  user: { id: string; email: string; name: string | null };
  memberships: Membership[];
  /** In an app without tenants, roles belong to the person. */
  roles?: string[];
}

/** An answer that is not a success, in the server's own words. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null,
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = 'ServerError';
  }
}

/** Cookie callers must send it: another origin's page cannot. */
export const CSRF = { 'X-Freehold-CSRF': '1' } as const;

export async function getInfo(): Promise<Info> {
  return (await call('GET', '/console/info')).json() as Promise<Info>;
}

export async function signIn(email: string, password: string): Promise<Session> {
  const answer = (await (await call('POST', '/auth/sign-in', { email, password })).json()) as
    | Session
    | { secondFactorRequired: unknown };
  if (!('secondFactorRequired' in answer)) return answer;
  // The page that asks for it comes back here.
  location.assign('/auth/mfa?return_to=%2F');
  return new Promise(() => {});
}

export async function signOut(): Promise<void> {
  await call('POST', '/auth/sign-out', {});
}

/** The session of this browser, or null. */
export async function findSession(): Promise<Session | null> {
  try {
    return (await (await call('GET', '/auth/session')).json()) as Session;
  } catch (error) {
    if (error instanceof ServerError && error.status === 401) return null;
    throw error;
  }
}

async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { ...CSRF, Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(path, {
    method,
    headers,
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function errorOf(response: Response): Promise<ServerError> {
  const fallback = `the server answered ${response.status} ${response.statusText}`.trim();
  try {
    const { errors } = (await response.json()) as {
      errors?: { message?: string; extensions?: { code?: string; requestId?: string } }[];
    };
    const first = errors?.[0];
    return new ServerError(
      first?.message ?? fallback,
      response.status,
      first?.extensions?.code ?? null,
      first?.extensions?.requestId ?? null,
    );
  } catch {
    return new ServerError(fallback, response.status, null, null);
  }
}
