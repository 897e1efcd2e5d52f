//! The tables a catalog wants.

use super::{ColumnShape, IndexShape, ReferenceShape, SealPart, SealShape, TableShape, Tables, derived_name};
use freehold_base::ValueType;
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, FieldType, KeyScope, SystemField};
use std::collections::BTreeMap;

/// The tables of an app. `indexes` are those its rules need, besides what its model asks for.
pub fn desired(catalog: &Catalog, indexes: &[(EntityId, Vec<FieldId>)]) -> Tables {
    let tables = catalog
        .entities
        .values()
        .map(|entity| (entity.name.clone(), table(catalog, entity, indexes)));
    Tables {
        tables: tables.collect(),
    }
}

/// The physical column of a field; `None` for inverse lists. The one place that names them.
pub(super) fn column_name(field: &FieldDef) -> Option<String> {
    field.column().map(|column| column.name)
}

/// What a column of that field holds.
fn stored_type(field: &FieldDef) -> Option<ValueType> {
    let column = field.column()?;
    Some(if field.encrypted.is_some() {
        ValueType::Bytes
    } else {
        column.value_type
    })
}

fn table(catalog: &Catalog, entity: &EntityDef, indexes: &[(EntityId, Vec<FieldId>)]) -> TableShape {
    let columns: Vec<ColumnShape> = entity
        .fields
        .iter()
        .flat_map(|field| columns(catalog, entity, field))
        .collect();
    let tenant = tenant_column(entity);
    let id = id_column(entity);
    let primary_key: Vec<String> = tenant.iter().chain(&id).cloned().collect();
    let references: BTreeMap<_, _> = entity
        .fields
        .iter()
        .filter_map(|field| reference(catalog, entity, field))
        .map(|it| (derived_name(&entity.name, &it.columns, "fkey"), it))
        .collect();
    let indexes = table_indexes(catalog, entity, &primary_key, indexes);
    TableShape {
        columns,
        primary_key,
        references,
        indexes,
    }
}

/// The columns of a field: none for an inverse list, two for an encrypted field that can be searched.
fn columns(catalog: &Catalog, entity: &EntityDef, field: &FieldDef) -> Vec<ColumnShape> {
    let Some(own) = column(catalog, entity, field) else {
        return Vec::new();
    };
    let index = field.index_column().map(|name| ColumnShape {
        name,
        sealed: seal(catalog, entity, field, SealPart::Index),
        ..own.clone()
    });
    std::iter::once(own).chain(index).collect()
}

/// What the values of an encrypted field depend on.
fn seal(catalog: &Catalog, entity: &EntityDef, field: &FieldDef, part: SealPart) -> Option<SealShape> {
    let key = field.encrypted.clone()?;
    Some(SealShape {
        per_tenant: catalog.keys.get(&key).is_some_and(|key| key.scope == KeyScope::Tenant),
        walled: catalog.is_walled(entity.id),
        value_type: field.field_type.value_type()?,
        key,
        part,
    })
}

fn column(catalog: &Catalog, entity: &EntityDef, field: &FieldDef) -> Option<ColumnShape> {
    let options = match &field.field_type {
        FieldType::Select(options) | FieldType::MultiSelect(options) => {
            options.iter().map(|option| option.value.clone()).collect()
        }
        _ => Vec::new(),
    };
    let always = matches!(
        field.system,
        Some(
            SystemField::Id
                | SystemField::Version
                | SystemField::CreatedAt
                | SystemField::UpdatedAt
                | SystemField::Tenant
        )
    );
    Some(ColumnShape {
        name: column_name(field)?,
        value_type: stored_type(field)?,
        required: field.required || always,
        options,
        sealed: seal(catalog, entity, field, SealPart::Value),
    })
}

fn tenant_column(entity: &EntityDef) -> Option<String> {
    if !entity.tenant_scoped {
        return None;
    }
    entity
        .find_system(SystemField::Tenant)
        .and_then(|id| column_name(entity.field(id)))
}

fn id_column(entity: &EntityDef) -> Option<String> {
    entity
        .find_system(SystemField::Id)
        .and_then(|id| column_name(entity.field(id)))
}

/// The foreign key of a plain reference. A polymorphic one has none: its id tells the entity.
fn reference(catalog: &Catalog, entity: &EntityDef, field: &FieldDef) -> Option<ReferenceShape> {
    let target = catalog.entity(field.reference_target()?);
    let column = column_name(field)?;
    let id = id_column(target)?;
    let is_tenant = field.system == Some(SystemField::Tenant);
    // Between two entities of a tenant the tenant's id is part of the key: a row cannot refer to another tenant's row.
    let (columns, targets) = match (tenant_column(entity), tenant_column(target)) {
        (Some(own), Some(theirs)) if !is_tenant => (vec![own, column], vec![theirs, id]),
        _ => (vec![column], vec![id]),
    };
    Some(ReferenceShape {
        columns,
        table: target.name.clone(),
        targets,
    })
}

fn table_indexes(
    catalog: &Catalog,
    entity: &EntityDef,
    primary_key: &[String],
    needed: &[(EntityId, Vec<FieldId>)],
) -> BTreeMap<String, IndexShape> {
    let tenant = tenant_column(entity);
    let within_tenant = |fields: &[FieldId]| -> Option<Vec<String>> {
        let mut columns: Vec<String> = tenant.iter().cloned().collect();
        for id in fields {
            let field = entity.field(*id);
            let column = match &field.encrypted {
                // Ciphertext differs for equal values; what they are compared by does not.
                Some(_) => field.index_column()?,
                // Lists of texts and JSON have no order that a query asks for.
                None if matches!(stored_type(field)?, ValueType::TextList | ValueType::Json) => return None,
                None => column_name(field)?,
            };
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        Some(columns)
    };
    let mut found: Vec<IndexShape> = Vec::new();
    for key in &entity.unique {
        found.extend(within_tenant(&key.fields).map(|columns| IndexShape { columns, unique: true }));
    }
    // A shared entity that refers to this one needs the id alone to be a key.
    let referred = catalog.entities.values().filter(|other| !other.tenant_scoped);
    let mut referred = referred
        .flat_map(|other| &other.fields)
        .filter_map(FieldDef::reference_target);
    if tenant.is_some() && referred.any(|target| target == entity.id) {
        found.extend(id_column(entity).map(|id| IndexShape {
            columns: vec![id],
            unique: true,
        }));
    }
    let references = entity.fields.iter().filter(|field| {
        // Who made or last changed a row is not searched by.
        matches!(field.field_type, FieldType::Reference { .. })
            && !matches!(
                field.system,
                Some(SystemField::CreatedBy | SystemField::UpdatedBy | SystemField::Tenant)
            )
    });
    let references = references.map(|field| vec![field.id]);
    let rules = needed
        .iter()
        .filter(|(id, _)| *id == entity.id)
        .map(|(_, fields)| fields.clone());
    let sealed = entity.fields.iter().filter(|field| field.index_column().is_some());
    let sealed = sealed.map(|field| vec![field.id]);
    for fields in entity
        .index
        .iter()
        .cloned()
        .chain(references)
        .chain(sealed)
        .chain(rules)
    {
        found.extend(within_tenant(&fields).map(|columns| IndexShape { columns, unique: false }));
    }
    // A caller's memberships are found before it is known which tenant is meant.
    let own_memberships = catalog.tenancy.filter(|tenancy| tenancy.membership == entity.id);
    let user = own_memberships.and_then(|tenancy| column_name(entity.field(tenancy.membership_user)));
    found.extend(user.map(|user| IndexShape {
        columns: vec![user],
        unique: false,
    }));
    let unique: Vec<Vec<String>> = found
        .iter()
        .filter(|index| index.unique)
        .map(|index| index.columns.clone())
        .collect();
    let all: Vec<Vec<String>> = found.iter().map(|index| index.columns.clone()).collect();
    found
        .into_iter()
        .filter(|index| {
            // What another index begins with needs none of its own.
            let columns = &index.columns;
            index.unique
                || !(primary_key.starts_with(columns)
                    || unique.iter().any(|other| other.starts_with(columns))
                    || all
                        .iter()
                        .any(|other| other.len() > columns.len() && other.starts_with(columns)))
        })
        .map(|index| {
            (
                derived_name(&entity.name, &index.columns, if index.unique { "key" } else { "idx" }),
                index,
            )
        })
        .collect()
}
