// Lines between the header and the playground.
import type { ReactNode } from 'react';
import { CloseIcon } from './icons';

export function Notice({
  kind,
  children,
  onDismiss,
}: {
  kind: 'warning' | 'error';
  children: ReactNode;
  onDismiss?: () => void;
}) {
  return (
    <div className={`notice notice-${kind}`} role="alert">
      <span>{children}</span>
      {onDismiss && (
        <button type="button" className="icon-button" aria-label="Dismiss" onClick={onDismiss}>
          <CloseIcon />
        </button>
      )}
    </div>
  );
}

/** The compiler's report, as it stands in the terminal. */
export function Report({ text }: { text: string }) {
  return (
    <div className="notice notice-error notice-report" role="alert">
      <details open>
        <summary>
          <strong>The model does not compile.</strong> Queries run on the last one that did.
        </summary>
        <pre tabIndex={0} aria-label="The compiler's report">
          {withoutColours(text)}
        </pre>
      </details>
    </div>
  );
}

function withoutColours(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
