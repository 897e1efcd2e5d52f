//! Apps and other environments that sign people in here.

use super::{Context, DAY, HOUR, address, duration, label, once, secret, url};
use crate::catalog::ClientDef;
use crate::model::{ClientModel, Name};

/// `None`: it cannot have that name.
pub(super) fn resolve(context: &mut Context<'_>, name: &Name, model: &ClientModel) -> Option<ClientDef> {
    let sound = context.check_name("a client", name);
    let label = label(context, name, model.label.as_ref());
    let stated = &model.redirect_uris;
    if stated.value.is_empty() {
        context
            .diagnostics
            .error(
                "empty-list",
                stated.span,
                "`redirect_uris` lists none, so no code could be sent",
            )
            .hint("list the addresses of the client that take a code");
    }
    let mut redirect_uris = Vec::with_capacity(stated.value.len());
    for text in &stated.value {
        let uri = url(context, "redirect URI", text, address::redirect);
        once(context, &mut redirect_uris, uri, text.span);
    }
    let secret = model.secret.as_ref().map(|name| secret(context, name));
    let refresh = model
        .refresh
        .as_ref()
        .and_then(|text| duration(context, "refresh", text, (HOUR, "1h"), (365 * DAY, "365d")));
    sound.then(|| ClientDef {
        name: name.value.clone(),
        span: name.span,
        label,
        redirect_uris,
        secret,
        refresh,
    })
}
