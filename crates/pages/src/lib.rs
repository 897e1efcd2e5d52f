//! The pages of identity: each is a pure function from what it shows (plain structs) to a whole HTML document and its
//! Content-Security-Policy.
//!
//! No input or output, no clock, no chance: equal views give equal bytes. Forms work without a script; the one script adds passkeys
//! and small comforts. Nothing comes from another host but a theme's logo, and no text of a view is ever markup, style or script.
//!
//! For whoever serves them: send [`Page::policy`] as `Content-Security-Policy`, with `Cache-Control: no-store`. A page says
//! `<meta name="referrer" content="same-origin">`, which counts more than a `Referrer-Policy` header. It has to: under `no-referrer`
//! browsers send forms with `Origin: null`, which a same-origin check refuses.

mod account;
mod asset;
mod consent;
mod email;
mod field;
mod frame;
mod link;
mod moment;
mod notice;
mod page;
mod password;
mod policy;
mod problem;
mod second_factor;
mod sign_in;
mod sign_up;
mod theme;
mod totp;

pub use account::keys::{KeyCreated, KeyRow, Keys, RoleChoice, key_created};
pub use account::{Account, Factor, Membership, PasskeyRow, SessionRow, account};
pub use asset::{Asset, asset, script_path};
pub use consent::{Consent, consent};
pub use email::{ChangeEmail, CheckMail, Letter, VerifyEmail, change_email, check_mail, verify_email};
pub use frame::Frame;
pub use notice::{ErrorPage, Notice, ProviderOutage, SignedOut, error_page, notice, provider_outage, signed_out};
pub use page::Page;
pub use password::{ChangePassword, ChoosePassword, ForgotPassword, change_password, choose_password, forgot_password};
pub use problem::Problem;
pub use second_factor::{SecondFactor, second_factor};
pub use sign_in::{Protocol, Provider, SIGN_IN_REFUSED, SignIn, sign_in};
pub use sign_up::{SignUp, SignUpFinish, sign_up, sign_up_finish};
pub use theme::Theme;
pub use totp::{RecoveryCodes, TotpSetUp, recovery_codes, totp_set_up};
