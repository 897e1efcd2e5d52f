// In place of the playground while nobody is signed in and the app has nothing for anonymous callers.
import type { Info } from './server';

interface Props {
  info: Info;
  busy: boolean;
  onPerson(email: string): void;
  onSignIn(): void;
}

export function Welcome({ info, busy, onPerson, onSignIn }: Props) {
  const demo = info.demoUsers.length > 0;
  return (
    <div className="welcome">
      <h2>Sign in to see your schema</h2>
      <p>
        Freehold builds a schema for each set of roles: you see what you may use, and nothing else.{' '}
        {demo && 'Choose a person of the seed data, run a query, then choose another and run it again.'}
      </p>
      {demo && (
        <ul className="people">
          {info.demoUsers.map((user) => (
            <li key={user.email}>
              <button type="button" className="person" disabled={busy} onClick={() => onPerson(user.email)}>
                <span className="person-name">{user.name}</span>
                <span className="person-email">{user.email}</span>
                <span className="person-roles">
                  {user.tenants.map((tenant) => (
                    <span key={tenant.id} className="person-tenant">
                      {tenant.name}
                      {tenant.roles.map((it) => (
                        <span key={it} className="tag tag-role">
                          {it}
                        </span>
                      ))}
                    </span>
                  ))}
                  {user.tenants.length === 0 && user.profile && <span className="tag tag-role">{user.profile}</span>}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <button type="button" className={demo ? 'button' : 'button button-primary'} disabled={busy} onClick={onSignIn}>
        {demo ? 'Sign in with e-mail and password' : 'Sign in'}
      </button>
    </div>
  );
}
