use super::{Access, RoleSet};
use crate::explain::explain;
use crate::source::Guard;
use crate::world;
use freehold_base::{Caller, CallerTenant, Person, RowId, Timestamp};
use freehold_schema::catalog::{Catalog, Operation};
use std::collections::BTreeMap;
use uuid::Uuid;

const APP: &str = r"
app: desk
security: prototype
tenant: organisation
default_profile: member
anonymous_profile: visitor
entities:
  organisation: {access: open, public: false, fields: {name: {type: text}, slug: {type: text}}, unique: [[slug]]}
  ticket:
    in: organisation
    access: protected
    public: false
    fields:
      subject: {type: text}
      status: {type: select, options: [new, solved], default: new, state: true}
      hours: {type: int}
      secret: {type: text}
  article: {in: organisation, access: open, public: true, fields: {title: {type: text}, draft: {type: boolean}, remark: {type: text}}}
  news: {access: open, public: true, fields: {title: {type: text}}}
permission_sets:
  reader:
    - {entity: article, allow: [read, list], where: {draft: false}, read: [title]}
    - {entity: news, allow: [list]}
  agent:
    - {entity: ticket, allow: [read, list], read: [subject, status]}
    - {entity: ticket, allow: [read], where: {status: solved}, read: [hours]}
    - {entity: ticket, allow: [update, transition], where: {status: new}, write: [subject, status]}
  lead:
    - {entity: ticket, allow: [read, list, delete], records: all, read: [status]}
    - {entity: article, allow: [read, list, create, update], read: [title, draft], write: [title, remark]}
profiles: {visitor: {sets: [reader]}, member: {sets: [reader]}, odd: {sets: [agent]}}
roles: {agent: {sets: [agent]}, lead: {sets: [lead, agent]}}
";

fn set(profile: &str, roles: &[&str], signed_in: bool, member: bool) -> RoleSet {
    RoleSet {
        profile: Some(profile.into()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        signed_in,
        member,
        reads_only: false,
    }
}

/// Everything a role set may do, one line a thing.
fn told(catalog: &Catalog, access: &Access) -> Vec<String> {
    let mut lines = Vec::new();
    for entity in catalog.entities.values() {
        for (operation, source) in [("list", access.list(entity.id)), ("read", access.read(entity.id))] {
            let Some(source) = source else { continue };
            lines.push(format!(
                "{operation} {}: {}",
                entity.name,
                explain(catalog, entity.id, source.rows())
            ));
            for field in source.readable_fields() {
                let name = &entity.field(field.id()).name;
                match source.guard(field.id()).unwrap() {
                    Guard::Open if matches!(name.as_str(), "version" | "created_at" | "updated_at") => {}
                    Guard::Open => lines.push(format!("  {name}")),
                    Guard::When(rows) => lines.push(format!("  {name} when {}", explain(catalog, entity.id, rows))),
                }
            }
            for operation in [Operation::Update, Operation::Delete, Operation::Transition] {
                let rows = explain(catalog, entity.id, &source.can(operation));
                if rows != "never" {
                    lines.push(format!("  {operation:?} when {rows}"));
                }
            }
            for field in source.writable_fields() {
                lines.push(format!(
                    "  write {} when {}",
                    entity.field(field).name,
                    explain(catalog, entity.id, &source.writable(field))
                ));
            }
        }
    }
    lines
}

#[track_caller]
fn check(role_set: &RoleSet, expected: &str) {
    let (catalog, policy) = world::policy(APP);
    let access = Access::reduce(&catalog, &policy, role_set);
    let expected: Vec<&str> = expected
        .lines()
        .skip(1)
        .map(|line| line.strip_prefix("        ").unwrap_or(line))
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(told(&catalog, &access), expected);
}

const PUBLIC: &str = "
        list article: tenant = $tenant and draft = false
          id
          title
        read article: tenant = $tenant and draft = false
          id
          title
        list news: always
          id";

#[test]
fn who_is_no_member_reaches_the_public_part() {
    check(&set("visitor", &[], false, false), PUBLIC);
    check(&set("member", &[], true, false), PUBLIC);
    // Roles of another tenant, or claimed by nobody, grant nothing.
    check(&set("member", &["lead"], true, false), PUBLIC);
    check(&set("visitor", &["lead"], false, true), PUBLIC);
    check(&set("odd", &[], true, false), "\n");
}

#[test]
fn unknown_names_grant_nothing() {
    check(&set("nobody", &["chief"], true, true), "\n");
}

#[test]
fn fields_rows_and_gates_of_several_rules() {
    check(
        &set("odd", &["agent"], true, true),
        r#"
        list ticket: tenant = $tenant and owner = $user
          id
          subject
          status
          hours when status = "solved"
          Update when status = "new" and owner = $user
          Transition when status = "new" and owner = $user
          write subject when status = "new" and owner = $user
        read ticket: tenant = $tenant and owner = $user
          id
          subject
          status
          hours when status = "solved"
          Update when status = "new" and owner = $user
          Transition when status = "new" and owner = $user
          write subject when status = "new" and owner = $user"#,
    );
}

#[test]
fn every_set_counts_with_all_its_fields() {
    check(
        &set("member", &["lead"], true, true),
        r#"
        list ticket: tenant = $tenant
          id
          subject when owner = $user
          status
          hours when status = "solved" and owner = $user
          Update when status = "new" and owner = $user
          Delete when always
          Transition when status = "new" and owner = $user
          write subject when status = "new" and owner = $user
        read ticket: tenant = $tenant
          id
          subject when owner = $user
          status
          hours when status = "solved" and owner = $user
          Update when status = "new" and owner = $user
          Delete when always
          Transition when status = "new" and owner = $user
          write subject when status = "new" and owner = $user
        list article: tenant = $tenant
          id
          title
          draft
          Update when always
          write title when always
          write remark when always
        read article: tenant = $tenant
          id
          title
          draft
          Update when always
          write title when always
          write remark when always
        list news: always
          id"#,
    );
}

#[test]
fn without_rules_there_is_nothing() {
    let (catalog, policy) = world::policy(APP);
    let access = Access::reduce(
        &catalog,
        &policy,
        &RoleSet {
            profile: None,
            roles: Vec::new(),
            signed_in: true,
            member: true,
            reads_only: false,
        },
    );
    assert!(access.visible(&catalog).entities.is_empty());
    let nobody = Access::reduce(
        &catalog,
        &policy,
        &RoleSet {
            profile: None,
            roles: Vec::new(),
            signed_in: false,
            member: false,
            reads_only: false,
        },
    );
    assert_eq!(explain(&catalog, catalog.user, nobody.own_user().rows()), "never");
    assert!(nobody.own_memberships().is_none() && nobody.own_tenants().is_none());
}

#[test]
fn what_a_schema_may_name() {
    let (catalog, policy) = world::policy(APP);
    let visible = Access::reduce(&catalog, &policy, &set("member", &["lead"], true, true)).visible(&catalog);
    let told: Vec<String> = visible
        .entities
        .iter()
        .map(|entity| {
            let definition = catalog.entity(entity.id);
            let fields: Vec<String> = entity
                .fields
                .iter()
                .map(|field| {
                    format!(
                        "{}{}",
                        definition.field(field.id).name,
                        if field.always { "!" } else { "" }
                    )
                })
                .collect();
            format!(
                "{} list={} read={}: {}",
                definition.name,
                entity.can_list,
                entity.can_read,
                fields.join(" ")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "ticket list=true read=true: id! version! created_at! updated_at! subject status! hours",
            "article list=true read=true: id! version! created_at! updated_at! title! draft!",
            "news list=true read=false: id!",
        ]
    );
}

#[test]
fn own_rows_cross_the_wall_along_own_memberships_alone() {
    let (catalog, policy) = world::policy(APP);
    let access = Access::reduce(&catalog, &policy, &set("member", &[], true, false));
    let names = |source: &crate::source::RowSource| -> Vec<String> {
        source
            .readable_fields()
            .map(|field| catalog.field(source.entity(), field.id()).name.clone())
            .collect()
    };
    let own = access.own_user();
    assert_eq!(explain(&catalog, catalog.user, own.rows()), "id = $user");
    assert_eq!(names(own), ["id", "email", "name", "locale", "profile", "status"]);
    let memberships = access.own_memberships().unwrap();
    assert_eq!(
        explain(&catalog, memberships.entity(), memberships.rows()),
        r#"user = $user and status = "active""#
    );
    assert_eq!(names(memberships), ["id", "tenant", "user", "roles", "status"]);
    let tenants = access.own_tenants().unwrap();
    assert_eq!(
        explain(&catalog, tenants.entity(), tenants.rows()),
        r#"some membership by tenant (user = $user and status = "active")"#
    );
    assert_eq!(names(tenants), ["id", "name", "slug"]);
}

#[test]
fn who_only_reads_writes_nothing_and_reads_the_same() {
    let (catalog, policy) = world::policy(APP);
    for roles in [&["agent"][..], &["lead"]] {
        let full = set("member", roles, true, true);
        let less = RoleSet {
            reads_only: true,
            ..full.clone()
        };
        let (full, less) = (
            Access::reduce(&catalog, &policy, &full),
            Access::reduce(&catalog, &policy, &less),
        );
        let reading = |access: &Access| {
            let mut visible = access.visible(&catalog);
            visible.entities.retain(|entity| entity.can_list || entity.can_read);
            let entities = visible.entities.into_iter();
            entities
                .map(|it| (it.id, it.can_list, it.can_read, it.fields))
                .collect::<Vec<_>>()
        };
        assert_eq!(reading(&full), reading(&less), "{roles:?}");
        assert!(less.actions().is_empty() && less.manages().is_empty() && less.founding().is_empty());
        for entity in catalog.entities.values() {
            for operation in super::targets::WRITES {
                assert!(
                    !less.target(entity.id, operation).is_open(),
                    "{} {operation:?}",
                    entity.name
                );
            }
        }
        let told = |access| told(&catalog, access).join("\n");
        for word in ["Update when", "write subject"] {
            assert!(
                told(&full).contains(word) && !told(&less).contains(word),
                "{}",
                told(&less)
            );
        }
    }
}

fn caller(signed_in: bool, member: Option<bool>, roles: &[&str]) -> Caller {
    let id = RowId::from(Uuid::from_u128(1));
    Caller {
        person: signed_in.then_some(Person { id }),
        tenant: member.map(|member| CallerTenant {
            id,
            membership: member.then(BTreeMap::new),
        }),
        profile: Some("member".into()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        claims: BTreeMap::new(),
        reads_only: false,
        now: Timestamp(0),
    }
}

#[test]
fn role_sets_of_callers() {
    let (_, catalog) = world::catalog(APP);
    let of = |signed_in, member, roles: &[&str]| RoleSet::of(&catalog, &caller(signed_in, member, roles));
    assert_eq!(
        of(true, Some(true), &["lead", "agent", "lead", "chief"]),
        set("member", &["agent", "lead"], true, true)
    );
    assert_eq!(of(true, Some(false), &["lead"]), set("member", &[], true, false));
    assert_eq!(of(true, None, &["lead"]), set("member", &[], true, false));
    assert_eq!(of(false, Some(true), &["lead"]), set("member", &[], false, false));
}

#[test]
fn in_a_single_tenant_app_whoever_signs_in_is_a_member() {
    let app = "app: a\nsecurity: prototype\nentities: {post: {access: protected, public: true, fields: {title: {type: text}}, record_tokens: {it: {match: \"role:editor\", grants: read}}}}\npermission_sets: {all: [{entity: post, allow: [read], read: [title]}]}\nprofiles: {member: {sets: []}}\nroles: {editor: {sets: [all]}}\ndefault_profile: member";
    let (catalog, policy) = world::policy(app);
    let role_set = RoleSet::of(&catalog, &caller(true, None, &["editor"]));
    assert_eq!(role_set, set("member", &["editor"], true, true));
    let access = Access::reduce(&catalog, &policy, &role_set);
    let post = catalog.find_entity("post").unwrap().id;
    assert_eq!(explain(&catalog, post, access.read(post).unwrap().rows()), "always");
    let own: Vec<String> = access
        .own_user()
        .readable_fields()
        .map(|field| catalog.field(catalog.user, field.id()).name.clone())
        .collect();
    assert_eq!(own, ["id", "email", "name", "locale", "profile", "status", "roles"]);
    let nobody = Access::reduce(
        &catalog,
        &policy,
        &RoleSet::of(&catalog, &caller(false, None, &["editor"])),
    );
    assert!(nobody.read(post).is_none());
}

const WRITES: &str = r"
app: desk
security: prototype
tenant: organisation
default_profile: member
anonymous_profile: visitor
entities:
  organisation: {access: open, public: false, fields: {name: {type: text}}}
  person_in: {membership_of: organisation, access: protected, public: false}
  ticket:
    in: organisation
    access: protected
    public: false
    fields:
      subject: {type: text}
      status: {type: select, options: [new, solved], default: new, state: true}
      requester: {type: ref, to: user, immutable: true, on_delete: set_null}
      number: {type: autonumber}
    record_tokens:
      requester: {match: self, field: requester, grants: read}
  comment:
    in: organisation
    access: protected
    access_field: ticket
    public: false
    fields: {ticket: {type: ref, to: ticket, on_delete: cascade}, body: {type: text}}
  feedback: {in: organisation, access: open, public: true, fields: {text: {type: text}}}
permission_sets:
  member:
    - {entity: ticket, allow: [create, update, transition], write: [subject, status], set: {requester: $user}, check: {subject: {ne: $before.subject}}}
    - {entity: ticket, allow: [update], records: all, write: [subject, owner]}
    - {entity: comment, allow: [create, update], write: [ticket, body]}
    - {entity: person_in, allow: [create, update, delete], records: all, write: [roles, status, owner]}
    - {entity: user, allow: [update], where: {id: $user}, write: [email, name, profile]}
  visitor:
    - {entity: feedback, allow: [create], write: [text]}
    - {entity: ticket, allow: [delete], records: all}
profiles: {member: {sets: [member]}, visitor: {sets: [visitor]}}
";

/// Every grant of a role set, one line each: operation, entity, stored rows, new row, what is written and preset.
fn grants(profile: &str, signed_in: bool) -> Vec<String> {
    let (catalog, policy) = world::policy(WRITES);
    let access = Access::reduce(&catalog, &policy, &set(profile, &[], signed_in, signed_in));
    let mut lines = Vec::new();
    for entity in catalog.entities.values() {
        for operation in [
            Operation::Create,
            Operation::Update,
            Operation::Delete,
            Operation::Transition,
        ] {
            for grant in access.target(entity.id, operation).grants() {
                let told = |predicate| explain(&catalog, entity.id, predicate);
                let names: Vec<&str> = grant
                    .writable()
                    .iter()
                    .map(|field| entity.field(*field).name.as_str())
                    .collect();
                lines.push(format!(
                    "{operation:?} {}: {} / {} / {} [{}] +{}",
                    entity.name,
                    told(grant.stored()),
                    told(grant.new_row()),
                    told(grant.moved()),
                    names.join(" "),
                    grant.presets().len()
                ));
            }
        }
    }
    lines
}

#[test]
fn write_targets() {
    assert_eq!(
        grants("member", true),
        [
            "Update user: id = $user / id = $user / always [name] +0",
            "Update person_in: tenant = $tenant / tenant = $tenant / always [owner] +0",
            "Create ticket: always / tenant = $tenant and owner = $user and subject <> $before.subject / always [subject] +1",
            "Update ticket: tenant = $tenant and owner = $user / tenant = $tenant and subject <> $before.subject / always [subject] +0",
            "Update ticket: tenant = $tenant / tenant = $tenant / always [owner subject] +0",
            "Transition ticket: tenant = $tenant and owner = $user / tenant = $tenant and subject <> $before.subject / always [status] +0",
            "Create comment: always / tenant = $tenant and ticket -> ticket (tenant = $tenant and owner = $user) / always [ticket body] +0",
            "Update comment: tenant = $tenant and ticket -> ticket (tenant = $tenant and owner = $user) / tenant = $tenant / ticket -> ticket (tenant = $tenant and owner = $user) [ticket body] +0",
        ],
        "the parent's gate for writing is the owner's alone: the requester's token reads"
    );
    assert_eq!(
        grants("visitor", false),
        ["Create feedback: always / tenant = $tenant / always [text] +0"],
        "who is no member reaches what is public alone, and nobody owns nothing"
    );
}
