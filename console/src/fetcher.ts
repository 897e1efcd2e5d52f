// GraphQL over HTTP for the playground: queries and mutations as JSON, subscriptions as server-sent events.
import type { Fetcher, FetcherParams, FetcherReturnType } from '@graphiql/toolkit';
import { getOperationAST, type OperationDefinitionNode, parse } from 'graphql';
import { CSRF } from './server';

interface Options {
  /** Slug or id of the chosen tenant. */
  tenant: string | null;
  /** Aborted when another person or tenant is chosen, so that no answer reaches the next one's screen. */
  signal: AbortSignal;
  /** The server does not know us, or no longer. */
  onUnauthenticated: () => void;
}

export function createFetcher({ tenant, signal, onUnauthenticated }: Options): Fetcher {
  return (params, options) => {
    const operation = findOperation(params);
    const streams = operation?.operation === 'subscription';
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      Accept: streams ? 'text/event-stream' : 'application/graphql-response+json, application/json;q=0.9',
      ...(tenant ? { 'X-Tenant': tenant } : {}),
      ...(options?.headers as Record<string, string> | undefined),
      ...CSRF,
    };
    const abort = new AbortController();
    const request = () =>
      fetch('/graphql', {
        method: 'POST',
        headers,
        body: JSON.stringify({ ...params, operationName: operation?.name?.value }),
        signal: AbortSignal.any([signal, abort.signal]),
      });
    if (streams) return stoppable(events(request, abort.signal), abort) as FetcherReturnType;
    return answer(request, onUnauthenticated, hasCredentials(headers)) as FetcherReturnType;
  };
}

async function answer(
  request: () => Promise<Response>,
  onUnauthenticated: () => void,
  ownCredentials: boolean,
): Promise<unknown> {
  const response = await request();
  // A wrong token in the header editor says nothing about the session.
  if (response.status === 401 && !ownCredentials) onUnauthenticated();
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `the server answered ${response.status} without JSON: ${text.slice(0, 500)}` }] };
  }
}

/** Distinct-connection mode of GraphQL over SSE: `next` events carry results, `complete` ends. */
async function* events(request: () => Promise<Response>, stopped: AbortSignal): AsyncGenerator<unknown, void> {
  try {
    const response = await request();
    if (!response.body || !response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      yield await response.json();
      return;
    }
    let buffer = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      buffer = (buffer + chunk).replaceAll('\r\n', '\n');
      for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
        const { event, data } = parseEvent(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (event === 'complete') return;
        if (data) yield JSON.parse(data);
      }
    }
  } catch (error) {
    if (!stopped.aborted) throw error;
  }
}

/** A generator's own `return` waits for the next event; the stop button should not. */
function stoppable(events: AsyncGenerator<unknown, void>, abort: AbortController): AsyncIterableIterator<unknown, void> {
  return {
    next: () => events.next(),
    return: () => {
      abort.abort();
      return events.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function parseEvent(block: string): { event: string; data: string } {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value ?? '';
    if (name === 'data') data.push(value ?? '');
  }
  return { event, data: data.join('\n') };
}

/** The operation to run, by what the text says: GraphiQL's own notion of it comes a moment after the last key. */
function findOperation(params: FetcherParams): OperationDefinitionNode | null {
  try {
    const document = parse(params.query);
    return getOperationAST(document, params.operationName) ?? getOperationAST(document) ?? null;
  } catch {
    return null; // The server says better what is wrong with it.
  }
}

function hasCredentials(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((it) => it.toLowerCase() === 'authorization');
}
