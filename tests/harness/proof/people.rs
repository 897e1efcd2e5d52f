//! Who asks in a proof, and how rows of a generated model are known.

use crate::folder::Folder;
use crate::generate::Draft;
use crate::person::Person;
use crate::random::Random;
use crate::reference::{Caller, RowId, Val, World};
use crate::server::Server;
use serde_json::Value;

/// A generated model in a folder of its own.
///
/// # Panics
///
/// If it cannot be written.
pub fn write(draft: &Draft, seed: &Value) -> Folder {
    let folder = Folder::new();
    for (name, text) in draft.files() {
        folder.write(name, &text);
    }
    folder.write(
        "seed.yaml",
        &serde_json::to_string_pretty(seed).expect("a value can be written"),
    );
    folder
}

/// Some people in some tenants; the anonymous, and tenants that are not one's own.
pub fn callers(random: &mut Random, draft: &Draft) -> Vec<(Option<String>, Option<&'static str>)> {
    let people = Draft::people();
    let tenants: &[Option<&'static str>] = if draft.tenants {
        &[Some("acme"), Some("acme"), Some("globex"), None, Some("nowhere")]
    } else {
        &[None]
    };
    let mut callers = vec![(None, *random.pick(tenants))];
    for email in random.some(&people, 2) {
        callers.push((Some(email), *random.pick(tenants)));
    }
    callers.push((Some(people[0].clone()), tenants[0]));
    callers
}

/// Everybody, in one tenant or another.
pub fn everybody(random: &mut Random, draft: &Draft) -> Vec<(Option<String>, Option<&'static str>)> {
    let tenants: &[Option<&'static str>] = if draft.tenants {
        &[
            Some("acme"),
            Some("acme"),
            Some("acme"),
            Some("globex"),
            Some("globex"),
            None,
            Some("nowhere"),
        ]
    } else {
        &[None]
    };
    let names = Draft::people().into_iter().map(Some).chain([None]);
    let mut found = Vec::new();
    for name in names {
        found.push((name.clone(), *random.pick(tenants)));
        if draft.tenants && random.one_in(3) {
            found.push((name, Some("acme")));
        }
    }
    found
}

/// Somebody as the server knows them, and as the reference does.
pub fn caller_of<'a>(
    world: &World,
    server: &'a Server,
    email: Option<&str>,
    tenant: Option<&'static str>,
) -> (Person<'a>, Caller) {
    let person = email.map_or_else(|| server.anonymous(), |email| server.sign_in(email));
    let person = tenant.map_or_else(|| person.clone(), |tenant| person.tenant(tenant));
    let user = email.and_then(|email| world.find("user", email));
    // Without a header: the only membership.
    let of_header = tenant.map(|label| world.find("org", label));
    let tenant = of_header.unwrap_or_else(|| {
        let mine = world
            .of("membership")
            .filter(|row| user.is_some_and(|user| *world.raw(*row, "user") == Val::Row(user)));
        let active: Vec<RowId> = mine
            .filter(|row| *world.raw(*row, "status") == Val::Text("active".into()))
            .collect();
        if let [only] = active.as_slice() {
            world.row_of(*only).tenant
        } else {
            None
        }
    });
    (
        person,
        Caller {
            user,
            tenant,
            now: "2999-01-01T00:00:00.000000Z".into(),
            before: None,
            session: None,
        },
    )
}
