import { type FormEvent, useEffect, useRef, useState } from 'react';
import { CloseIcon } from './icons';

interface Props {
  /** Gives what went wrong, or null. */
  onSubmit(email: string, password: string): Promise<string | null>;
  onClose(): void;
}

export function SignIn({ onSubmit, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => dialog.current?.showModal(), []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const problem = await onSubmit(String(form.get('email')), String(form.get('password')));
    setBusy(false);
    setFailure(problem);
    if (problem === null) dialog.current?.close();
  };

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="sign-in-title" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div className="dialog-head">
          <h2 id="sign-in-title">Sign in</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </div>
        <label className="field field-tall">
          <span>E-mail</span>
          <input name="email" type="email" autoComplete="username" required autoFocus />
        </label>
        <label className="field field-tall">
          <span>Password</span>
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <p className="form-problem" role="alert">
          {failure}
        </p>
        <button type="submit" className="button button-primary" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="form-other">
          <a href="/auth/sign-in?return_to=%2F">Other ways to sign in</a>
        </p>
      </form>
    </dialog>
  );
}
