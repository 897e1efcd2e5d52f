// The console's state: what the server says of itself, who is signed in, and the tenant they look at.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { findSession, getInfo, type Info, type Session, ServerError, signIn, signOut, type Tenant } from './server';
import { chosenTenant, signedInHint } from './storage';

const POLL_MS = 2000;
const ANONYMOUS = 'anonymous';

export interface Console {
  info: Info | null;
  /** Undefined until we know. */
  session: Session | null | undefined;
  tenant: Tenant | null;
  /** The tenants this caller may choose from. */
  tenants: Tenant[];
  roles: string[];
  /** Changes whenever the schema may be another: who asks, for which tenant, of which model. */
  schemaKey: string;
  /** Whether the server turned away a caller without a session. */
  signInNeeded: boolean;
  busy: boolean;
  /** What went wrong last, for people to read. */
  problem: string | null;
  offline: boolean;
  signIn(email: string, password: string): Promise<string | null>;
  signOut(): Promise<void>;
  chooseTenant(slug: string | null): void;
  /** The server answered 401 to a GraphQL request. */
  sessionEnded(): void;
  dismissProblem(): void;
}

export function useConsole(): Console {
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  const [tenantSlug, setTenantSlug] = useState<string | null>(null);
  const [refused, setRefused] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const enter = useCallback((next: Session | null) => {
    signedInHint.set(next !== null);
    setSession(next);
    setTenantSlug(next ? firstTenant(next) : chosenTenant.get(ANONYMOUS));
    setRefused(false);
    setProblem(null);
  }, []);

  const refresh = useCallback(async () => {
    try {
      enter(signedInHint.get() ? await findSession() : null);
    } catch (error) {
      if (!(error instanceof ServerError)) return; // Not reached: `useInfo` calls again when it is.
      enter(null);
      setProblem(messageOf(error));
    }
  }, [enter]);

  const { info, offline } = useInfo(refresh);
  useEffect(() => void refresh(), [refresh]);
  useOtherTabs(session, refresh);

  const tenants = useMemo(() => tenantsOf(session, info), [session, info]);
  const tenant = tenants.find((it) => it.slug === tenantSlug) ?? (session ? tenants[0] : null) ?? null;
  const membership = session?.memberships.find((it) => it.tenant.id === tenant?.id);

  return {
    info,
    session,
    tenant,
    tenants,
    roles: membership?.roles ?? session?.roles ?? [],
    schemaKey: [session?.user.id ?? ANONYMOUS, tenant?.id, info?.revision, info?.report ? 'broken' : 'sound'].join(' '),
    signInNeeded: session === null && info !== null && (refused || !info.anonymous),
    busy,
    problem,
    offline,
    async signIn(email, password) {
      setBusy(true);
      try {
        enter(await signIn(email, password));
        return null;
      } catch (error) {
        return messageOf(error);
      } finally {
        setBusy(false);
      }
    },
    async signOut() {
      setBusy(true);
      try {
        await signOut();
        enter(null);
      } catch (error) {
        setProblem(messageOf(error));
      } finally {
        setBusy(false);
      }
    },
    chooseTenant(slug) {
      chosenTenant.set(session?.user.email ?? ANONYMOUS, slug);
      setTenantSlug(slug);
    },
    sessionEnded() {
      const hadSession = session !== null;
      enter(null);
      setRefused(true);
      if (hadSession) setProblem('Your session has ended. Sign in again to go on.');
    },
    dismissProblem: () => setProblem(null),
  };
}

/** What the server says of itself; in development again every two seconds, while someone looks. */
function useInfo(onReturn: () => void): { info: Info | null; offline: boolean } {
  const [info, setInfo] = useState<Info | null>(null);
  const [offline, setOffline] = useState(false);

  useEffect(() => {
    let stopped = false;
    let timer = 0;
    let wasOffline = false;
    const poll = async () => {
      let again = true;
      if (!document.hidden) {
        try {
          const next = await getInfo();
          if (stopped) return;
          setInfo((last) => (JSON.stringify(last) === JSON.stringify(next) ? last : next));
          setOffline(false);
          again = isDevelopment(next);
          if (wasOffline) onReturn(); // A restarted server may have forgotten us.
          wasOffline = false;
        } catch {
          if (stopped) return;
          wasOffline = true;
          setOffline(true);
        }
      }
      if (again) timer = window.setTimeout(() => void poll(), POLL_MS);
    };
    void poll();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [onReturn]);

  return { info, offline };
}

/** The cookie belongs to all tabs of the browser: when another one changed it, we say so too. */
function useOtherTabs(session: Session | null | undefined, refresh: () => void): void {
  const email = session?.user.email ?? null;
  useEffect(() => {
    const channel = new BroadcastChannel('freehold:session');
    channel.onmessage = (event: MessageEvent<string | null>) => {
      if (event.data !== email) refresh();
    };
    if (session !== undefined) channel.postMessage(email);
    return () => channel.close();
  }, [session, email, refresh]);
}

export function isDevelopment(info: Info): boolean {
  return info.environment.startsWith('dev');
}

function firstTenant(session: Session): string | null {
  const last = chosenTenant.get(session.user.email);
  const slugs = session.memberships.map((it) => it.tenant.slug);
  return slugs.find((it) => it === last) ?? slugs[0] ?? null;
}

/** A person's own tenants; for anonymous callers in development, those of the demo users. */
function tenantsOf(session: Session | null | undefined, info: Info | null): Tenant[] {
  if (session) return session.memberships.map((it) => it.tenant);
  const all = info?.demoUsers.flatMap((it) => it.tenants) ?? [];
  return [...new Map(all.map((it) => [it.id, it])).values()];
}

function messageOf(error: unknown): string {
  if (error instanceof ServerError) {
    const message = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    return error.status >= 500 && error.requestId ? `${message} (request ${error.requestId})` : message;
  }
  return 'The server cannot be reached.';
}
