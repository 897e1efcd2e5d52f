//! Fields that are there without being declared.

use super::names::{camel, enum_name};
use super::{Context, draft::Draft};
use crate::catalog::{
    EntityId, EntityKind, EnumOption, FieldDef, FieldId, FieldType, OnDelete, SystemField, Tenancy, TextKind,
};
use crate::source::Span;
use crate::yaml::{Node, NodeKind};

/// A field with nothing said about it.
pub(super) fn field(name: &str, span: Span, field_type: FieldType) -> FieldDef {
    FieldDef {
        id: FieldId(0),
        name: name.to_owned(),
        graphql_name: camel(name),
        span,
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
    }
}

/// The system fields of an entity, in the catalog's order.
pub(super) fn system_fields(context: &Context<'_>, draft: &Draft<'_>) -> Vec<FieldDef> {
    let user = context.drafts.user;
    let to_user = || FieldType::Reference {
        to: vec![user],
        on_delete: OnDelete::SetNull,
    };
    let mut fields = Vec::new();
    let mut add = |system, name: &str, field_type, required, immutable| {
        fields.push(FieldDef {
            system: Some(system),
            required,
            immutable,
            ..field(name, draft.span, field_type)
        });
    };
    add(SystemField::Id, "id", FieldType::Id, true, true);
    add(SystemField::Version, "version", FieldType::Version, true, false);
    add(SystemField::CreatedAt, "created_at", FieldType::DateTime, true, true);
    add(SystemField::UpdatedAt, "updated_at", FieldType::DateTime, true, false);
    add(SystemField::Owner, "owner", to_user(), false, false);
    add(SystemField::CreatedBy, "created_by", to_user(), false, true);
    add(SystemField::UpdatedBy, "updated_by", to_user(), false, false);
    if let (true, Some(tenant)) = (draft.tenant_scoped, context.drafts.tenant) {
        add(
            SystemField::Tenant,
            "tenant",
            FieldType::Reference {
                to: vec![tenant],
                on_delete: OnDelete::Restrict,
            },
            true,
            true,
        );
    }
    fields
}

/// The built-in fields of `user` and of the membership entity.
pub(super) fn built_in_fields(context: &Context<'_>, draft: &Draft<'_>) -> Vec<FieldDef> {
    let plain = |name: &str, field_type| field(name, draft.span, field_type);
    let text = |name: &str| plain(name, FieldType::Text(TextKind::Plain));
    let status = || FieldDef {
        required: true,
        default: Some(scalar(draft.span, "active")),
        ..plain("status", FieldType::Select(vec![option("active"), option("blocked")]))
    };
    let roles = || {
        let options = context.model.roles.names().map(option).collect();
        let default = Some(Node {
            span: draft.span,
            kind: NodeKind::List(Vec::new()),
        });
        FieldDef {
            required: true,
            default,
            ..plain("roles", FieldType::MultiSelect(options))
        }
    };
    match draft.kind {
        EntityKind::User => {
            let email = FieldDef {
                required: true,
                personal: true,
                ..plain("email", FieldType::Text(TextKind::Email))
            };
            let mut fields = vec![email, text("name"), text("locale"), text("profile"), status()];
            if context.model.tenant.is_none() && !context.model.roles.0.is_empty() {
                fields.push(roles());
            }
            fields
        }
        EntityKind::Membership => {
            let to_user = FieldType::Reference {
                to: vec![context.drafts.user],
                on_delete: OnDelete::Cascade,
            };
            vec![
                FieldDef {
                    required: true,
                    immutable: true,
                    ..plain("user", to_user)
                },
                roles(),
                status(),
            ]
        }
        EntityKind::Ordinary | EntityKind::Tenant => Vec::new(),
    }
}

/// How the app is divided; needs the entities' fields and keys.
pub(super) fn tenancy(context: &mut Context<'_>) -> Option<Tenancy> {
    let (tenant, membership) = (context.drafts.tenant?, context.drafts.membership?);
    let find = |entity: EntityId, name: &str| context.def(entity).find_field(name).map(|field| field.id);
    let slug = context
        .def(tenant)
        .find_field("slug")
        .filter(|slug| matches!(slug.field_type, FieldType::Text(_)));
    let tenancy = Tenancy {
        entity: tenant,
        slug: slug.map(|slug| slug.id),
        membership,
        membership_user: find(membership, "user")?,
        membership_roles: find(membership, "roles")?,
        membership_status: find(membership, "status")?,
    };
    if let Some((slug, span)) = slug.map(|slug| (slug.id, slug.span))
        && !context.def(tenant).unique.iter().any(|key| key.fields == [slug])
    {
        context
            .diagnostics
            .error(
                "tenant-slug",
                span,
                "`slug` addresses a tenant, so no two may have the same",
            )
            .hint("state `unique: true`");
    }
    Some(tenancy)
}

fn option(value: &str) -> EnumOption {
    EnumOption {
        value: value.to_owned(),
        graphql_name: enum_name(value).unwrap_or_else(|| value.to_owned()),
    }
}

fn scalar(span: Span, text: &str) -> Node {
    Node {
        span,
        kind: NodeKind::Scalar {
            text: text.to_owned(),
            plain: true,
        },
    }
}
