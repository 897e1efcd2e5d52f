import { Component, lazy, type ReactNode, Suspense, useEffect, useLayoutEffect, useState } from 'react';
import { Header } from './Header';
import { Notice, Report } from './notices';
import { SignIn } from './SignIn';
import { chosenTheme, type Theme } from './storage';
import { useConsole } from './useConsole';
import { Welcome } from './Welcome';

// The editor is most of the code: the header is on screen while it loads.
const loadPlayground = import('./Playground');
const Playground = lazy(() => loadPlayground);

const darkSystem = window.matchMedia('(prefers-color-scheme: dark)');

export function App() {
  const state = useConsole();
  const { info, session, problem, offline } = state;
  const [theme, shownTheme, setTheme] = useTheme();
  const [signingIn, setSigningIn] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    if (info) document.title = `${info.app} · Freehold console`;
  }, [info?.app]);

  const chooseDemoUser = async (email: string) => {
    const user = info?.demoUsers.find((it) => it.email === email);
    if (!user) return;
    setFailure(await state.signIn(user.email, user.password));
  };
  const notice = failure ?? problem;

  return (
    <div className="console">
      <Header
        state={state}
        theme={theme}
        onTheme={setTheme}
        onPerson={chooseDemoUser}
        onSignIn={() => setSigningIn(true)}
      />
      <div className="console-notices">
        {offline && <Notice kind="warning">The server does not answer. Trying again…</Notice>}
        {notice && (
          <Notice
            kind="error"
            onDismiss={() => {
              setFailure(null);
              state.dismissProblem();
            }}
          >
            {notice}
          </Notice>
        )}
        {info?.report && <Report text={info.report} />}
      </div>
      <main className="console-main" aria-label="Playground">
        {info === null || session === undefined ? (
          <Loading what={offline ? 'Waiting for the server' : 'Loading'} />
        ) : state.signInNeeded ? (
          <Welcome info={info} busy={state.busy} onPerson={chooseDemoUser} onSignIn={() => setSigningIn(true)} />
        ) : (
          <Boundary>
            <Suspense fallback={<Loading what="Loading the playground" />}>
              <Playground
                app={`${info.app}/${info.environment}`}
                defaultQuery={info.defaultQuery}
                schemaKey={state.schemaKey}
                tenant={state.tenant?.slug ?? state.tenant?.id ?? null}
                theme={shownTheme}
                onUnauthenticated={state.sessionEnded}
              />
            </Suspense>
          </Boundary>
        )}
      </main>
      {signingIn && <SignIn onSubmit={state.signIn} onClose={() => setSigningIn(false)} />}
    </div>
  );
}

/** What was chosen, what that means now, and the way to choose. */
function useTheme(): [Theme, 'light' | 'dark', (theme: Theme) => void] {
  const [theme, setTheme] = useState(chosenTheme.get);
  const [systemIsDark, setSystemIsDark] = useState(darkSystem.matches);
  useEffect(() => {
    const follow = () => setSystemIsDark(darkSystem.matches);
    darkSystem.addEventListener('change', follow);
    return () => darkSystem.removeEventListener('change', follow);
  }, []);
  const shown = theme === 'system' ? (systemIsDark ? 'dark' : 'light') : theme;
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = shown;
    chosenTheme.set(theme);
  }, [theme, shown]);
  return [theme, shown, setTheme];
}

function Loading({ what }: { what: string }) {
  return (
    <p className="console-loading" role="status">
      {what}…
    </p>
  );
}

/** The header outlives a fault of the playground. */
class Boundary extends Component<{ children: ReactNode }, { message: string | null }> {
  override state = { message: null };

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (this.state.message === null) return this.props.children;
    return (
      <p className="console-loading" role="alert">
        The playground stopped: {this.state.message}. Reload the page to start it again.
      </p>
    );
  }
}
