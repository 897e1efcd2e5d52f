// What the console remembers in this browser, under one prefix. A browser that refuses storage only forgets.

function get(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function set(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private mode, or full.
  }
}

/**
 * Whether this browser has signed in here. Asking for a session that is not there is a 401, which the browser prints as an
 * error; so we only ask when there may be one.
 */
export const signedInHint = {
  get: () => get('freehold:signed-in') === 'yes',
  set: (signedIn: boolean) => set('freehold:signed-in', signedIn ? 'yes' : null),
};

/** The tenant that a person chose last, by e-mail. */
export const chosenTenant = {
  get: (email: string) => get(`freehold:tenant:${email}`),
  set: (email: string, tenant: string | null) => set(`freehold:tenant:${email}`, tenant),
};

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const chosenTheme = {
  get: (): Theme => themes.find((it) => it === get('freehold:theme')) ?? 'system',
  set: (theme: Theme) => set('freehold:theme', theme === 'system' ? null : theme),
};

/** GraphiQL's tabs and history, apart for each app: apps take turns on one development port. */
export function playgroundStorage(app: string) {
  const prefix = `freehold:playground:${app}:`;
  const keys = () => {
    try {
      return Object.keys(localStorage).filter((it) => it.startsWith(prefix));
    } catch {
      return [];
    }
  };
  return {
    get length() {
      return keys().length;
    },
    getItem: (key: string) => get(prefix + key),
    // GraphiQL learns from the exception that storage is full.
    setItem: (key: string, value: string) => localStorage.setItem(prefix + key, value),
    removeItem: (key: string) => set(prefix + key, null),
    clear: () => keys().forEach((it) => set(it, null)),
  };
}
