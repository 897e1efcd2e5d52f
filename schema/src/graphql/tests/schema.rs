//! The SDL of whole schemas, compared with files. `UPDATE=1 cargo test -p freehold-schema` renews them.

use super::{desk, fixture};
use crate::graphql::RoleSchema;
use crate::graphql::visible::Visible;
use std::path::Path;

fn check(name: &str, schema: &RoleSchema) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/graphql/tests/golden")
        .join(name);
    let sdl = schema.sdl();
    #[expect(clippy::disallowed_methods, reason = "a developer asks for new files")]
    if std::env::var("UPDATE").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &sdl).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(sdl == expected, "{name} has changed; UPDATE=1 renews it. Now:\n{sdl}");
    async_graphql::parser::parse_schema(&sdl).unwrap();
}

#[test]
fn a_caller_who_sees_everything() {
    check("everything.graphql", &fixture::everything());
}

#[test]
fn a_caller_who_sees_a_little() {
    check("little.graphql", &fixture::little());
}

#[test]
fn a_caller_who_sees_nothing_can_still_ask_who_they_are() {
    check(
        "nothing.graphql",
        &RoleSchema::build(&fixture::catalog(), &Visible::default()),
    );
}

#[test]
fn a_caller_who_writes_everything() {
    let catalog = desk::catalog();
    let caller = desk::Caller::of_everything(&catalog);
    check("writer.graphql", &caller.schema());
}

#[test]
fn a_caller_who_administers_and_sees_nothing() {
    let catalog = desk::catalog();
    let actions = [
        "block_member",
        "create_tenant",
        "invite_member",
        "remove_member",
        "reset_password",
        "set_member_roles",
    ];
    let caller = desk::Caller::new(&catalog)
        .holds(&actions)
        .founds(&["*"])
        .creates("feedback", &["*"])
        .creates("ping", &[]);
    check("administrator.graphql", &caller.schema());
}

#[test]
fn weight_grows_with_the_schema() {
    let nothing = RoleSchema::build(&fixture::catalog(), &Visible::default()).weight_bytes();
    assert!(nothing < 50_000);
    assert!(fixture::everything().weight_bytes() > 3 * nothing);
}

#[test]
fn abstract_types_cover_their_members() {
    let schema = fixture::everything();
    assert!(
        schema.applies("Node", "Ticket") && schema.applies("VoteAbout", "Ticket") && schema.applies("Ticket", "Ticket")
    );
    assert!(
        !schema.applies("VoteAbout", "User") && !schema.applies("Node", "Viewer") && !schema.applies("Nope", "Ticket")
    );
}
