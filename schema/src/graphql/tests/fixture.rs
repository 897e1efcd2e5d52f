//! A small help desk, made by hand.

use crate::catalog::{
    AccessLevel, Catalog, EntityDef, EntityId, EntityKind, EnumOption, FieldDef, FieldId, FieldType, Identity,
    OnDelete, SecurityLevel, SystemField, TextKind, UniqueKey,
};
use crate::graphql::RoleSchema;
use crate::graphql::visible::{Visible, VisibleEntity, VisibleField, VisibleWrites};
use crate::source::Span;
use freehold_base::{EntityTag, Limits};
use indexmap::IndexMap;

pub(super) const USER: EntityId = EntityId(0);
pub(super) const TEAM: EntityId = EntityId(1);
pub(super) const TICKET: EntityId = EntityId(2);
pub(super) const COMMENT: EntityId = EntityId(3);
pub(super) const VOTE: EntityId = EntityId(4);

pub(super) fn catalog() -> Catalog {
    let mut ticket = entity(TICKET, "ticket", "Ticket", "tickets");
    ticket.description = Some("What a customer asks.\nSolved by an agent, who says \"\"\"why\"\"\".".into());
    ticket.tenant_scoped = true;
    add(&mut ticket, "subject", FieldType::Text(TextKind::Plain)).required = true;
    add(&mut ticket, "body", FieldType::Text(TextKind::Html)).description = Some("Says \"hello\\world\".".into());
    add(
        &mut ticket,
        "status",
        FieldType::Select(options(&["new", "in_progress", "solved"])),
    )
    .required = true;
    add(
        &mut ticket,
        "tags",
        FieldType::MultiSelect(options(&["hardware", "software"])),
    );
    add(&mut ticket, "team", reference(&[TEAM])).required = true;
    add(&mut ticket, "due", FieldType::Date);
    add(&mut ticket, "hours", FieldType::Decimal);
    add(&mut ticket, "weight", FieldType::Float);
    add(&mut ticket, "points", FieldType::Int).deprecated = Some("Use \"hours\".".into());
    add(&mut ticket, "urgent", FieldType::Boolean);
    add(&mut ticket, "at_hour", FieldType::Time);
    add(&mut ticket, "external_key", FieldType::Uuid);
    add(&mut ticket, "extra", FieldType::Json);
    add(&mut ticket, "iban", FieldType::Text(TextKind::Plain)).encrypted = Some("pii".into());
    add(&mut ticket, "photo", FieldType::Image);
    let by = FieldId(SYSTEM.len() as u16 + 1);
    add(&mut ticket, "comments", FieldType::List { of: COMMENT, by });
    let (team, subject) = (id_of(&ticket, "team"), id_of(&ticket, "subject"));
    ticket.unique = vec![UniqueKey {
        fields: vec![team, subject],
        root_field: "ticketByTeamAndSubject".into(),
    }];

    let mut user = entity(USER, "user", "User", "users");
    user.kind = EntityKind::User;
    add(&mut user, "email", FieldType::Text(TextKind::Email)).required = true;
    add(&mut user, "name", FieldType::Text(TextKind::Plain));
    user.unique = vec![UniqueKey {
        fields: vec![id_of(&user, "email")],
        root_field: "userByEmail".into(),
    }];

    let mut team = entity(TEAM, "team", "Team", "teams");
    add(&mut team, "name", FieldType::Text(TextKind::Plain)).required = true;
    add(&mut team, "lead", reference(&[USER]));

    let mut comment = entity(COMMENT, "comment", "Comment", "comments");
    comment.deprecated = Some("No longer kept.".into());
    add(&mut comment, "text", FieldType::Text(TextKind::Markdown)).required = true;
    add(&mut comment, "ticket", reference(&[TICKET])).required = true;

    let mut vote = entity(VOTE, "vote", "Vote", "votes");
    add(&mut vote, "about", reference(&[TICKET, COMMENT]));
    add(&mut vote, "website", FieldType::Text(TextKind::Url));
    add(&mut vote, "number", FieldType::Autonumber);

    let entities = [user, team, ticket, comment, vote];
    Catalog {
        app: "helpdesk".into(),
        security: SecurityLevel::Production,
        anonymous_profile: None,
        default_profile: None,
        tenancy: None,
        user: USER,
        entities: entities
            .into_iter()
            .map(|entity| (entity.name.clone(), entity))
            .collect(),
        keys: IndexMap::new(),
        user_tokens: IndexMap::new(),
        permission_sets: IndexMap::new(),
        profiles: IndexMap::new(),
        roles: IndexMap::new(),
        founder_roles: Vec::new(),
        hosts: Vec::new(),
        passwords: None,
        identity: Identity::default(),
        limits: Limits::default(),
    }
}

/// Everything, on every row.
pub(super) fn all(catalog: &Catalog) -> Visible {
    let entities = catalog.entities.values().map(|entity| VisibleEntity {
        id: entity.id,
        can_list: true,
        can_read: true,
        fields: entity
            .fields
            .iter()
            .map(|field| VisibleField {
                id: field.id,
                always: true,
            })
            .collect(),
        writes: VisibleWrites::default(),
    });
    Visible {
        entities: entities.collect(),
        actions: Vec::new(),
        founding: Vec::new(),
    }
}

/// A caller who sees little: tickets by these fields, nothing of teams.
pub(super) fn some(catalog: &Catalog) -> Visible {
    let ticket = catalog.entity(TICKET);
    let fields = ["id", "subject", "team", "owner", "iban"];
    let seen = fields
        .iter()
        .map(|name| VisibleField {
            id: id_of(ticket, name),
            always: *name != "subject",
        })
        .collect();
    let user = catalog.entity(USER);
    let seen_user = ["id", "name"]
        .iter()
        .map(|name| VisibleField {
            id: id_of(user, name),
            always: true,
        })
        .collect();
    Visible {
        entities: vec![
            VisibleEntity {
                id: USER,
                can_list: false,
                can_read: true,
                fields: seen_user,
                writes: VisibleWrites::default(),
            },
            VisibleEntity {
                id: TICKET,
                can_list: true,
                can_read: true,
                fields: seen,
                writes: VisibleWrites::default(),
            },
            VisibleEntity {
                id: COMMENT,
                can_list: true,
                can_read: false,
                fields: Vec::new(),
                writes: VisibleWrites::default(),
            },
        ],
        actions: Vec::new(),
        founding: Vec::new(),
    }
}

pub(super) fn everything() -> RoleSchema {
    let catalog = catalog();
    RoleSchema::build(&catalog, &all(&catalog))
}

pub(super) fn little() -> RoleSchema {
    let catalog = catalog();
    RoleSchema::build(&catalog, &some(&catalog))
}

/// A ring of entities, each referring to the next and listing the one before: as deep as it is large.
pub(super) fn ring(length: u16) -> Catalog {
    let mut catalog = catalog();
    catalog.entities.clear();
    for index in 0..length {
        let mut one = entity(
            EntityId(index),
            &format!("thing{index}"),
            &format!("Thing{index}"),
            &format!("thing{index}s"),
        );
        add(&mut one, "label", FieldType::Text(TextKind::Plain));
        add(&mut one, "next", reference(&[EntityId((index + 1) % length)]));
        catalog.entities.insert(one.name.clone(), one);
    }
    catalog
}

const SYSTEM: [(&str, SystemField); 7] = [
    ("id", SystemField::Id),
    ("version", SystemField::Version),
    ("created_at", SystemField::CreatedAt),
    ("updated_at", SystemField::UpdatedAt),
    ("owner", SystemField::Owner),
    ("created_by", SystemField::CreatedBy),
    ("updated_by", SystemField::UpdatedBy),
];

fn entity(id: EntityId, name: &str, type_name: &str, plural: &str) -> EntityDef {
    let mut entity = EntityDef {
        id,
        kind: EntityKind::Ordinary,
        name: name.into(),
        span: Span::default(),
        tag: EntityTag::new(id.0).unwrap(),
        description: None,
        deprecated: None,
        type_name: type_name.into(),
        root_one: name.into(),
        root_many: plural.into(),
        tenant_scoped: false,
        public: false,
        access: AccessLevel::Open,
        access_field: None,
        fields: Vec::new(),
        unique: Vec::new(),
        index: Vec::new(),
        record_tokens: Vec::new(),
    };
    for (name, system) in SYSTEM {
        let field_type = match system {
            SystemField::Id => FieldType::Id,
            SystemField::Version => FieldType::Version,
            SystemField::CreatedAt | SystemField::UpdatedAt => FieldType::DateTime,
            SystemField::Owner | SystemField::CreatedBy | SystemField::UpdatedBy | SystemField::Tenant => {
                reference(&[USER])
            }
        };
        let field = add(&mut entity, name, field_type);
        field.system = Some(system);
        field.required = system.is_always_readable();
    }
    entity
}

fn add<'e>(entity: &'e mut EntityDef, name: &str, field_type: FieldType) -> &'e mut FieldDef {
    let mut upper = false;
    let graphql_name = name
        .chars()
        .filter_map(|letter| match (letter, std::mem::take(&mut upper)) {
            ('_', _) => {
                upper = true;
                None
            }
            (letter, true) => Some(letter.to_ascii_uppercase()),
            (letter, false) => Some(letter),
        });
    entity.fields.push(FieldDef {
        id: FieldId(entity.fields.len() as u16),
        name: name.into(),
        graphql_name: graphql_name.collect(),
        span: Span::default(),
        system: None,
        field_type,
        description: None,
        deprecated: None,
        required: false,
        immutable: false,
        personal: false,
        encrypted: None,
        searchable: false,
        state: false,
        cascade_system: false,
        default: None,
        was: None,
        min: None,
        max: None,
        pattern: None,
    });
    entity.fields.last_mut().unwrap()
}

fn reference(to: &[EntityId]) -> FieldType {
    FieldType::Reference {
        to: to.to_vec(),
        on_delete: OnDelete::Restrict,
    }
}

fn options(values: &[&str]) -> Vec<EnumOption> {
    values
        .iter()
        .map(|value| EnumOption {
            value: (*value).into(),
            graphql_name: value.to_uppercase(),
        })
        .collect()
}

fn id_of(entity: &EntityDef, name: &str) -> FieldId {
    entity.find_field(name).unwrap().id
}
