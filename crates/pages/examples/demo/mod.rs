//! Every page, with made-up views. Each text passes through [`Words`], so that tests can put something else there.

use freehold_pages::{
    Account, ChangeEmail, ChangePassword, CheckMail, ChoosePassword, Consent, ErrorPage, Factor, ForgotPassword, Frame,
    KeyCreated, KeyRow, Keys, Letter, Membership, Notice, Page, PasskeyRow, Problem, Protocol, Provider,
    ProviderOutage, RecoveryCodes, RoleChoice, SIGN_IN_REFUSED, SecondFactor, SessionRow, SignIn, SignUp, SignUpFinish,
    SignedOut, Theme, TotpSetUp, VerifyEmail, account, change_email, change_password, check_mail, choose_password,
    consent, error_page, forgot_password, key_created, notice, provider_outage, recovery_codes, second_factor, sign_in,
    sign_up, sign_up_finish, signed_out, totp_set_up, verify_email,
};

/// What stands in the views.
pub(crate) trait Words {
    /// A text for people, or an opaque word.
    fn text(&self, words: &str) -> String {
        words.to_owned()
    }
    /// A path of this host.
    fn path(&self, path: &str) -> String {
        path.to_owned()
    }
    /// Looks.
    fn theme(&self) -> Theme {
        Theme {
            title: self.text("Helpdesk"),
            ..Theme::default()
        }
    }
}

/// The texts as they are.
pub(crate) struct Plain;
impl Words for Plain {}

/// 2026-03-01 09:30 UTC.
const NOW: i64 = 1_772_357_400;
const DAY: i64 = 24 * 60 * 60;

/// Name of the file and its page, for every page.
pub(crate) fn pages(words: &dyn Words) -> Vec<(&'static str, Page)> {
    let text = |it: &str| words.text(it);
    let frame = || Frame {
        theme: words.theme(),
        csrf: text("csrf-token"),
        redirects: Vec::new(),
    };
    let client = || Frame {
        redirects: vec!["https://wiki.example/callback".to_owned()],
        ..frame()
    };
    let wrong = |field, message: &str| vec![Problem::of(field, text(message))];
    let mut all = Vec::new();

    let mut door = SignIn {
        frame: frame(),
        email: String::new(),
        return_to: words.path("/tickets?open=1"),
        password: true,
        forgot: true,
        sign_up: true,
        passkey: true,
        providers: providers(words),
        notice: None,
        problems: Vec::new(),
    };
    all.push(("sign-in", sign_in(&door)));
    door.email = text("agnes@example.org");
    door.problems = vec![Problem::new(text(SIGN_IN_REFUSED))];
    all.push(("sign-in-refused", sign_in(&door)));
    door.problems = vec![
        Problem::of("email", text("Enter your e-mail address.")),
        Problem::of("password", text("Enter your password.")),
    ];
    all.push(("sign-in-empty", sign_in(&door)));
    door.problems = Vec::new();
    door.password = false;
    door.notice = Some(text("Your session ended. Sign in to go on."));
    all.push(("sign-in-providers", sign_in(&door)));

    let mut second = SecondFactor {
        frame: frame(),
        return_to: words.path("/tickets"),
        totp: true,
        recovery: true,
        passkey: true,
        problems: Vec::new(),
    };
    all.push(("second-factor", second_factor(&second)));
    second.problems = wrong("recovery_code", "That code does not fit, or has been used.");
    all.push(("second-factor-wrong", second_factor(&second)));

    let mut totp = TotpSetUp {
        frame: frame(),
        qr_svg: text(QR),
        secret: text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        uri: Some(format!(
            "otpauth://totp/{}",
            text("Helpdesk:agnes@example.org?secret=JBSWY3DPEHPK3PXP")
        )),
        problems: Vec::new(),
    };
    all.push(("totp", totp_set_up(&totp)));
    totp.problems = wrong("code", "That code does not fit. Is the clock of your phone right?");
    all.push(("totp-wrong", totp_set_up(&totp)));
    let codes = [
        "7h2k-9qfm",
        "x4wd-3nrt",
        "p8ce-6vzy",
        "m5jb-2gsk",
        "t9xr-7dhf",
        "c3wn-8kqp",
        "v6ze-4mtj",
        "b2fy-5hgx",
        "q7sd-9wcr",
        "n4kp-3xvm",
    ];
    all.push((
        "recovery-codes",
        recovery_codes(&RecoveryCodes {
            frame: frame(),
            email: text("agnes@example.org"),
            codes: codes.iter().map(|it| text(it)).collect(),
        }),
    ));

    let mut forgot = ForgotPassword {
        frame: frame(),
        email: String::new(),
        problems: Vec::new(),
    };
    all.push(("password-forgot", forgot_password(&forgot)));
    forgot.email = text("agnes@example");
    forgot.problems = wrong("email", "This is not an e-mail address.");
    all.push(("password-forgot-wrong", forgot_password(&forgot)));
    all.push((
        "password-reset",
        choose_password(&ChoosePassword {
            frame: frame(),
            token: text("0123abcd"),
            email: Some(text("agnes@example.org")),
            chars_min: 12,
            problems: wrong("password", "This password is among the most common ones."),
        }),
    ));
    all.push((
        "password-change",
        change_password(&ChangePassword {
            frame: frame(),
            email: text("agnes@example.org"),
            chars_min: 12,
            problems: vec![
                Problem::of("current", text("This is not your password.")),
                Problem::of("password", text("Choose at least 12 characters.")),
            ],
        }),
    ));
    all.push((
        "sign-up",
        sign_up(&SignUp {
            frame: frame(),
            email: text("agnes@example.org"),
            return_to: words.path("/tickets"),
            providers: providers(words),
            problems: wrong("email", "Sign-up is for addresses at example.com."),
        }),
    ));
    all.push((
        "sign-up-finish",
        sign_up_finish(&SignUpFinish {
            frame: frame(),
            token: text("0123abcd"),
            email: Some(text("agnes@example.org")),
            name: text("Agnes Ångström"),
            chars_min: 12,
            problems: Vec::new(),
        }),
    ));
    for (name, letter) in [
        ("check-mail-reset", Letter::Reset),
        ("check-mail-sign-up", Letter::SignUp),
        ("check-mail-verify", Letter::Verify),
    ] {
        let view = CheckMail {
            frame: frame(),
            letter,
            email: text("agnes@example.org"),
        };
        all.push((name, check_mail(&view)));
    }
    all.push((
        "email-verify",
        verify_email(&VerifyEmail {
            frame: frame(),
            token: text("0123abcd"),
            email: Some(text("agnes@example.com")),
            problems: vec![Problem::new(text("That did not work. Try again."))],
        }),
    ));
    all.push((
        "email-change",
        change_email(&ChangeEmail {
            frame: frame(),
            current: text("agnes@example.org"),
            email: text("agnes@example.com"),
            password: true,
            problems: wrong("password", "This is not your password."),
        }),
    ));

    all.push((
        "account-new",
        account(&Account {
            frame: frame(),
            name: text("Ben"),
            email: text("ben@example.org"),
            totp: Some(Factor::Off),
            passkeys: Some(Vec::new()),
            sessions: sessions(words).into_iter().take(1).collect(),
            keys: Some(Keys::default()),
            ..Account::default()
        }),
    ));
    let mut person = full_account(words, frame());
    all.push(("account", account(&person)));
    person.notice = None;
    person.problems = wrong("name", "You have a key of this name.");
    all.push(("account-key-wrong", account(&person)));
    all.push((
        "key-created",
        key_created(&KeyCreated {
            frame: frame(),
            name: text("Nightly import"),
            key: text("fhk_8Zr3vQm1xT7pLwKc9sHd2nYbGf5jEaUo4iVt6R0XyBq"),
        }),
    ));

    all.push((
        "consent",
        consent(&Consent {
            frame: client(),
            client: text("Team wiki"),
            email: text("agnes@example.org"),
            learns: ["your name", "your e-mail address", "your roles"].map(text).into(),
            action: words.path("/auth/provider/consent"),
            request: text("req_1"),
        }),
    ));
    all.push((
        "notice",
        notice(&Notice {
            frame: frame(),
            title: text("Your password is set"),
            message: text("You can sign in with it now."),
            next: Some((words.path("/auth/sign-in"), text("Sign in"))),
        }),
    ));
    all.push((
        "provider-outage",
        provider_outage(&ProviderOutage {
            frame: frame(),
            provider: providers(words).remove(0),
            return_to: words.path("/tickets"),
            request_id: text("0198f2c4-77aa-7d01-9a53-0c1f2b3d4e5f"),
        }),
    ));
    all.push((
        "error",
        error_page(&ErrorPage {
            frame: frame(),
            code: text("RATE_LIMITED"),
            message: text("Too many attempts. Wait a minute, and try again."),
            request_id: text("0198f2c4-77aa-7d01-9a53-0c1f2b3d4e5f"),
            back: Some(words.path("/auth/sign-in")),
        }),
    ));
    all.push((
        "signed-out",
        signed_out(&SignedOut {
            frame: frame(),
            return_to: words.path("/tickets"),
        }),
    ));
    all
}

fn providers(words: &dyn Words) -> Vec<Provider> {
    [
        (Protocol::Oidc, "google", "Google"),
        (Protocol::Saml, "acme", "Acme single sign-on"),
    ]
    .map(|(protocol, name, label)| Provider {
        protocol,
        name: words.text(name),
        label: words.text(label),
    })
    .into()
}

fn sessions(words: &dyn Words) -> Vec<SessionRow> {
    [
        ("Firefox on Linux", "192.0.2.17", 0, true),
        ("Safari on iPhone", "2001:db8:85a3::8a2e:370:7334", 4, false),
        ("curl", "198.51.100.4", 30, false),
    ]
    .map(|(device, address, days, current)| SessionRow {
        id: words.text(device),
        device: words.text(device),
        address: words.text(address),
        last_seen: NOW - days * DAY,
        current,
    })
    .into()
}

fn full_account(words: &dyn Words, frame: Frame) -> Account {
    let text = |it: &str| words.text(it);
    Account {
        frame,
        name: text("Agnes Ångström"),
        email: text("agnes@example.org"),
        email_change: true,
        password: true,
        memberships: [("Acme", ["owner", "agent"]), ("Birch & Sons", ["agent", "auditor"])]
            .map(|(tenant, roles)| Membership {
                tenant: text(tenant),
                roles: roles.map(text).into(),
            })
            .into(),
        totp: Some(Factor::On {
            since: NOW - 90 * DAY,
            recovery_codes: 7,
        }),
        passkeys: Some(vec![
            PasskeyRow {
                id: text("passkey_1"),
                name: text("Laptop"),
                created: NOW - 60 * DAY,
                last_used: Some(NOW - DAY),
            },
            PasskeyRow {
                id: text("passkey_2"),
                name: text("Blue security key"),
                created: NOW - 59 * DAY,
                last_used: None,
            },
        ]),
        sessions: sessions(words),
        keys: Some(Keys {
            list: vec![
                KeyRow {
                    id: text("key_1"),
                    name: text("Nightly import"),
                    hint: text("fhk_8Zr3…"),
                    roles: ["agent"].map(text).into(),
                    read_only: false,
                    expires: Some(NOW + 20 * DAY),
                    last_used: Some(NOW - DAY),
                },
                KeyRow {
                    id: text("key_2"),
                    name: text("Dashboard"),
                    hint: text("fhk_Qw81…"),
                    roles: Vec::new(),
                    read_only: true,
                    expires: None,
                    last_used: None,
                },
            ],
            name: text("Backup"),
            roles: [("agent", "Agent", true), ("auditor", "Auditor", false)]
                .map(|(name, label, checked)| RoleChoice {
                    name: text(name),
                    label: text(label),
                    checked,
                })
                .into(),
            expires_days: vec![30, 90, 365],
            lasting: true,
            read_only: true,
        }),
        notice: Some(text("The key is revoked.")),
        problems: Vec::new(),
    }
}

/// Stands for a QR code.
const QR: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" shape-rendering="crispEdges"><rect width="29" height="29" fill="#fff"/><path d="M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM12 5h1v1h-1zM14 4h2v3h-2zM12 9h3v2h-3zM5 13h3v2h-3zM10 12h2v3h-2zM14 13h4v1h-4zM20 13h5v2h-5zM12 17h2v4h-2zM16 16h3v2h-3zM21 18h2v3h-2zM15 21h4v2h-4zM12 23h2v2h-2zM20 23h5v2h-5z"/><path fill="#fff" d="M5 5h5v5h-5zM19 5h5v5h-5zM5 19h5v5h-5z"/><path d="M6 6h3v3h-3zM20 6h3v3h-3zM6 20h3v3h-3z"/></svg>"##;
