// Who you are, where, and as what: the bar at the top.
import { DarkIcon, LightIcon, Mark, SystemIcon } from './icons';
import type { DemoUser } from './server';
import { type Theme, themes } from './storage';
import type { Console } from './useConsole';

interface Props {
  state: Console;
  theme: Theme;
  onTheme(theme: Theme): void;
  onPerson(email: string): void;
  onSignIn(): void;
}

export function Header({ state, theme, onTheme, onPerson, onSignIn }: Props) {
  const { info, session } = state;
  return (
    <header className="bar">
      <div className="bar-brand">
        <Mark />
        <h1>
          <span className="bar-product">Freehold</span>
          {info && <span className="bar-app">{info.app}</span>}
        </h1>
        {info && (
          <span className="tag" title={`Freehold ${info.version}, security: ${info.security}`}>
            {info.environment}
          </span>
        )}
      </div>
      <div className="bar-who">
        <PersonSwitcher state={state} onPerson={onPerson} />
        <TenantSwitcher state={state} />
        <Roles state={state} />
      </div>
      <div className="bar-actions">
        <ThemeButton theme={theme} onTheme={onTheme} />
        {session ? (
          <button type="button" className="button" disabled={state.busy} onClick={() => void state.signOut()}>
            Sign out
          </button>
        ) : (
          <button type="button" className="button" disabled={info === null || state.busy} onClick={onSignIn}>
            Sign in
          </button>
        )}
      </div>
    </header>
  );
}

function PersonSwitcher({ state, onPerson }: { state: Console; onPerson(email: string): void }) {
  const { info, session, busy } = state;
  if (!info || session === undefined) return null;
  const current = session?.user.email ?? '';
  if (info.demoUsers.length === 0) {
    return <span className="bar-person">{session ? (session.user.name ?? current) : 'Not signed in'}</span>;
  }
  const known = info.demoUsers.some((it) => it.email === current);
  return (
    <label className="field">
      <span>Person</span>
      <select
        name="person"
        value={current}
        disabled={busy}
        aria-busy={busy}
        title={current || undefined}
        onChange={(event) => {
          const email = event.currentTarget.value;
          if (email) onPerson(email);
          else void state.signOut();
        }}
      >
        {(info.anonymous || !session) && <option value="">{info.anonymous ? 'Anonymous' : 'Choose a person…'}</option>}
        {session && !known && <option value={current}>{session.user.name ?? current}</option>}
        {groups(info.demoUsers).map(([label, users]) => {
          const options = users.map((user) => (
            <option key={user.email} value={user.email}>
              {labelOf(user)}
            </option>
          ));
          return label ? (
            <optgroup key={label} label={label}>
              {options}
            </optgroup>
          ) : (
            options
          );
        })}
      </select>
    </label>
  );
}

function TenantSwitcher({ state }: { state: Console }) {
  const { tenant, tenants, session, signInNeeded } = state;
  if (tenants.length === 0 || signInNeeded || session === undefined) return null;
  return (
    <label className="field">
      <span>Tenant</span>
      <select
        name="tenant"
        value={tenant?.slug ?? ''}
        title={tenant?.slug}
        onChange={(event) => state.chooseTenant(event.currentTarget.value || null)}
      >
        {!session && <option value="">None</option>}
        {tenants.map((it) => (
          <option key={it.id} value={it.slug}>
            {it.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Roles({ state }: { state: Console }) {
  const { session, roles } = state;
  if (!session) return null;
  return (
    <ul className="roles" aria-label={`Roles of ${session.user.name ?? session.user.email}`}>
      {roles.map((it) => (
        <li key={it} className="tag tag-role">
          {it}
        </li>
      ))}
      {roles.length === 0 && <li className="tag">no role</li>}
    </ul>
  );
}

function ThemeButton({ theme, onTheme }: { theme: Theme; onTheme(theme: Theme): void }) {
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  const label = `Theme: ${theme}. Change to ${next}`;
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => onTheme(next)}>
      {{ system: <SystemIcon />, light: <LightIcon />, dark: <DarkIcon /> }[theme]}
    </button>
  );
}

function labelOf(user: DemoUser): string {
  const roles = [...new Set(user.tenants.flatMap((it) => it.roles))];
  const suffix = roles.length > 0 ? roles.join(', ') : user.profile;
  return suffix ? `${user.name} · ${suffix}` : user.name;
}

/** Demo users by tenant, in the order of the seed; people of none or several come last. */
function groups(users: DemoUser[]): [string, DemoUser[]][] {
  const result = new Map<string, DemoUser[]>();
  const several = users.filter((it) => it.tenants.length > 1);
  const none = users.filter((it) => it.tenants.length === 0);
  for (const user of users) {
    const [first, second] = user.tenants;
    if (first && !second) result.set(first.name, [...(result.get(first.name) ?? []), user]);
  }
  if (several.length > 0) result.set('Several tenants', several);
  if (none.length > 0) result.set(result.size > 0 ? 'No tenant' : '', none);
  return [...result];
}
