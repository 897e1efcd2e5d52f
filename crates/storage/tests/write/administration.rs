//! Administration asks of the caller's own rights again, under its lock.

use crate::world::World;

const MODEL: &str = "
app: desk
security: prototype
anonymous_profile: visitor
default_profile: member
tenant: organisation
entities:
  organisation: {access: open, public: false, fields: {name: {type: text}}}
  membership: {membership_of: organisation, access: open, public: false}
profiles: {visitor: {sets: []}, member: {sets: []}}
roles:
  clerk: {sets: []}
  chief: {sets: [people], manages: [clerk]}
permission_sets:
  people: [{actions: [set_member_roles, block_member]}]
";

const ROWS: &str = "
users:
  - {email: ann@desk.test, name: Ann}
  - {email: bob@desk.test, name: Bob}
  - {email: cy@desk.test, name: Cy}
organisation:
  acme: {name: Acme}
membership:
  ann: {organisation: acme, user: ann@desk.test, roles: [chief]}
  bob: {organisation: acme, user: bob@desk.test, roles: [clerk]}
  cy: {organisation: acme, user: cy@desk.test, roles: [chief], status: blocked}
";

const CHANGED: &str = "your own rights have changed";

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_asked_again_under_the_lock() {
    let world = World::with(MODEL, ROWS);
    for site in world.databases("administration").await {
        let order = "setMemberRoles(user: <user.bob@desk.test>, roles: [\"chief\"]) { user }";
        // What each of them held when the request came in, and holds no more.
        for (email, roles) in [
            ("bob@desk.test", &["chief"][..]),
            ("cy@desk.test", &["chief"]),
            ("ann@desk.test", &["chief", "clerk"]),
        ] {
            let asker = world.member(&site, email, roles);
            asker.refused(order, "FORBIDDEN", CHANGED).await;
        }
        let ann = world.member(&site, "ann@desk.test", &["chief"]);
        // Hers have not; so she is told the next thing that is wrong.
        ann.refused(order, "FORBIDDEN", "you do not manage the role `chief`")
            .await;
        world.database_execute(&site, "DELETE FROM membership").await;
        ann.refused(order, "FORBIDDEN", CHANGED).await;
    }
}
