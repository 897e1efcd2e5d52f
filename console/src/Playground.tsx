// GraphiQL, asking as the caller that the header shows.
import 'graphiql/style.css';
import './graphiql.css';
import { useEditorContext, useExecutionContext } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useRef } from 'react';
import { createFetcher } from './fetcher';
import { playgroundStorage } from './storage';

interface Props {
  /** Tabs and history are kept by this name. */
  app: string;
  defaultQuery: string | null;
  /** A new value makes GraphiQL introspect again. */
  schemaKey: string;
  tenant: string | null;
  theme: 'light' | 'dark';
  onUnauthenticated(): void;
}

const WELCOME_QUERY = `# Ctrl-Space completes, Ctrl-Enter runs.
# The book on the left documents your own schema; it changes with who you are.

{
  __typename
}
`;

export default function Playground({ app, defaultQuery, schemaKey, tenant, theme, onUnauthenticated }: Props) {
  const storage = useMemo(() => playgroundStorage(app), [app]);
  const unauthenticated = useRef(onUnauthenticated);
  unauthenticated.current = onUnauthenticated;

  // GraphiQL introspects whenever its fetcher is another one.
  const [fetcher, abort] = useMemo(() => {
    const caller = new AbortController();
    const onUnauthenticated = () => {
      if (!caller.signal.aborted) unauthenticated.current();
    };
    return [createFetcher({ tenant, signal: caller.signal, onUnauthenticated }), caller] as const;
  }, [schemaKey, tenant]);
  useEffect(
    () => () => abort.abort(new Error('Stopped, because another person, tenant or model was chosen.')),
    [abort],
  );

  return (
    <GraphiQL
      key={app}
      fetcher={fetcher}
      storage={storage}
      defaultQuery={defaultQuery ?? WELCOME_QUERY}
      forcedTheme={theme}
      shouldPersistHeaders={false} // They may hold a token.
      schemaDescription
      inputValueDeprecation
      // The server compiled it; checking it again in the browser is slow for large models.
      dangerouslyAssumeSchemaIsValid
    >
      <ForgetAnswers caller={schemaKey} />
      <AccessibleEditors />
    </GraphiQL>
  );
}

/** An answer on screen belongs to whoever asked: it goes when the caller does, in every tab. */
function ForgetAnswers({ caller }: { caller: string }) {
  const { tabs, responseEditor } = useEditorContext({ nonNull: true });
  const { stop } = useExecutionContext({ nonNull: true });
  const asked = useRef(caller);
  useEffect(() => {
    if (asked.current === caller) return;
    asked.current = caller;
    stop();
    // In place: GraphiQL has no way to set the answer of a tab that is not in front, and reads it only on a change of tab.
    for (const tab of tabs) tab.response = null;
    responseEditor?.setValue('');
  });
  return null;
}

/** Names for screen readers, and Tab to leave the editor with (Enter and Prettify indent; Ctrl-] by hand). */
function AccessibleEditors() {
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useEditorContext({ nonNull: true });
  useEffect(() => {
    const editors = { Query: queryEditor, Variables: variableEditor, Headers: headerEditor, Answer: responseEditor };
    for (const [name, editor] of Object.entries(editors)) {
      editor?.getInputField().setAttribute('aria-label', name);
      editor?.addKeyMap({ Tab: false, 'Shift-Tab': false });
    }
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  return null;
}
